"""Guardrails on this machine: ApplyGuardrail by the policies of the template's own guardrails.

Words are looked for as words; a topic is recognised by its name and its examples. What only a
model can judge is marked: a text with `guardrail-test:VIOLENCE` is violent with high confidence,
with `guardrail-test:VIOLENCE:LOW` with low; `guardrail-test:PROFANITY` is on the list of
profanities. A prompt with `picture-test:SEXUAL` is none of that, but its picture is.
"""

import base64
import hashlib
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from moto.core.models import DEFAULT_ACCOUNT_ID
from PIL import Image, UnidentifiedImageError
from werkzeug.wrappers import Request, Response

from local.aws.policies import authorise
from local.aws.signatures import Caller
from local.aws.wire_errors import rest_json_error
from local.faults import APPLY_GUARDRAIL, FaultPlan, modelled_errors

APPLY = re.compile(r"/guardrail/(?P<id>[^/]+)/version/(?P<version>[^/]+)/apply")

# "Use content filters to block harmful images" of the Bedrock guide.
IMAGE_LIMIT_BYTES = 4_000_000
IMAGE_LIMIT_SIDE = 8_000

# A text unit of the bill.
_UNIT_CHARACTERS = 1_000

_TEXT_MARK = re.compile(r"guardrail-test:(?P<filter>[A-Z_]+)(:(?P<confidence>LOW|MEDIUM|HIGH))?")
_PICTURE_MARK = re.compile(r"picture-test:(?P<filter>[A-Z_]+)")

