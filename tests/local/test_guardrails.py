"""The guardrail stand-in answers as ApplyGuardrail does, by a template's own policies."""

import base64
import io
import json
import struct
import zlib
from typing import Any

import botocore.session
import pytest
from botocore.parsers import create_parser
from botocore.validate import ParamValidator
from PIL import Image
from werkzeug.wrappers import Response

from local.aws.signatures import Caller, RefusedError
from local.aws.wire import refused
from local.bedrock.guardrails import IMAGE_LIMIT_BYTES, Guardrail, Guardrails
from local.faults import FaultPlan

MODEL = botocore.session.get_session().get_service_model("bedrock-runtime")
ANSWER: Any = MODEL.operation_model("ApplyGuardrail").output_shape
OPERATOR = Caller("arn:aws:iam::111111111111:user/operator", None, "eu-west-1", "bedrock")
POLICIES: dict[str, Any] = {
    "BlockedInputMessaging": "no",
    "BlockedOutputsMessaging": "no picture",
    "ContentPolicyConfig": {
        "FiltersConfig": [
            {
                "Type": "VIOLENCE",
                "InputStrength": "LOW",
                "OutputStrength": "HIGH",
                "InputModalities": ["TEXT"],
                "OutputModalities": ["IMAGE"],
            },
            {"Type": "HATE", "InputStrength": "NONE", "OutputStrength": "NONE"},
        ]
    },
    "WordPolicyConfig": {"WordsConfig": [{"Text": "c++"}]},
}
_HEADER = b"IHDR" + struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
_CHECKED = _HEADER + struct.pack(">I", zlib.crc32(_HEADER))
BOMB = b"\x89PNG\r\n\x1a\n\0\0\0\r" + _CHECKED + b"\0\0\0\0IDAT"


def apply(
    *content: dict[str, Any],
    source: str = "INPUT",
    version: str = "1",
    marked: str = "",
    policies: dict[str, Any] = POLICIES,
) -> tuple[int, dict[str, Any]]:
    guardrails = Guardrails(FaultPlan())
    guardrails.deploy([Guardrail("abc", policies, frozenset({"1"}))])
    guardrails.mark(marked, encoded("png"))
    body = json.dumps({"source": source, "content": content}).encode()
    try:
        response = guardrails.apply(body, OPERATOR, "abc", version)
    except RefusedError as error:
        response = refused(error, "bedrock", json_target=False)
    return response.status_code, as_botocore_reads(response)


def as_botocore_reads(response: Response) -> dict[str, Any]:
    """The parsed answer; where it is none of errors, every member is one of the model's."""
    answer: dict[str, Any] = create_parser("rest-json").parse(
        {
            "status_code": response.status_code,
            "headers": {name.lower(): value for name, value in response.headers},
            "body": response.data,
        },
        ANSWER,
    )
    if response.status_code == 200:
        report = ParamValidator().validate(json.loads(response.data), ANSWER)
        assert not report.has_errors(), report.generate_report()
    return answer


def text(words: str) -> dict[str, Any]:
    return {"text": {"text": words}}


def encoded(output_format: str) -> str:
    out = io.BytesIO()
    Image.new("RGB", (4, 4), "red").save(out, output_format)
    return base64.b64encode(out.getvalue()).decode()


def image(output_format: str, content: str) -> dict[str, Any]:
    return {"image": {"format": output_format, "source": {"bytes": content}}}


@pytest.mark.parametrize(
    ("words", "action"),
    [
        ("a cat", "NONE"),
        ("C++ at night", "GUARDRAIL_INTERVENED"),
        ("c+ at night", "NONE"),
        ("guardrail-test:VIOLENCE", "GUARDRAIL_INTERVENED"),
        ("guardrail-test:VIOLENCE:MEDIUM", "NONE"),
        ("guardrail-test:HATE", "NONE"),
    ],
)
def test_a_text_is_judged_by_words_and_marks(words: str, action: str) -> None:
    status, answer = apply(text(words))

    assert (status, answer["action"]) == (200, action)
    assert bool(answer["outputs"]) == (action != "NONE")


