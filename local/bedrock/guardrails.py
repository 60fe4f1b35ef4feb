"""Guardrails on this machine: ApplyGuardrail by the policies of the template's own guardrails.

Words are looked for as words; a topic is recognised by its name and its examples. The tier CLASSIC
reads Latin letters only, as its languages have no others. What only a model can judge is marked: a
text with `guardrail-test:VIOLENCE` is violent with high confidence,
with `guardrail-test:VIOLENCE:LOW` with low; `guardrail-test:PROFANITY` is on the list of
profanities. A prompt with `picture-test:SEXUAL` is none of that, but its picture is.
"""

import base64
import hashlib
import io
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from moto.core.models import DEFAULT_ACCOUNT_ID
from PIL import Image, UnidentifiedImageError
from PIL.Image import DecompressionBombError
from werkzeug.wrappers import Response

from local.aws.policies import authorise
from local.aws.signatures import Caller, RefusedError
from local.aws.wire import json_answer
from local.faults import APPLY_GUARDRAIL, FaultPlan, modelled_errors

APPLY = re.compile(r"/guardrail/(?P<id>[^/]+)/version/(?P<version>[^/]+)/apply")

# "Use content filters to block harmful images" of the Bedrock guide.
IMAGE_LIMIT_BYTES = 4_000_000
IMAGE_LIMIT_SIDE = 8_000

# Where a guardrail of this machine's region with a profile may check: us.guardrail.v1:0.
_DESTINATIONS = ("us-east-1", "us-east-2", "us-west-2")

# A text unit of the bill.
_UNIT_CHARACTERS = 1_000

_TEXT_MARK = re.compile(r"guardrail-test:(?P<filter>[A-Z_]+)(:(?P<confidence>LOW|MEDIUM|HIGH))?")
_PICTURE_MARK = re.compile(r"picture-test:(?P<filter>[A-Z_]+)")

# A filter of some strength blocks what is found with these confidences ("Filter strength", guide).
_CONFIDENCES: Mapping[str, frozenset[str]] = {
    "NONE": frozenset(),
    "LOW": frozenset({"HIGH"}),
    "MEDIUM": frozenset({"HIGH", "MEDIUM"}),
    "HIGH": frozenset({"HIGH", "MEDIUM", "LOW"}),
}


@dataclass(frozen=True)
class Guardrail:
    """A guardrail as its template declares it, and the versions that it has beside DRAFT."""

    id: str
    properties: Mapping[str, Any]
    versions: frozenset[str]


def guardrail_arn(id: str, region: str) -> str:
    return f"arn:aws:bedrock:{region}:{DEFAULT_ACCOUNT_ID}:guardrail/{id}"


@dataclass(frozen=True)
class Guardrails:
    """ApplyGuardrail for the guardrails of one stack."""

    faults: FaultPlan
    _guardrails: dict[str, Guardrail] = field(default_factory=dict)
    _marked: dict[str, str] = field(default_factory=dict)

    def deploy(self, guardrails: Iterable[Guardrail]) -> None:
        self._guardrails.update((guardrail.id, guardrail) for guardrail in guardrails)

    def mark(self, prompt: str, picture: str) -> None:
        """Remembers a drawn picture, in Base64, whose prompt says that it is harmful."""
        if found := _PICTURE_MARK.search(prompt):
            self._marked[hashlib.sha256(base64.b64decode(picture)).hexdigest()] = found["filter"]

    def apply(self, body: bytes, caller: Caller, id: str, version: str) -> Response:
        """Answers one ApplyGuardrail. Raises RefusedError."""
        id = unquote(id).rpartition("/")[2]
        authorise(caller, "bedrock:ApplyGuardrail", guardrail_arn(id, caller.region))
        guardrail = self._guardrails.get(id)
        if guardrail is not None and "CrossRegionConfig" in guardrail.properties:
            profile = guardrail.properties["CrossRegionConfig"]["GuardrailProfileArn"]
            for region in _DESTINATIONS:
                arn = profile.replace(f":{caller.region}:", f":{region}:")
                authorise(caller, "bedrock:ApplyGuardrail", arn)
        source, texts, pictures = _asked(body)
        if fault := self.faults.take(APPLY_GUARDRAIL, source):
            if fault.kind != "hang":
                raise _refusal(fault.kind, f"{fault.kind}, as was asked for.")
            self.faults.sleep(fault.seconds)
        if guardrail is None or unquote(version) not in {"DRAFT", *guardrail.versions}:
            message = "The guardrail identifier or version in the request does not exist."
            raise _refusal("ResourceNotFoundException", message)
        return json_answer(self._judge(guardrail.properties, source, texts, pictures))

    def _judge(
        self, policies: Mapping[str, Any], source: str, texts: list[str], pictures: list[bytes]
    ) -> dict[str, Any]:
        digests = (hashlib.sha256(picture).hexdigest() for picture in pictures)
        seen = [(self._marked[each], "HIGH") for each in digests if each in self._marked]
        assessment = _assessment(policies, source.title(), "\n".join(texts), seen)
        blocked = "BlockedInputMessaging" if source == "INPUT" else "BlockedOutputsMessaging"
        characters = sum(map(len, texts))
        reads, looks = _checks(policies, source.title())
        looked_at = len(pictures) if looks else 0
        metrics = {
            "usage": _usage(policies, characters, looked_at),
            "guardrailCoverage": {
                "textCharacters": {"guarded": characters if reads else 0, "total": characters},
                "images": {"guarded": looked_at, "total": len(pictures)},
            },
        }
        return {
            "action": "GUARDRAIL_INTERVENED" if assessment else "NONE",
            "actionReason": "Guardrail blocked." if assessment else "No action.",
            "outputs": [{"text": policies[blocked]}] if assessment else [],
            "assessments": [{**assessment, "invocationMetrics": metrics}],
            **metrics,
        }


