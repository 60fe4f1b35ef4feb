"""Calls Bedrock's ApplyGuardrail on a picture, and translates its errors by code to Easel's."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.common.errors import (
    ASSESSMENT_POLICIES,
    GUARDRAIL_ERRORS,
    GuardrailRefusedError,
    GuardrailUnavailableError,
    InternalError,
    PictureTooLargeError,
)

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient

# The guide's page on image content filters says "4 MB". This is the smaller of its two meanings,
# so that the service cannot refuse a picture as too large.
PICTURE_LIMIT_BYTES = 4_000_000


@dataclass(frozen=True)
class Guardrail:
    """One version of a guardrail in the client's region."""

    id: str
    version: str
    client: "BedrockRuntimeClient"

    def blocks(self, picture: bytes, output_format: str) -> str | None:
        """Returns the policy that blocks a picture, in words, or None if it may be published.

        `output_format` is png or jpeg. Raises PictureTooLargeError, GuardrailUnavailableError,
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
            raise GUARDRAIL_ERRORS.get(code, InternalError)(detail=code) from error
        except BotoCoreError as error:
            raise GuardrailUnavailableError(detail=type(error).__name__) from error
        if answer["action"] != "NONE":
            return _policy(answer.get("assessments", []))
        # A guardrail without filters for pictures lets them pass unchecked, with the same action.
        images = answer.get("guardrailCoverage", {}).get("images", {})
        if not images.get("guarded") == images.get("total") == 1:
            raise GuardrailRefusedError(detail=f"images guarded: {images}")
        return None


def _policy(assessments: Any) -> str:
    """Returns the first policy that intervened, in words."""
    for assessment in assessments:
        for name, words in ASSESSMENT_POLICIES.items():
            found = assessment.get(name[0].lower() + name[1:])
            if found is not None:
                filters = found.get("filters", [])
                return words + (filters[0]["type"] if filters else "")
    return ASSESSMENT_POLICIES["Other"]
