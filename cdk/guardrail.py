"""The guardrail that reads prompts and looks at pictures: the stack's own, or one brought along."""

import hashlib
import json
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_bedrock as bedrock
from constructs import Construct

from cdk.settings import Settings

# Categories of harmful content that Bedrock finds in text and in pictures.
CATEGORIES = ("HATE", "INSULTS", "MISCONDUCT", "SEXUAL", "VIOLENCE")

# No caller reads these: what is blocked is answered by Easel's own envelope.
_MESSAGE = "Blocked by the guardrail."


class Guardrail(Construct):
    """Exposes `guardrail_id`, `version` and `arn`, in the region of the stack.

    With settings `guardrail_id` and `guardrail_version` it makes nothing and names those.
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
        # A version keeps what the guardrail was when it was made, and only another description
        # makes another version.
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
        return Stack.of(self).format_arn(
            service="bedrock", resource="guardrail", resource_name=guardrail_id
        )


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
    # Attacks are in prompts only: the service wants their output strength to be NONE.
    filters.append(
        {
            "type": "PROMPT_ATTACK",
            "inputStrength": strength,
            "outputStrength": "NONE",
            "inputModalities": ["TEXT"],
        }
    )
    policies: dict[str, Any] = {
        "content_policy_config": {"filtersConfig": filters},
        "word_policy_config": {"managedWordListsConfig": [{"type": "PROFANITY"}]},
    }
    if settings.denied_words:
        policies["word_policy_config"]["wordsConfig"] = [
            {"text": word} for word in settings.denied_words
        ]
    if settings.denied_topics:
        policies["topic_policy_config"] = {
            "topicsConfig": [
                {
                    "name": topic.name,
                    "definition": topic.definition,
                    "examples": list(topic.examples),
                    "type": "DENY",
                }
                for topic in settings.denied_topics
            ]
        }
    return policies


def _digest(policies: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(policies, sort_keys=True).encode()).hexdigest()[:16]
