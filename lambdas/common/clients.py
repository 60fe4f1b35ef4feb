"""Creates clients of AWS services. Each of their calls is recorded in the trace."""

from functools import cache
from typing import TYPE_CHECKING, cast

import botocore.session
from botocore.config import Config

from lambdas.common.bucket import s3_config
from lambdas.common.tracing import trace_calls

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient
    from mypy_boto3_s3 import S3Client


# botocore's own: boto3 would load its resources and transfers too, a fifth of a function's start.
_session = cache(botocore.session.get_session)


def s3_client() -> "S3Client":
    client = cast("S3Client", _session().create_client("s3", config=s3_config()))
    trace_calls(client)
    return client


def bedrock_client(config: Config, *, region: str | None = None) -> "BedrockRuntimeClient":
    """Returns a client. Uses the function's own region by default."""
    client = _session().create_client("bedrock-runtime", region_name=region, config=config)
    trace_calls(client)
    return cast("BedrockRuntimeClient", client)