def _asked(body: bytes) -> tuple[str, list[str], list[bytes]]:
    """Returns source, texts and pictures of a request: each block has a text or a picture."""
    texts, pictures = [], []
    try:
        asked = json.loads(body)
        if asked["source"] not in ("INPUT", "OUTPUT") or not asked["content"]:
            raise _invalid("source or content")
        for block in asked["content"]:
            ((kind, content),) = block.items()
            if kind == "image":
                pictures.append(_picture(content["format"], content["source"]["bytes"]))
            elif kind == "text" and content["text"].strip():
                texts.append(content["text"])
            else:
                raise _invalid("a block is neither an image nor a text that says something")
    except (ValueError, KeyError, TypeError, AttributeError, DecompressionBombError) as error:
        raise _invalid(str(error)) from None
    return asked["source"], texts, pictures


def _picture(kind: str, encoded: str) -> bytes:
    picture = base64.b64decode(encoded, validate=True)
    try:
        with Image.open(io.BytesIO(picture), formats=("png", "jpeg")) as opened:
            size, found = opened.size, str(opened.format).lower()
    except UnidentifiedImageError:
        raise _invalid("the image is neither PNG nor JPEG") from None
    if found != kind or len(picture) > IMAGE_LIMIT_BYTES or max(size) > IMAGE_LIMIT_SIDE:
        raise _invalid("the image is too large or not of the format that is given")
    return picture


def _assessment(
    policies: Mapping[str, Any], side: str, text: str, seen: list[tuple[str, str]]
) -> dict[str, Any]:
    """Returns what the policies block on one side, by policy. `seen` are filters and confidences of
    the pictures."""

    def configured(policy: str, kind: str) -> list[dict[str, Any]]:
        return list(policies.get(f"{policy}PolicyConfig", {}).get(f"{kind}Config", []))

    def reads(policy: str, kind: str) -> bool:
        tier = policies.get(f"{policy}PolicyConfig", {}).get(f"{kind}TierConfig", {})
        return tier.get("TierName") == "STANDARD" or _is_latin(text)

    read = [(found["filter"], found["confidence"] or "HIGH") for found in _TEXT_MARK.finditer(text)]
    marks = {"TEXT": read if reads("Content", "ContentFilters") else [], "IMAGE": seen}
    filters = [
        {"type": name, "confidence": confidence, "filterStrength": each[f"{side}Strength"]}
        for each in configured("Content", "Filters")
        for modality in each.get(f"{side}Modalities", ["TEXT"])
        for name, confidence in marks[modality]
        if name == each["Type"] and confidence in _CONFIDENCES[each[f"{side}Strength"]]
    ]
    words = [
        {"match": word["Text"]}
        for word in configured("Word", "Words")
        if re.search(rf"(?<!\w){re.escape(word['Text'])}(?!\w)", text, re.IGNORECASE)
    ]
    word_lists = [
        {"match": each["Type"], "type": each["Type"]}
        for each in configured("Word", "ManagedWordLists")
        if (each["Type"], "HIGH") in read
    ]
    topics = [
        {"name": topic["Name"], "type": topic["Type"]}
        for topic in configured("Topic", "Topics")
        if reads("Topic", "Topics")
        and any(
            sign.lower() in text.lower() for sign in (topic["Name"], *topic.get("Examples", []))
        )
    ]
    for each in (*filters, *words, *word_lists, *topics):
        each |= {"action": "BLOCKED", "detected": True}
    found = {
        "contentPolicy": {"filters": filters},
        "wordPolicy": {"customWords": words, "managedWordLists": word_lists},
        "topicPolicy": {"topics": topics},
    }
    return {policy: lists for policy, lists in found.items() if any(lists.values())}


def _is_latin(text: str) -> bool:
    """Returns whether most letters of a text are Latin."""
    letters = [unicodedata.name(each, "").startswith("LATIN") for each in text if each.isalpha()]
    return 2 * sum(letters) >= len(letters)


def _checks(policies: Mapping[str, Any], side: str) -> tuple[bool, bool]:
    """Returns whether the policies check texts of one side, and whether pictures."""
    modalities = {
        modality
        for each in policies.get("ContentPolicyConfig", {}).get("FiltersConfig", [])
        if each[f"{side}Strength"] != "NONE"
        for modality in each.get(f"{side}Modalities", ["TEXT"])
    }
    others = policies.get("WordPolicyConfig") or policies.get("TopicPolicyConfig")
    return "TEXT" in modalities or bool(others), "IMAGE" in modalities


def _usage(policies: Mapping[str, Any], characters: int, pictures: int) -> dict[str, int]:
    units = -(-characters // _UNIT_CHARACTERS)
    return {
        "topicPolicyUnits": units if "TopicPolicyConfig" in policies else 0,
        "contentPolicyUnits": units if "ContentPolicyConfig" in policies else 0,
        "wordPolicyUnits": units if "WordPolicyConfig" in policies else 0,
        "sensitiveInformationPolicyUnits": 0,
        "sensitiveInformationPolicyFreeUnits": 0,
        "contextualGroundingPolicyUnits": 0,
        "contentPolicyImageUnits": pictures,
    }


def _invalid(problem: str) -> RefusedError:
    return _refusal("ValidationException", f"The request is not valid: {problem}")


def _refusal(code: str, message: str) -> RefusedError:
    return RefusedError(code, message, modelled_errors(APPLY_GUARDRAIL)[code])
