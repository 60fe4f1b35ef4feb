"""Lambda handler of the library: takes a query, returns the body of a 200."""

import json
import time
from functools import cache
from typing import Any

from lambdas.common.bucket import Bucket
from lambdas.common.clients import s3_client
from lambdas.common.environment import LibraryEnvironment, at_start
from lambdas.common.errors import returns_refusals
from lambdas.common.owner import owner_of
from lambdas.common.telemetry import invocation
from lambdas.library.pictures import newest


@returns_refusals
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Takes `{"input": {"query", "caller"}, "execution_arn"}`, returns `{"body"}` as JSON."""
    environment = _environment()
    with invocation("library", event["execution_arn"], environment=environment) as log:
        log.event = "pictures listed"
        page = newest(
            event["input"]["query"],
            owner=owner_of(event["input"]["caller"]),
            visibility=environment.visibility,
            bucket=Bucket(environment.bucket, _s3()),
            clock=time.time,
            seconds=environment.list_seconds,
            log=log,
        )
        # As text: the state machine keeps only 15 digits of a number, and recipes can have more.
        # Unescaped, because a state holds 256 KiB and an emoji is 4 bytes, but 14 if it is escaped.
        return {"body": json.dumps(page, ensure_ascii=False)}


_environment = cache(LibraryEnvironment.read)
_s3 = cache(s3_client)

at_start(_s3)
