"""Lambda handler of the delete step: takes a picture's id, returns the body of a 200."""

import json
from functools import cache
from typing import Any

from lambdas.common.bucket import Bucket
from lambdas.common.clients import s3_client
from lambdas.common.environment import DeleteEnvironment, at_start
from lambdas.common.errors import returns_refusals
from lambdas.common.owner import owner_of
from lambdas.common.telemetry import invocation
from lambdas.delete.deleting import delete


@returns_refusals
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Takes `{"input": {"id", "caller"}, "execution_arn"}`, returns `{"body"}` as JSON."""
    environment, arn = _environment(), event["execution_arn"]
    with invocation("delete", arn, environment=environment) as log:
        answer = delete(
            event["input"]["id"],
            Bucket(environment.bucket, _s3()),
            owner=owner_of(event["input"]["caller"]),
            visibility=environment.visibility,
            execution_arn=arn,
        )
        log.event = "picture deleted"
        log.note(picture_id=answer["id"])
        return {"body": json.dumps(answer)}


_environment = cache(DeleteEnvironment.read)
_s3 = cache(s3_client)

at_start(_s3)
