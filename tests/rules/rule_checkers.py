"""cdk-nag, cfn-lint and checkov: what each finds in a set of templates, all without a network."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_cdk import Validations
from cdk_nag import AwsSolutionsChecks, ServerlessChecks

from cdk.stack import EaselStack
from tests.cdk.combinations import COMBINATIONS, STACK_NAME, app

CFN_LINT = Path(sys.executable).parent / "cfn-lint"
CHECKOV = Path(__file__).parents[2] / ".venv-checkov" / "bin" / "checkov"

# Where a rule on a state machine's definition found something in it.
_IN_DEFINITION = re.compile(r" at '(States/[\w/]+)'$")

# AWS offers different resource types and values from region to region.
_REGIONS = ("us-east-1", "us-west-2", "eu-central-1", "ap-southeast-2")


@dataclass(frozen=True, order=True)
class Finding:
    """`place` is a construct's path in the stack; a rule's detail follows in brackets."""

    rule: str
    place: str


@dataclass(frozen=True)
class Synthesized:
    """Templates by combination, each a file of `directory`, and what cdk-nag found in any."""

    directory: Path
    templates: Mapping[str, Any]
    nag_findings: frozenset[Finding]

    def place(self, combination: str, logical_id: str) -> str:
        resource = self.templates[combination]["Resources"][logical_id]
        return _place(resource["Metadata"]["aws:cdk:path"])


def synthesized(directory: Path) -> Synthesized:
    """Every combination's template. cdk-nag runs inside of the synthesis."""
    templates = {}
    found: set[Finding] = set()
    (directory / "templates").mkdir()
    for name, settings in COMBINATIONS.items():
        assembly = directory / name
        _synthesize(assembly, settings)
        templates[name] = json.loads((assembly / f"{STACK_NAME}.template.json").read_text())
        (directory / "templates" / f"{name}.json").write_text(json.dumps(templates[name]))
        found |= set(_nag_findings(json.loads((assembly / "validation-report.json").read_text())))
    return Synthesized(directory / "templates", templates, frozenset(found))


def nag(made: Synthesized) -> set[Finding]:
    return set(made.nag_findings)


def cfn_lint(made: Synthesized) -> set[Finding]:
    report = _report(
        [str(CFN_LINT), "--format", "json", "--regions", *_REGIONS, "--template"],
        made.directory,
        *sorted(path.name for path in made.directory.iterdir()),
    )
    return {
        Finding(
            each["Rule"]["Id"],
            made.place(Path(each["Filename"]).stem, each["Location"]["Path"][1])
            + "".join(f"[{at}]" for at in _IN_DEFINITION.findall(each["Message"])),
        )
        for each in report
    }


def checkov(made: Synthesized) -> set[Finding]:
    """--skip-download keeps it from asking its maker for more rules."""
    report = _report(
        [str(CHECKOV), "--framework", "cloudformation", "--output", "json", "--skip-download"],
        made.directory,
        *("--directory", "."),
    )
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["resource_count"] > len(COMBINATIONS)
    return {
        Finding(
            each["check_id"],
            made.place(Path(each["file_path"]).stem, each["resource"].partition(".")[2]),
        )
        for each in report["results"]["failed_checks"]
    }


def _synthesize(assembly: Path, settings: Any) -> None:
    """Synthesis ends in an error where a rule is broken; the report is there all the same."""
    cdk_app = app(assembly)
    EaselStack(cdk_app, STACK_NAME, settings=settings)
    Validations.of(cdk_app).add_plugins(AwsSolutionsChecks(cdk_app), ServerlessChecks(cdk_app))
    try:
        cdk_app.synth()
    except RuntimeError as error:
        if "ValidationFailed" not in str(error):
            raise


def _nag_findings(report: Any) -> Iterator[Finding]:
    names = {plugin["pluginName"] for plugin in report["pluginReports"]}
    assert {"AwsSolutions", "Serverless"} <= names, f"cdk-nag did not run, only {names}"
    for plugin in report["pluginReports"]:
        for violation in plugin["violations"]:
            rule, bracket, detail = violation["ruleName"].partition("[")
            for construct in violation["violatingConstructs"]:
                place = _place(construct["constructPath"])
                yield Finding(rule, f"{place} {bracket}{_without_hash(detail)}".strip())


def _place(path: str) -> str:
    return path.removeprefix(f"{STACK_NAME}/").removesuffix("/Resource")


def _without_hash(detail: str) -> str:
    """Logical ids as a person knows them: without what CDK appends to them."""
    return re.sub(r"(?<=<)(\w+?)[0-9A-F]{8}(?=\.)", r"\1", detail)


def _report(command: list[str], directory: Path, *arguments: str) -> Any:
    """A checker's JSON. It ends with an error wherever it finds something."""
    ended = subprocess.run(
        [*command, *arguments],
        cwd=directory,
        env={**os.environ, "HOME": str(directory)},  # no person's own configuration
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout, ended.stderr
    return json.loads(ended.stdout)