# A filter of some strength blocks what is found with these confidences ("Filter strength", guide).
_BLOCKED: Mapping[str, frozenset[str]] = {
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


@dataclass(frozen=True)
class _Refused(Exception):  # noqa: N818 - no error of this code's, an answer of the service
    code: str
    message: str


class Guardrails:
    """ApplyGuardrail for the guardrails of one stack. `found_in` maps pictures to filters."""

    def __init__(self, *, faults: FaultPlan, sleep: Callable[[float], object]) -> None:
        self._faults = faults
        self._sleep = sleep
        self._guardrails: dict[str, Guardrail] = {}
        self._marked: dict[str, str] = {}

    def deploy(self, guardrails: Iterable[Guardrail]) -> None:
        self._guardrails = {guardrail.id: guardrail for guardrail in guardrails}

    def mark(self, prompt: str, picture: str) -> None:
        """Remember a drawn picture, in Base64, whose prompt says that it is harmful."""
        if found := _PICTURE_MARK.search(prompt):
            self._marked[hashlib.sha256(base64.b64decode(picture)).hexdigest()] = found["filter"]

    def apply(
        self, request: Request, body: bytes, caller: Caller, id: str, version: str
    ) -> Response:
        """Answer one ApplyGuardrail. Raises RefusedError where the caller may not."""
        id = unquote(id).rpartition("/")[2]
        authorise(
            caller,
            "bedrock:ApplyGuardrail",
            f"arn:aws:bedrock:{caller.region}:{DEFAULT_ACCOUNT_ID}:guardrail/{id}",
        )
        try:
            asked = _asked(body)
            fault = self._faults.take(APPLY_GUARDRAIL, asked["source"])
            if fault is not None and fault.kind != "hang":
                status = modelled_errors(APPLY_GUARDRAIL)[fault.kind]
                return rest_json_error(status, fault.kind, f"{fault.kind}, as was asked for.")
            if fault is not None:
                self._sleep(fault.seconds)
            answer = self._judge(self._guardrail(id, unquote(version)), asked)
        except _Refused as refusal:
            status = modelled_errors(APPLY_GUARDRAIL)[refusal.code]
            return rest_json_error(status, refusal.code, refusal.message)
        return Response(json.dumps(answer), content_type="application/json")

    def _guardrail(self, id: str, version: str) -> Guardrail:
        guardrail = self._guardrails.get(id)
        if guardrail is None or version not in {"DRAFT", *guardrail.versions}:
            raise _Refused(
                "ResourceNotFoundException",
                "The guardrail identifier or version provided in the request does not exist.",
            )
        return guardrail

    def _judge(self, guardrail: Guardrail, asked: Mapping[str, Any]) -> dict[str, Any]:
        side = asked["source"].title()
        assessment: dict[str, Any] = {}
        characters = 0
        for block in asked["content"]:
            if "text" in block:
                text = block["text"]["text"]
                characters += len(text)
                _merge(assessment, _text_findings(guardrail.properties, side, text))
            else:
                picture = _picture(block["image"])
                digest = hashlib.sha256(picture).hexdigest()
                marked = [(self._marked[digest], "HIGH")] if digest in self._marked else []
                _merge(assessment, _filters(guardrail.properties, side, "IMAGE", marked))
        intervened = bool(assessment)
        message = guardrail.properties[
            "BlockedInputMessaging" if side == "Input" else "BlockedOutputsMessaging"
        ]
        usage = _usage(guardrail.properties, characters, asked["content"])
        return {
            "action": "GUARDRAIL_INTERVENED" if intervened else "NONE",
            "actionReason": "Guardrail blocked." if intervened else "No action.",
            "outputs": [{"text": message}] if intervened else [],
            "assessments": [{**assessment, "invocationMetrics": {"usage": usage}}],
            "usage": usage,
        }


def _asked(body: bytes) -> dict[str, Any]:
    """The request, as the service's model has it: one text or picture in each block."""
    try:
        asked = json.loads(body)
        blocks = asked["content"]
        if asked["source"] not in ("INPUT", "OUTPUT") or not isinstance(blocks, list) or not blocks:
            raise ValueError("source or content")
        for block in blocks:
            if set(block) not in ({"text"}, {"image"}):
                raise ValueError("a block is one of text and image")
            if "text" in block and not block["text"]["text"].strip():
                raise ValueError("an empty text")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _Refused("ValidationException", f"The request is not valid: {error}") from None
    return dict(asked)


def _picture(image: Mapping[str, Any]) -> bytes:
    try:
        picture = base64.b64decode(image["source"]["bytes"], validate=True)
        with Image.open(io.BytesIO(picture)) as opened:
            kind, size = str(opened.format).lower(), opened.size
    except (KeyError, TypeError, ValueError, UnidentifiedImageError) as error:
        raise _Refused("ValidationException", "The image cannot be read.") from error
    if image.get("format") not in ("png", "jpeg") or kind != image["format"]:
        raise _Refused("ValidationException", "The image is not of the format that is given.")
    if len(picture) > IMAGE_LIMIT_BYTES or max(size) > IMAGE_LIMIT_SIDE:
        raise _Refused("ValidationException", "The image is too large.")
    return picture


def _text_findings(properties: Mapping[str, Any], side: str, text: str) -> dict[str, Any]:
    """What the policies find in a text, as an assessment has it."""
    marks = [
        (found["filter"], found["confidence"] or "HIGH") for found in _TEXT_MARK.finditer(text)
    ]
    findings = _filters(properties, side, "TEXT", marks)
    words = properties.get("WordPolicyConfig", {})
    custom = [
        {"match": word["Text"], "action": "BLOCKED", "detected": True}
        for word in words.get("WordsConfig", [])
        if re.search(rf"(?<!\w){re.escape(word['Text'])}(?!\w)", text, re.IGNORECASE)
    ]
    managed = [
        {"match": list["Type"], "type": list["Type"], "action": "BLOCKED", "detected": True}
        for list in words.get("ManagedWordListsConfig", [])
        if (list["Type"], "HIGH") in marks
    ]
    if custom or managed:
        findings["wordPolicy"] = {"customWords": custom, "managedWordLists": managed}
    topics = [
        {"name": topic["Name"], "type": topic["Type"], "action": "BLOCKED", "detected": True}
        for topic in properties.get("TopicPolicyConfig", {}).get("TopicsConfig", [])
        if any(sign.lower() in text.lower() for sign in (topic["Name"], *topic.get("Examples", [])))
    ]
    if topics:
        findings["topicPolicy"] = {"topics": topics}
    return findings


def _filters(
    properties: Mapping[str, Any], side: str, modality: str, marks: list[tuple[str, str]]
) -> dict[str, Any]:
    """The content filters that block what is marked, on one side and for text or image."""
    found = [
        {
            "type": each["Type"],
            "confidence": confidence,
            "filterStrength": each[f"{side}Strength"],
            "action": "BLOCKED",
            "detected": True,
        }
        for each in properties.get("ContentPolicyConfig", {}).get("FiltersConfig", [])
        if modality in each.get(f"{side}Modalities", ["TEXT"])
        for name, confidence in marks
        if name == each["Type"] and confidence in _BLOCKED[each[f"{side}Strength"]]
    ]
    return {"contentPolicy": {"filters": found}} if found else {}


def _merge(assessment: dict[str, Any], findings: Mapping[str, Any]) -> None:
    for policy, lists in findings.items():
        for name, items in lists.items():
            assessment.setdefault(policy, {}).setdefault(name, []).extend(items)


def _usage(properties: Mapping[str, Any], characters: int, blocks: list[Any]) -> dict[str, int]:
    units = -(-characters // _UNIT_CHARACTERS)
    images = sum("image" in block for block in blocks)
    return {
        "topicPolicyUnits": units if "TopicPolicyConfig" in properties else 0,
        "contentPolicyUnits": units if "ContentPolicyConfig" in properties else 0,
        "wordPolicyUnits": units if "WordPolicyConfig" in properties else 0,
        "sensitiveInformationPolicyUnits": 0,
        "sensitiveInformationPolicyFreeUnits": 0,
        "contextualGroundingPolicyUnits": 0,
        "contentPolicyImageUnits": images,
    }
