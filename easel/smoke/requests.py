"""Requests of every kind, and the answers that each has to get: the mapping templates at work."""

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from easel.exits import CommandError
from easel.findings import Finding, Level
from easel.smoke.check import check, require
from easel.smoke.deployed import Deployed
from easel.smoke.drawing import new_seed

_IMAGES = "/images"
_TEMPLATES = "compare the deployed mapping templates with cdk/mapping_templates; make deploy"

# What templates, JSONata, JSON, shells and pages would read as more than text.
HOSTILE = (
    "a sign that reads \"$util.parseJson('{}')\" \\ \\\\n \\u0041 {% $x %} ${x} $input.body #set "
    "x@@,@@admin@@ </script> '; -- \N{LINE SEPARATOR} \N{ARTIST PALETTE} \N{GREEK SMALL LETTER PI}"
)

# The alarm on throttled requests fires at twenty in five minutes.
BURST = 15

_FOREIGN_ORIGIN = "https://foreign.example"


@dataclass(frozen=True)
class Case:
    """A request that has to be refused, and the answer that it has to get."""

    name: str
    status: int
    code: str
    body: bytes = b"{}"
    content_type: str = "application/json"
    path: str = _IMAGES
    method: str = "POST"


CASES = (
    Case("no prompt", 400, "missing_parameter"),
    Case("an unknown field", 400, "unknown_parameter", b'{"prompt": "a cat", "size": 1}'),
    Case("an unknown model", 404, "model_not_found", b'{"prompt": "a cat", "model": "x.y-v1:0"}'),
    Case("broken JSON", 400, "invalid_value", b'{"prompt": '),
    Case("a list", 400, "invalid_value", b"[]"),
    Case("text/plain", 415, "invalid_value", b"a cat", "text/plain"),
    Case("an unknown picture", 404, "picture_not_found", path=f"/images/{0:032}/rerun"),
    Case("an unknown route", 404, "not_found", path="/no-such-route"),
    Case("another method", 405, "not_found", method="PUT"),
)


def examine(deployed: Deployed) -> Iterator[Finding]:
    """Yields findings on the API's answers. The burst comes last: it uses up the throttle."""
    for case in CASES:
        answered = check(f"{case.name} is answered {case.status} {case.code}")
        yield answered(check_case)(deployed, case)
    yield check_hostile_prompt(deployed)
    yield check_forged_id(deployed)
    yield check_origins(deployed)
    yield check_burst(deployed)


def check_case(deployed: Deployed, case: Case) -> str:
    headers = {"content-type": case.content_type}
    answer = deployed.api.request(case.method, case.path, case.body, headers)
    deployed.require_refusal(answer, case.status, case.code, _TEMPLATES)
    return str(answer.body["error"]["message"])


@check("a hostile prompt comes back as it was sent")
def check_hostile_prompt(deployed: Deployed) -> str:
    request = {"prompt": HOSTILE, "negative_prompt": HOSTILE, "seed": new_seed()}
    try:
        id = deployed.count(deployed.api.draw(request))["id"]
    except CommandError as error:
        # The guardrail or the model's own filter, which may well take it for an attack.
        blocked = error.code == "moderation_blocked"
        require(not blocked, error.message, "try quotes and backslashes", Level.NOT_CHECKED)
        raise
    recipe = deployed.api.show(id).body["manifest"]["recipe"]
    for name in ("prompt", "negative_prompt"):
        require(
            recipe[name] == HOSTILE,
            f"the manifest of {id} has the {name} {json.dumps(recipe[name])}",
            _TEMPLATES,
        )
    return f"{len(HOSTILE)} characters, twice, in the manifest of {id}"


@check("a caller cannot choose an execution by a forged request id")
def check_forged_id(deployed: Deployed) -> str:
    forged = "easel-smoke-forged-id"
    answers = [
        deployed.api.request("POST", _IMAGES, {}, {"x-amzn-requestid": forged}) for _ in range(2)
    ]
    executions = [answer.body["execution_arn"] for answer in answers]
    require(
        {answer.code for answer in answers} == {"missing_parameter"},
        f"the answers are {' and '.join(answer.text for answer in answers)}",
        _TEMPLATES,
    )
    require(
        len(set(executions)) == 2 and not any(forged in each for each in executions),
        f"the executions are {' and '.join(executions)}",
        _TEMPLATES,
    )
    return "two requests with the same id ran as two executions of other names"


@check("pages of allowed origins may read answers, and no others")
def check_origins(deployed: Deployed) -> str:
    allowed = deployed.environment.settings.allowed_origins
    for origin in (*allowed, _FOREIGN_ORIGIN):
        answer = deployed.api.request("POST", _IMAGES, {}, {"origin": origin})
        found = answer.headers.get("access-control-allow-origin")
        require(
            found == (origin if origin in allowed else None),
            f"the answer to a page of {origin} allows {found or 'none'}",
            "make deploy, with the allowed_origins that you want",
        )
    return f"{', '.join(allowed) or 'none'}; not {_FOREIGN_ORIGIN}"


@check("a burst is answered or told to come later")
def check_burst(deployed: Deployed) -> str:
    once = replace(deployed.api, retries=0)
    with ThreadPoolExecutor(BURST) as pool:
        answers = list(pool.map(lambda _: once.request("POST", _IMAGES, {}), range(BURST)))
    for answer in answers:
        later = answer.code == "rate_limit_exceeded" and "retry-after" in answer.headers
        require(
            later or (answer.status, answer.code) == (400, "missing_parameter"),
            f"one of {BURST} at once was answered {answer.status} {answer.text}",
            "see the log of the answer's execution; docs/operations.md says what its code means",
        )
    counted = Counter(answer.status for answer in answers)
    return f"{BURST} at once: {counted[400]} answered, {counted[429]} told to come later"
