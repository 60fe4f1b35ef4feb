"""Creates clients of AWS services, quickly. Each of their calls is recorded in the trace."""

from functools import cache
from typing import TYPE_CHECKING, Any, cast

import botocore.loaders
import botocore.session
from botocore.config import Config

from lambdas.common.tracing import trace_calls

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient
    from mypy_boto3_s3 import S3Client


class _Loader(botocore.loaders.Loader):
    """Knows the services that are used here, where botocore would look through a directory of
    400 twice: a tenth of a function's start."""

    def list_available_services(self, type_name: str) -> list[str]:
        return ["bedrock-runtime", "s3"]


# botocore writes a user agent anew for each call, a tenth of what a call takes, unless it is given.
_USER_AGENT = Config(user_agent="easel")


@cache
def _session() -> botocore.session.Session:
    """botocore's own: boto3 would load its resources and transfers too, a fifth of a start."""
    session = botocore.session.get_session()
    session.register_component("data_loader", _Loader())
    return session


def one_attempt(*, connect_timeout: int, read_timeout: int, **more: Any) -> Config:
    """Returns a configuration without retries: the state machine makes them, because a second call
    of a model may be charged again."""
    return Config(
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        retries={"mode": "standard", "total_max_attempts": 1},
        **more,
    )


def s3_config() -> Config:
    """Returns a configuration whose timeouts are shorter than the Store task's.

    URLs are signed for this region: without signature version and addressing style, boto3 presigns
    with SigV2 in us-east-1 and for the global host elsewhere.
    """
    return one_attempt(
        connect_timeout=1,
        read_timeout=2,
        signature_version="s3v4",
        s3={"addressing_style": "virtual"},
    )


def s3_client() -> "S3Client":
    return cast("S3Client", _client("s3", s3_config()))


def bedrock_client(config: Config, *, region: str | None = None) -> "BedrockRuntimeClient":
    """Returns a client. Uses the function's own region by default."""
    return cast("BedrockRuntimeClient", _client("bedrock-runtime", config, region))


def _client(service: str, config: Config, region: str | None = None) -> Any:
    client = _session().create_client(service, region_name=region, config=config.merge(_USER_AGENT))
    trace_calls(client)
    return client
