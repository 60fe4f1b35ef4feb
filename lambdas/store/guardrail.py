"""Bedrock's ApplyGuardrail on a picture, with its errors translated by code to Easel's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.common.errors import (
    EaselError,
    GuardrailRefusedError,
    GuardrailUnavailableError,
    InternalError,
    PictureTooLargeError,
)

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient

# "4 MB" in the guide's page on image content filters: by the smaller of its two meanings, nothing
# is sent that the service might refuse.
PICTURE_LIMIT_BYTES = 4_000_000

# The errors of ApplyGuardrail in Bedrock's service model.
_BY_CODE: Mapping[str, type[EaselError]] = {
    "AccessDeniedException": GuardrailRefusedError,
    "InternalServerException": GuardrailUnavailableError,
    "ResourceNotFoundException": GuardrailRefusedError,
    "ServiceQuotaExceededException": GuardrailRefusedError,
    "ServiceUnavailableException": GuardrailUnavailableError,
    "ThrottlingException": GuardrailUnavailableError,
    "ValidationException": GuardrailRefusedError,
}

# What an assessment calls a policy, and what a caller may know of it: never its words.
POLICIES: Mapping[str, str] = {
    "wordPolicy": "its word policy",
    "topicPolicy": "a denied topic",
    "contentPolicy": "its content filter for {}",
    "sensitiveInformationPolicy": "its policy on sensitive information",
}
OTHER_POLICY = "one of its policies"


def client_config() -> Config:
    """One attempt, as the state machine owns the retries, with time-outs below the Store task's."""
    return Config(
        connect_timeout=1,
        read_timeout=3,
        retries={"mode": "standard", "total_max_attempts": 1},
    )


@dataclass(frozen=True)
class Guardrail:
    """One version of a guardrail, in the region of the client."""

    id: str
    version: str
    client: "BedrockRuntimeClient"

    def blocks(self, picture: bytes, output_format: str) -> str | None:
        """The policy that blocks a picture, in words; None where it may be published.

        `output_format` png or jpeg. Raises PictureTooLargeError, GuardrailUnavailableError,
        GuardrailRefusedError or InternalError.
        """
        if len(picture) > PICTURE_LIMIT_BYTES:
            raise PictureTooLargeError(
                f"The picture has {len(picture)} bytes, and the guardrail can check "
                f"{PICTURE_LIMIT_BYTES} at most. Ask for a smaller size, or for output_format "
                "jpeg where the model has it.",
                param="output_format",
            )
        try:
            answer = self.client.apply_guardrail(
                guardrailIdentifier=self.id,
                guardrailVersion=self.version,
                source="OUTPUT",
                content=[{"image": {"format": output_format, "source": {"bytes": picture}}}],  # type: ignore[typeddict-item]
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            raise _BY_CODE.get(code, InternalError)(detail=code) from error  # type: ignore[call-arg]
        except BotoCoreError as error:
            raise GuardrailUnavailableError(detail=type(error).__name__) from error
        if answer["action"] == "NONE":
            return None
        return _policy(answer["assessments"])


def _policy(assessments: Any) -> str:
    """The first policy that intervened, in words."""
    for assessment in assessments:
        for name, words in POLICIES.items():
            if name in assessment:
                filters = assessment[name].get("filters", [])
                return words.format(filters[0]["type"]) if filters else words
    return OTHER_POLICY
