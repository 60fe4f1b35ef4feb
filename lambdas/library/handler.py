"""Lambda handler of the library: takes an id or a query, returns the body of a 200."""

import json
import time
from datetime import UTC, datetime
from functools import cache
from typing import Any

from lambdas.common.bucket import Bucket
from lambdas.common.clients import s3_client
from lambdas.common.environment import LibraryEnvironment
from lambdas.common.errors import CallerError
from lambdas.common.owner import owner_of
from lambdas.common.presigner import Presigner
from lambdas.common.telemetry import invocation
from lambdas.library.pictures import newest, show


def handler(event: dict[str, Any], context: object) -> dict[str, str]:
    """Takes `{"input": {"operation", "id", "query", "caller"}, "execution_arn"}`, returns
    `{"body"}` as JSON, or `{"refusal"}` for what is the caller's fault.

    The operation show needs the id, list the query.
    """
    try:
        return {"body": _answer(event)}
    except CallerError as refusal:
        return refusal.returned()


def _answer(event: dict[str, Any]) -> str:
    environment = _environment()
    with invocation("library", event["execution_arn"], environment=environment) as log:
        sent = event["input"]
        bucket = Bucket(environment.bucket, _s3())
        body: Any
        owner = owner_of(sent["caller"])
        if sent["operation"] == "list":
            log.event = "pictures listed"
            body = newest(
                sent["query"],
                owner=owner,
                visibility=environment.visibility,
                bucket=bucket,
                clock=time.time,
                seconds=environment.list_seconds,
                log=log,
            )
        else:
            log.event = "picture shown"
            presigner = Presigner(bucket.name, _s3(), environment.url_expires_seconds)
            body = show(
                sent["id"],
                owner=owner,
                visibility=environment.visibility,
                bucket=bucket,
                presigner=presigner,
                now=datetime.now(UTC),
            )
        # As text: the state machine keeps only 15 digits of a number, and recipes can have more.
        return json.dumps(body)


_environment = cache(LibraryEnvironment.read)
_s3 = cache(s3_client)