@pytest.mark.parametrize(
    ("words", "action"),
    [
        ("guardrail-test:VIOLENCE", "GUARDRAIL_INTERVENED"),
        ("\u043f\u0440\u0438\u0432\u0435\u0442 " * 9 + "guardrail-test:VIOLENCE", "NONE"),
        ("\u043f\u0440\u0438\u0432\u0435\u0442 " * 9 + "c++", "GUARDRAIL_INTERVENED"),
    ],
    ids=["Latin", "Cyrillic", "a word beside Cyrillic"],
)
def test_the_classic_tier_reads_latin_letters_and_the_standard_tier_all(
    words: str, action: str
) -> None:
    tier = {"ContentFiltersTierConfig": {"TierName": "STANDARD"}}
    standard = {**POLICIES, "ContentPolicyConfig": {**POLICIES["ContentPolicyConfig"], **tier}}

    assert apply(text(words))[1]["action"] == action
    assert apply(text(words), policies=standard)[1]["action"] == "GUARDRAIL_INTERVENED"


def test_a_profile_asks_for_permissions_in_all_its_regions(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(
        "local.bedrock.guardrails.authorise", lambda caller, action, arn: asked.append(arn)
    )
    at = f"arn:aws:bedrock:{OPERATOR.region}:111111111111:guardrail-profile/us.guardrail.v1:0"

    apply(text("a"), policies={**POLICIES, "CrossRegionConfig": {"GuardrailProfileArn": at}})

    assert [arn.split(":")[3] for arn in asked[1:]] == ["us-east-1", "us-east-2", "us-west-2"]


def test_a_picture_is_harmful_where_its_prompt_said_so() -> None:
    picture = image("png", encoded("png"))

    _, harmless = apply(picture, source="OUTPUT")
    _, harmful = apply(picture, source="OUTPUT", marked="picture-test:VIOLENCE")

    assert harmless["action"] == "NONE"
    (filter,) = harmful["assessments"][0]["contentPolicy"]["filters"]
    assert (filter["type"], filter["action"]) == ("VIOLENCE", "BLOCKED")
    assert harmful["usage"]["contentPolicyImageUnits"] == 1


def filter_on(modality: str, strength: str = "LOW") -> dict[str, Any]:
    each: dict[str, Any] = {"Type": "HATE"}
    for side in ("Input", "Output"):
        each |= {f"{side}Strength": strength, f"{side}Modalities": [modality]}
    return {**POLICIES, "WordPolicyConfig": {}, "ContentPolicyConfig": {"FiltersConfig": [each]}}


@pytest.mark.parametrize(
    ("policies", "text_guarded", "images_guarded"),
    [
        (POLICIES, 5, 1),
        (filter_on("TEXT"), 5, 0),
        (filter_on("IMAGE"), 0, 1),
        (filter_on("TEXT", "NONE"), 0, 0),
    ],
    ids=["both", "text", "pictures", "neither"],
)
def test_the_coverage_says_what_the_policies_check(
    policies: dict[str, Any], text_guarded: int, images_guarded: int
) -> None:
    _, answer = apply(
        text("a cat"), image("png", encoded("png")), source="OUTPUT", policies=policies
    )

    assert answer["guardrailCoverage"] == {
        "textCharacters": {"guarded": text_guarded, "total": 5},
        "images": {"guarded": images_guarded, "total": 1},
    }


@pytest.mark.parametrize(
    "content",
    [
        [],
        [text(" ")],
        [{**text("a"), **image("png", encoded("png"))}],
        [image("jpeg", encoded("png"))],
        [image("webp", encoded("png"))],
        [image("png", "no Base64!")],
        [image("png", base64.b64encode(b"x" * (IMAGE_LIMIT_BYTES + 1)).decode())],
        [image("png", base64.b64encode(BOMB).decode())],
    ],
    ids=[
        "nothing",
        "blank",
        "both",
        "wrong format",
        "unknown format",
        "no Base64",
        "too large",
        "20,000 pixels wide and high",
    ],
)
def test_what_the_service_refuses_is_refused(content: list[dict[str, Any]]) -> None:
    status, answer = apply(*content, source="OUTPUT")

    assert (status, answer["Error"]["Code"]) == (400, "ValidationException")


def test_a_version_that_nobody_made_is_not_there() -> None:
    status, answer = apply(text("a"), version="2")

    assert (status, answer["Error"]["Code"]) == (404, "ResourceNotFoundException")
