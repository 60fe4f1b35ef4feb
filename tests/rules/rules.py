"""The template of every combination of settings against cdk-nag, cfn-lint and checkov.

Not part of `make test`: `make rules` runs it, with an environment of checkov's own.
"""

import json
from collections.abc import Callable

import pytest

from tests.rules.acknowledged import ACKNOWLEDGED, AT_MOST, Acknowledgement
from tests.rules.rule_checkers import Finding, Synthesized, cfn_lint, checkov, nag, synthesized

Checker = Callable[[Synthesized], set[Finding]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    return synthesized(tmp_path_factory.mktemp("combinations"))


@pytest.fixture(scope="module")
def found(made: Synthesized) -> dict[Checker, set[Finding]]:
    return {checker: checker(made) for checker in (nag, cfn_lint, checkov)}


@pytest.mark.parametrize(
    "checker", [nag, cfn_lint, checkov], ids=["cdk-nag", "cfn-lint", "checkov"]
)
def test_nothing_is_found_but_what_is_acknowledged(
    checker: Checker, found: dict[Checker, set[Finding]]
) -> None:
    acknowledged = set().union(*(each.findings for each in ACKNOWLEDGED))

    assert sorted(found[checker] - acknowledged) == []


@pytest.mark.parametrize("acknowledgement", ACKNOWLEDGED, ids=lambda each: " ".join(each.rules))
def test_every_acknowledgement_is_needed(
    acknowledgement: Acknowledgement, found: dict[Checker, set[Finding]]
) -> None:
    needed = set().union(*found.values())

    assert sorted(acknowledgement.findings - needed) == []


def test_acknowledgements_are_few_and_one_for_each_rule() -> None:
    rules = [rule for each in ACKNOWLEDGED for rule in each.rules]

    assert len(ACKNOWLEDGED) <= AT_MOST
    assert len(set(rules)) == len(rules)


def test_every_feature_flag_is_as_cdk_recommends(made: Synthesized) -> None:
    """`make synth` warns of others."""
    manifest = json.loads((made.directory.parent / "dev" / "manifest.json").read_text())
    (report,) = [
        each["properties"]["flags"]
        for each in manifest["artifacts"].values()
        if each["type"] == "cdk:feature-flag-report"
    ]

    others = [
        name
        for name, flag in report.items()
        if flag.get("userValue", flag.get("unconfiguredBehavesLike", {}).get("v2"))
        != flag["recommendedValue"]
    ]
    assert others == []
