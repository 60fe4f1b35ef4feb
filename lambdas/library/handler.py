"""Lambda handler of the library: takes a query, returns the body of a 200."""

import json
from functools import cache
from typing import Any

from lambdas.common.bucket import Bucket
from lambdas.common.clients import s3_client
from lambdas.common.environment import Environment
from lambdas.common.telemetry import invocation
from lambdas.library.pictures import newest


def handler(event: dict[str, Any], context: object) -> str:
    """Takes `{"input": {"query"}, "execution_arn"}`, returns the body as JSON."""
    environment = _environment()
    with invocation("library", event["execution_arn"], environment=environment) as log:
        log.event = "pictures listed"
        body = newest(event["input"]["query"], bucket=Bucket(environment.bucket, _s3()))
        # As text: the state machine keeps only 15 digits of a number, and recipes can have more.
        return json.dumps(body)


_environment = cache(Environment.read)
_s3 = cache(s3_client)
