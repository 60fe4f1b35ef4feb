"""Lambda handler of the library: which picture, or which page, in; the body of a 200 out."""

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3

from lambdas.common.bucket import Bucket, s3_config
from lambdas.common.presigner import S3Presigner
from lambdas.common.telemetry import invocation
from lambdas.common.tracing import trace_calls
from lambdas.library.environment import Environment
from lambdas.library.shelf import newest, show

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """`{"input": {"operation", "id", "query"}, "execution_arn"}`: operation show takes the id,
    list the query."""
    with invocation("library", event["execution_arn"]) as log:
        sent = event["input"]
        bucket = Bucket(_environment().bucket, _s3())
        if sent["operation"] == "list":
            log.event = "pictures listed"
            return newest(sent["query"], bucket=bucket)
        log.event = "picture shown"
        presigner = S3Presigner(bucket.name, _s3(), _environment().url_expires_seconds)
        return show(sent["id"], bucket=bucket, presigner=presigner, now=datetime.now(UTC))


_environment = cache(Environment.from_env)


@cache
def _s3() -> "S3Client":
    client = boto3.client("s3", config=s3_config())
    trace_calls(client)
    return client
