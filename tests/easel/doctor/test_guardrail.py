"""What the doctor says of guardrails in the stack's region."""

from typing import Any

import pytest

from cdk.settings import Settings
from easel.doctor.guardrail import check_guardrail
from easel.findings import Level


@pytest.mark.parametrize(
    ("region", "settings", "level", "words"),
    [
        ("us-east-1", {}, Level.OK, "CLASSIC reads English, French and Spanish"),
        ("us-east-1", {"guardrail_tier": "STANDARD"}, Level.OK, "look at pictures for everything"),
        ("us-east-1", {"guardrail": "off"}, Level.WARNING, "nothing is checked"),
        ("eu-west-1", {}, Level.WARNING, "not for MISCONDUCT"),
        ("eu-west-2", {"guardrail_tier": "STANDARD"}, Level.PROBLEM, "STANDARD is not known"),
        ("sa-east-1", {}, Level.PROBLEM, "no pictures"),
    ],
)
def test_what_is_not_looked_for_is_said(
    region: str, settings: dict[str, Any], level: Level, words: str
) -> None:
    finding = check_guardrail(Settings(**settings), region)

    assert (finding.level, finding.subject) == (level, f"guardrails in {region}")
    assert words in finding.found
    assert bool(finding.cure) == (level is not Level.OK)
