"""Lambda handler of the library: takes an id or a query, returns the body of a 200."""

import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

from lambdas.common.bucket import Bucket
from lambdas.common.clients import s3_client
from lambdas.common.environment import LibraryEnvironment
from lambdas.common.presigner import Presigner
from lambdas.common.telemetry import invocation
from lambdas.library.pictures import newest, show


def handler(event: dict[str, Any], context: object) -> str:
    """Takes `{"input": {"operation", "id", "query"}, "execution_arn"}`, returns the body as JSON.

    The operation show needs the id, list the query.
    """
    environment = _environment()
    with invocation("library", event["execution_arn"], environment=environment) as log:
        sent = event["input"]
        bucket = Bucket(environment.bucket, _s3())
        body: Any
        if sent["operation"] == "list":
            log.event = "pictures listed"
            body = newest(sent["query"], bucket=bucket)
        else:
            log.event = "picture shown"
            presigner = Presigner(bucket.name, _s3(), environment.url_expires_seconds)
            body = show(sent["id"], bucket=bucket, presigner=presigner, now=datetime.now(UTC))
        # As text: the state machine keeps only 15 digits of a number, and recipes can have more.
        # Unescaped, because a state holds 256 KiB and an emoji is 4 bytes, but 14 if it is escaped.
        return json.dumps(body, ensure_ascii=False)


_environment = cache(LibraryEnvironment.read)
_s3 = cache(s3_client)
