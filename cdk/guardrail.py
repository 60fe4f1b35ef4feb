"""The guardrail that checks prompts and pictures: the stack's own, or an existing one."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from aws_cdk import Annotations, Stack, Token
from aws_cdk import aws_bedrock as bedrock
from constructs import Construct

from cdk.settings import Settings, SettingsError

# The categories of harmful content that Bedrock detects in text and pictures.
CATEGORIES = ("HATE", "INSULTS", "MISCONDUCT", "SEXUAL", "VIOLENCE")

# The regions whose guardrails look at pictures, and for what: "Block harmful images with content
# filters" of the Bedrock guide, November 2026. Those with four categories are a preview.
_PREVIEW = tuple(category for category in CATEGORIES if category != "MISCONDUCT")
PICTURE_CATEGORIES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("us-east-1", "us-west-2", "eu-central-1", "ap-northeast-1"), CATEGORIES),
    **dict.fromkeys(
        (
            "us-east-2", "ap-south-1", "ap-northeast-2", "ap-southeast-1", "ap-southeast-2",
            "eu-west-1", "eu-west-2", "us-gov-west-1",
        ),
        _PREVIEW,
    ),
}  # fmt: skip

# No caller sees this: Easel answers blocked requests with its own messages.
_MESSAGE = "Blocked by the guardrail."


class Guardrail(Construct):
    """Exposes `guardrail_id`, `version` and `arn`, in the region of the stack.

    Creates nothing if the settings name an existing guardrail, and exposes that one.
    """

    def __init__(self, scope: Construct, id: str, *, settings: Settings) -> None:
        super().__init__(scope, id)
        if settings.guardrail_id:
            self.guardrail_id = settings.guardrail_id
            self.version = settings.guardrail_version
            self.arn = self._arn_of(settings.guardrail_id)
            return
        policies = _policies(settings, self._picture_categories())
        guardrail = bedrock.CfnGuardrail(
            self,
            "Guardrail",
            name=f"{Stack.of(self).stack_name}-text-to-image",
            description="Prompts and pictures of text to image",
            blocked_input_messaging=_MESSAGE,
            blocked_outputs_messaging=_MESSAGE,
            **policies,
        )
        # A version is a snapshot of the guardrail. CloudFormation makes a new one only if the
        # description changes.
        version = bedrock.CfnGuardrailVersion(
            self,
            "Version",
            guardrail_identifier=guardrail.attr_guardrail_id,
            description=f"Policies {_digest(policies)}",
        )
        self.guardrail_id = guardrail.attr_guardrail_id
        self.version = version.attr_version
        self.arn = guardrail.attr_guardrail_arn

    def _picture_categories(self) -> tuple[str, ...]:
        """Returns what pictures are checked for in the stack's region, and warns if that is not
        everything. Raises SettingsError if it is nothing. A region that is not known has all."""
        region = Stack.of(self).region
        if Token.is_unresolved(region):
            return CATEGORIES
        if region not in PICTURE_CATEGORIES:
            raise SettingsError(
                f"guardrails look at no pictures in {region}, so none could be published: deploy "
                f"to one of {', '.join(PICTURE_CATEGORIES)}, or set guardrail off"
            )
        categories = PICTURE_CATEGORIES[region]
        if categories != CATEGORIES:
            Annotations.of(self).add_warning_v2(
                "easel:guardrailPreview",
                f"in {region} guardrails look at pictures as a preview, and not for MISCONDUCT",
            )
        return categories

    def _arn_of(self, guardrail_id: str) -> str:
        if guardrail_id.startswith("arn:"):
            return guardrail_id
        stack = Stack.of(self)
        return stack.format_arn(service="bedrock", resource="guardrail", resource_name=guardrail_id)


def _policies(settings: Settings, picture_categories: Sequence[str]) -> dict[str, Any]:
    strength = settings.guardrail_strength
    filters: list[dict[str, Any]] = [
        {
            "type": category,
            "inputStrength": strength,
            "outputStrength": strength,
            "inputModalities": ["TEXT"],
            "outputModalities": ["TEXT", "IMAGE"] if category in picture_categories else ["TEXT"],
        }
        for category in CATEGORIES
    ]
    # Attacks occur in prompts only: the service requires NONE as output strength.
    attacks = {"type": "PROMPT_ATTACK", "inputStrength": strength, "outputStrength": "NONE",
               "inputModalities": ["TEXT"]}  # fmt: skip
    words: dict[str, Any] = {"managedWordListsConfig": [{"type": "PROFANITY"}]}
    if settings.denied_words:
        words["wordsConfig"] = [{"text": word} for word in settings.denied_words]
    policies: dict[str, Any] = {
        "content_policy_config": {"filtersConfig": [*filters, attacks]},
        "word_policy_config": words,
    }
    if settings.denied_topics:
        topics = [
            {**asdict(topic), "examples": list(topic.examples), "type": "DENY"}
            for topic in settings.denied_topics
        ]
        policies["topic_policy_config"] = {"topicsConfig": topics}
    return policies


def _digest(policies: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(policies, sort_keys=True).encode()).hexdigest()[:16]
