"""The guardrail that checks prompts and pictures: the stack's own, or an existing one."""

import hashlib
import json
from dataclasses import asdict
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_bedrock as bedrock
from constructs import Construct

from cdk.settings import Settings

# The categories of harmful content that Bedrock detects in text and pictures.
CATEGORIES = ("HATE", "INSULTS", "MISCONDUCT", "SEXUAL", "VIOLENCE")

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
        policies = _policies(settings)
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

    def _arn_of(self, guardrail_id: str) -> str:
        if guardrail_id.startswith("arn:"):
            return guardrail_id
        stack = Stack.of(self)
        return stack.format_arn(service="bedrock", resource="guardrail", resource_name=guardrail_id)


def _policies(settings: Settings) -> dict[str, Any]:
    strength = settings.guardrail_strength
    filters: list[dict[str, Any]] = [
        {
            "type": category,
            "inputStrength": strength,
            "outputStrength": strength,
            "inputModalities": ["TEXT"],
            "outputModalities": ["TEXT", "IMAGE"],
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
