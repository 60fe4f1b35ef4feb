"""Lambda handler of the library: which picture, or which page, in; the body of a 200 out."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from lambdas.common.bucket import Bucket
from lambdas.common.clients import s3_client
from lambdas.common.presigner import S3Presigner
from lambdas.common.telemetry import invocation
from lambdas.library.environment import Environment
from lambdas.library.shelf import newest, show


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
_s3 = cache(s3_client)
