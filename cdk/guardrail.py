"""The guardrail that checks prompts and pictures: the stack's own, or an existing one."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from aws_cdk import Annotations, Aws, CfnDeletionPolicy, CfnMapping, Stack, Token
from aws_cdk import aws_bedrock as bedrock
from constructs import Construct

from cdk.guardrail_regions import CATEGORIES, PICTURE_CATEGORIES, PROFILES, unseen_categories
from cdk.settings import Settings, SettingsError

# No caller sees this: Easel answers blocked requests with its own messages.
_MESSAGE = "Blocked by the guardrail."


class Guardrail(Construct):
    """Exposes `guardrail_id`, `version` and `arn`, in the region of the stack, and as `resources`
    the ARNs that whoever applies it needs.

    Creates nothing if the settings name an existing guardrail, and exposes that one.
    """

    def __init__(self, scope: Construct, id: str, *, settings: Settings) -> None:
        super().__init__(scope, id)
        picture_categories = self._picture_categories()
        if settings.guardrail_id:
            self.guardrail_id = settings.guardrail_id
            self.version = settings.guardrail_version
            self.arn = self._arn_of(settings.guardrail_id)
            self.resources = [self.arn]
            return
        policies = _policies(settings, picture_categories)
        profile = self._profile() if settings.guardrail_tier == "STANDARD" else None
        guardrail = bedrock.CfnGuardrail(
            self,
            "Guardrail",
            name=f"{Stack.of(self).stack_name}-text-to-image",
            description="Prompts and pictures of text to image",
            blocked_input_messaging=_MESSAGE,
            blocked_outputs_messaging=_MESSAGE,
            cross_region_config={"guardrailProfileArn": self._profile_arn(profile, Aws.REGION)}
            if profile
            else None,
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
        # Manifests name the version that passed their picture: it stays when another follows.
        # With the guardrail itself all its versions go.
        version.cfn_options.update_replace_policy = CfnDeletionPolicy.RETAIN
        version.cfn_options.deletion_policy = CfnDeletionPolicy.DELETE
        self.guardrail_id = guardrail.attr_guardrail_id
        self.version = version.attr_version
        self.arn = guardrail.attr_guardrail_arn
        # The service may check in any region of the profile's geography.
        self.resources = [self.arn, *([self._profile_arn(profile, "*")] if profile else [])]

    def _picture_categories(self) -> tuple[str, ...]:
        """Returns what pictures are checked for in the stack's region, and warns if that is not
        everything. Raises SettingsError if it is nothing. A region that is not known has all."""
        region = Stack.of(self).region
        if Token.is_unresolved(region):
            return CATEGORIES
        unseen = unseen_categories(region)
        if unseen == CATEGORIES:
            raise SettingsError(
                f"guardrails look at no pictures in {region}, so none could be published: deploy "
                f"to one of {', '.join(PICTURE_CATEGORIES)}, or set guardrail off"
            )
        if unseen:
            Annotations.of(self).add_warning_v2(
                "easel:guardrailPreview",
                f"in {region} guardrails look at pictures as a preview, and not for "
                f"{', '.join(unseen)}",
            )
        return PICTURE_CATEGORIES[region]

    def _profile(self) -> str:
        """Returns the guardrail profile of the region's geography. Raises SettingsError if none is
        known. In a region that is not known yet, CloudFormation looks it up."""
        region = Stack.of(self).region
        if not Token.is_unresolved(region) and region not in PROFILES:
            raise SettingsError(
                f"guardrail_tier STANDARD is not known to exist in {region}: deploy to one of "
                f"{', '.join(PROFILES)}, or set guardrail_tier CLASSIC"
            )
        profiles = {name: {"Guardrail": profile} for name, profile in PROFILES.items()}
        return CfnMapping(self, "Profiles", mapping=profiles).find_in_map(Aws.REGION, "Guardrail")

    def _profile_arn(self, profile: str, region: str) -> str:
        return Stack.of(self).format_arn(
            service="bedrock", region=region, resource="guardrail-profile", resource_name=profile
        )

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
    # CLASSIC is what a guardrail without a tier has.
    is_standard = settings.guardrail_tier == "STANDARD"
    tier = {"tierName": settings.guardrail_tier}
    policies: dict[str, Any] = {
        "content_policy_config": {
            "filtersConfig": [*filters, attacks],
            **({"contentFiltersTierConfig": tier} if is_standard else {}),
        },
        "word_policy_config": words,
    }
    if settings.denied_topics:
        topics = [
            {**asdict(topic), "examples": list(topic.examples), "type": "DENY"}
            for topic in settings.denied_topics
        ]
        policies["topic_policy_config"] = {
            "topicsConfig": topics,
            **({"topicsTierConfig": tier} if is_standard else {}),
        }
    return policies


def _digest(policies: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(policies, sort_keys=True).encode()).hexdigest()[:16]
