"""Every expression of the state machine with plain and hostile variables, as runs have them."""

import json
from collections.abc import Iterator
from typing import Any

from tests.cdk.state_machine import expressions_of, states
from tests.cdk.test_state_machine_file import CLASSES, FROM_OUTSIDE, failed, made, raised

MILLIS, RANDOM = 1_795_256_303_777, 0.625  # what $millis and $random say

HOSTILE = 'a "lighthouse" \\ at {% dusk %} $states \' \u2028 \U0001f4a5 {} $1 </script>'
RECIPE: dict[str, Any] = {
    "version": 1,
    "model": "stability.stable-image-core-v1:1",
    "prompt": HOSTILE,
    "negative_prompt": "",
    "parameters": {"cfg_scale": 6.5, "extras": {"null": None, "list": [[1], []]}},
}
PICTURE = {
    "id": "a" * 32,
    "seed": 4_294_967_294,
    "recovery": {"seed": 4_294_967_294},
    "rerun": None,
}
AGAIN = {**PICTURE, "recovery": {"idempotency_key": HOSTILE}, "rerun": {"id": "b" * 32}}
DRAWN = {"picture": {"id": "a", "image_url": "https://x/?a=b&c=%20", "seed": 7, "reused": False}}
STORED = {"Payload": DRAWN["picture"]}
DRAW_UNTIL = "2026-11-21T10:18:42.123Z"


ASSESSMENTS: tuple[list[dict[str, Any]] | None, ...] = (
    None,
    [],
    [{}],
    [{"WordPolicy": {}}],
    [{"TopicPolicy": {"Topics": []}}],
    [{"ContentPolicy": {"Filters": [{"Type": "HATE"}, {"Type": "SEXUAL"}]}}],
    [{"Other": 1}, {"SensitiveInformationPolicy": {}}],
)


def _inputs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each state's variables, as a run has them, plain and hostile."""
    for operation in ("draw", "rerun", "show", "list", "delete", None):
        yield "Operation", {"input": {"operation": operation}}
    yield "Operation", {"input": {}}
    yield "Operation", {"input": {"operation": "draw", "request": {"prompt": "\u6f22" * 30_000}}}
    for payload in ({"recipe": RECIPE, "pictures": [PICTURE]}, HOSTILE):
        yield (
            "Validate",
            {"input": {"request": {"prompt": HOSTILE}}, "result": {"Payload": payload}},
        )
        yield (
            "Library",
            {"input": {"operation": "list"}, "result": {"Payload": {"body": json.dumps(payload)}}},
        )
        deleted = {"operation": "delete", "id": HOSTILE, "caller": HOSTILE}
        yield "Delete", {"input": deleted, "result": {"Payload": {"body": json.dumps(payload)}}}
        shown = {"operation": "show", "id": HOSTILE, "caller": HOSTILE}
        yield "Show", {"input": shown, "result": {"Payload": json.dumps(payload)}}
    yield "Accepted", {"input": {}}
    for assessments in ASSESSMENTS:
        result: dict[str, Any] = {"Action": "GUARDRAIL_INTERVENED"}
        if assessments is not None:
            result["Assessments"] = assessments
        yield "CheckPrompt", {"input": {}, "result": result}
        merged = {key: value for each in assessments or [] for key, value in each.items()}
        checked = {"action": result["Action"], "covered": True, "assessment": merged}
        yield "Verdict", {"input": checked}
    for counts in ({"Guarded": 5, "Total": 5}, {"Guarded": 0, "Total": 0}, {"Total": 5}, {}):
        result = {"Action": "NONE", "GuardrailCoverage": {"TextCharacters": counts}}
        yield "CheckPrompt", {"input": {}, "result": result}
    for covered in (True, False):
        yield "Verdict", {"input": {"action": "NONE", "covered": covered, "assessment": {}}}
    for pictures in ([PICTURE], [PICTURE, AGAIN]):
        yield "DrawEach", {"input": {}, "result": [DRAWN for _ in pictures]}
    for picture in (PICTURE, AGAIN):
        for attempt, staged in ((1, "model"), (7, "published")):
            given = {"picture": picture, "recipe": {**RECIPE, "seed": 7}, "attempt": attempt}
            failure = {"Error": "BeingDrawnError" if attempt == 1 else "ThrottledError"}
            yield "Generate", {"input": given, "result": {"Payload": {"source": staged}}}
            yield "TimeLeft", {"input": {**given, "failure": failure, "again_at": MILLIS + 9_000}}
            for stores in (1, 2):
                stored = {**given, "staged": {"source": staged}, "stores": stores}
                yield "Generate", {"input": stored, "result": {"Payload": {"source": "staged"}}}
                again = {**stored, "failure": failure, "again_at": MILLIS + 13_000}
                yield "TimeLeft", {"input": again}
                yield "Store", {"input": stored, "result": STORED}
            yield "Wait", {"input": {**given, "again_at": MILLIS + 1_600}}
            yield "Store", {"input": {**given, "staged": {"source": staged}}, "result": STORED}
            yield "NotDrawn", {"input": {**given, "failure": failure}}
    for results in ([DRAWN], [DRAWN, DRAWN]):
        yield "Answer", {"input": {"results": results}}
    yield "Answer", {"input": {"body": json.dumps({"pictures": [HOSTILE], "after": None})}}
    for name, each in CLASSES.items():
        for task in ("Validate", "Store"):
            failure_of = failed(task, name, raised(made(each)))
            yield "Answer", {"input": failure_of}
            yield "Answer", {"input": {"refusal": str(made(each))}}
            if "results" in failure_of:
                yield "Answer", {"input": {"results": [DRAWN, *failure_of["results"]]}}
    for task, error, cause, _ in FROM_OUTSIDE:
        yield "Answer", {"input": failed(task, error, cause)}
    for fault in ("none", "caller", "service"):
        answered = {"class": "A", "fault": fault, "answer": {"body": HOSTILE, "headers": {}}}
        for state in ("Outcome", "Answered", "Failed"):
            yield state, {"input": answered}


def _cases() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for state, given in _inputs():
        for output in ({"Error": "States.Timeout"}, {"Error": "KeyError", "Cause": HOSTILE}):
            variables: dict[str, Any] = {
                "states": states(**given, errorOutput=output),
                "plan": {"recipe": RECIPE, "pictures": [PICTURE], "usual_seconds": 5,
                         "recipe_in_picture": True, "owner": HOSTILE, "refusal": HOSTILE},
                "draw_until": DRAW_UNTIL,
            }  # fmt: skip
            variables["states"]["context"]["Map"] = {"Item": {"Value": PICTURE}}
            for at, expression in expressions_of(state):
                yield at, expression, variables


CASES = list(_cases())
"""(where it is, expression, variables)"""
