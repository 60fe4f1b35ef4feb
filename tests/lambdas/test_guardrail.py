"""The guardrail on pictures: Bedrock's answers become verdicts, its errors Easel's."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.stub import Stubber

from lambdas.common.clients import one_attempt
from lambdas.common.errors import (
    GUARDRAIL_ERRORS,
    EaselError,
    GuardrailRefusedError,
    GuardrailUnavailableError,
    InternalError,
    PictureTooLargeError,
)
from lambdas.store.guardrail import PICTURE_LIMIT_BYTES, Guardrail
from local.faults import APPLY_GUARDRAIL, modelled_errors

USAGE = dict.fromkeys(
    (
        "topicPolicyUnits",
        "contentPolicyUnits",
        "wordPolicyUnits",
        "sensitiveInformationPolicyUnits",
        "sensitiveInformationPolicyFreeUnits",
        "contextualGroundingPolicyUnits",
    ),
    0,
)
ASKED = {
    "guardrailIdentifier": "abc",
    "guardrailVersion": "3",
    "source": "OUTPUT",
    "content": [{"image": {"format": "png", "source": {"bytes": b"picture"}}}],
}


def made() -> tuple[Guardrail, Stubber]:
    client = boto3.client(
        "bedrock-runtime",
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=one_attempt(connect_timeout=1, read_timeout=6),
    )
    return Guardrail("abc", "3", client), Stubber(client)


def verdict(action: str, **more: Any) -> str | None:
    guardrail, stubber = made()
    answer = {"usage": USAGE, "action": action, "outputs": [], **more}
    stubber.add_response("apply_guardrail", answer, ASKED)
    with stubber:
        return guardrail.blocks(b"picture", "png")


@pytest.mark.parametrize("assessments", [[], [{}]], ids=str)
@pytest.mark.parametrize("texts", [{}, {"textCharacters": {"guarded": 1, "total": 2}}], ids=str)
def test_a_picture_that_was_looked_at_and_passes_is_blocked_by_nothing(
    assessments: list[Any], texts: dict[str, Any]
) -> None:
    coverage = {"images": {"guarded": 1, "total": 1}, **texts}

    assert verdict("NONE", guardrailCoverage=coverage, assessments=assessments) is None


@pytest.mark.parametrize(
    "unchecked",
    [
        {},
        {"guardrailCoverage": {}},
        {"guardrailCoverage": {"images": {}}},
        {"guardrailCoverage": {"images": {"guarded": 0, "total": 1}}},
        {"guardrailCoverage": {"images": {"guarded": 0, "total": 0}}},
        {"guardrailCoverage": {"images": {"total": 1}}},
        {"guardrailCoverage": {"textCharacters": {"guarded": 0, "total": 0}}},
    ],
    ids=str,
)
def test_a_picture_that_the_guardrail_did_not_look_at_is_refused(unchecked: dict[str, Any]) -> None:
    with pytest.raises(GuardrailRefusedError):
        verdict("NONE", assessments=[{}], **unchecked)


FILTER = {"type": "SEXUAL", "confidence": "HIGH", "action": "BLOCKED"}


@pytest.mark.parametrize(
    ("assessments", "policy"),
    [
        ([{"contentPolicy": {"filters": [FILTER]}}], "its content filter for SEXUAL"),
        (
            [{"wordPolicy": {"customWords": [{"match": "w", "action": "BLOCKED"}],
                             "managedWordLists": []}}],
            "its word policy",
        ),
        (
            [{"topicPolicy": {"topics": [{"name": "n", "type": "DENY", "action": "BLOCKED"}]}}],
            "a denied topic",
        ),
        (
            [{"sensitiveInformationPolicy": {"piiEntities": [], "regexes": []}}],
            "its policy on sensitive information",
        ),
        ([], "one of its policies"),
        ([{}], "one of its policies"),
    ],
    ids=["content", "word", "topic", "sensitive", "none told", "empty"],
)  # fmt: skip
def test_a_blocked_picture_names_the_policy_and_not_its_words(
    assessments: list[dict[str, Any]], policy: str
) -> None:
    assert verdict("GUARDRAIL_INTERVENED", assessments=assessments) == policy


@pytest.mark.parametrize(
    ("action", "policy"), [("NONE", None), ("GUARDRAIL_INTERVENED", "one of its policies")]
)
def test_an_answer_without_assessments_keeps_its_meaning(action: str, policy: str | None) -> None:
    class Silent:
        def apply_guardrail(self, **asked: Any) -> Any:
            return {"action": action, "guardrailCoverage": {"images": {"guarded": 1, "total": 1}}}

    assert Guardrail("abc", "3", Silent()).blocks(b"picture", "png") == policy  # type: ignore[arg-type]


def test_the_table_of_errors_is_that_of_the_service() -> None:
    assert set(GUARDRAIL_ERRORS) == set(modelled_errors(APPLY_GUARDRAIL))


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("ThrottlingException", GuardrailUnavailableError),
        ("ServiceUnavailableException", GuardrailUnavailableError),
        ("AccessDeniedException", GuardrailRefusedError),
        ("ResourceNotFoundException", GuardrailRefusedError),
        ("SomethingNewException", InternalError),
    ],
)
def test_an_error_has_its_meaning(code: str, meaning: type[EaselError]) -> None:
    guardrail, stubber = made()
    stubber.add_client_error("apply_guardrail", code)

    with stubber, pytest.raises(meaning) as raised:
        guardrail.blocks(b"picture", "png")

    assert raised.value.detail == code


def test_no_answer_is_an_unavailable_guardrail() -> None:
    class Silent:
        def apply_guardrail(self, **asked: Any) -> Any:
            raise ReadTimeoutError(endpoint_url="https://bedrock")

    with pytest.raises(GuardrailUnavailableError):
        Guardrail("abc", "3", Silent()).blocks(b"picture", "png")  # type: ignore[arg-type]


def test_a_picture_over_the_limit_is_not_sent_and_the_answer_says_what_helps() -> None:
    guardrail, stubber = made()

    with stubber, pytest.raises(PictureTooLargeError, match=r"4000001 bytes.*jpeg"):
        guardrail.blocks(b"x" * (PICTURE_LIMIT_BYTES + 1), "png")
