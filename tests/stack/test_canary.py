"""Where prompts go when the log may not have them: nowhere that an operator or a cache reads."""

import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from lambdas.common.catalog import CATALOG
from lambdas.common.recipe import Recipe
from lambdas.common.telemetry import ESTIMATED_COST
from lambdas.validate.request import FIELDS, PLAN_FIELDS
from local.exclusive import HOST
from local.faults import KINDS
from tests.local_client import (
    Answer,
    Document,
    drawing_within,
    resources,
    running,
    with_variables,
)
from tests.metrics import METRICS, recorded
from tests.share import WHOLE

# In every prompt; and in every header that a caller sends for Easel.
CANARY = "quokkaword"
HEADER_CANARY = "numbatword"

CORE = "stability.stable-image-core-v1:1"
SDXL = "stability.stable-diffusion-xl-v1"
TITAN = "amazon.titan-image-generator-v2:0"

READ_TIMEOUT_SECONDS = 2

# Fields of an execution's events that hold its data.
_DATA = {"input", "output", "parameters", "assignedVariables", "inputDetails", "outputDetails"}

# Faults of a time that is worth waiting for: longer than the client waits, but not than Lambda.
_SECONDS = {"hang": READ_TIMEOUT_SECONDS + 1, "slow": 0.2, "refused": 1}


@dataclass(frozen=True)
class Scenario:
    """One request, after `faults`. `status` is what it has to get, so that it went its way. The
    answer to one that `is_quoted` may repeat what its caller sent; nobody else may."""

    name: str
    body: Any
    status: int | None = 400
    faults: tuple[dict[str, Any], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    path: str = "/images"
    method: str = "POST"
    is_quoted: bool = False


def request(name: str, **changed: Any) -> dict[str, Any]:
    return {"prompt": f"a {CANARY}, {name}", "negative_prompt": f"no {CANARY}", "seed": 1} | changed


def _drawn() -> Iterator[Scenario]:
    for model in (CORE, SDXL, TITAN):
        body = request(model, model=model)
        yield Scenario(f"drawn by {model}", body, 200)
        yield Scenario(f"found again of {model}", body, 200)
    weighted = [
        {"text": f"a {CANARY}", "weight": 2},
        {"text": "a hill", "weight": 0.5},
        {"text": f"no {CANARY}", "weight": -1},
    ]
    yield Scenario("weighted prompts", {"model": SDXL, "text_prompts": weighted}, 200)
    yield Scenario("with a style", request("style", style_preset="origami"), 200)
    yield Scenario("as older callers ask", {"message": f"a {CANARY}"}, 200, path="/image")


def _bad() -> Iterator[Scenario]:
    """A value that no model takes in every field, and prompts that are wrong in every way."""
    for name in FIELDS:
        if name not in {"prompt", "negative_prompt", "text_prompts"}:
            status = 404 if name == "model" else 400
            yield Scenario(f"bad {name}", request(name, **{name: "?"}), status)
    for name in ("prompt", "negative_prompt", "message"):
        for what, value in {
            "list": [CANARY],
            "object": {"text": CANARY},
            "too long": CANARY * 2_000,
            "half a character": f"{CANARY} \ud800",
        }.items():
            yield Scenario(f"{name}: {what}", {"prompt": CANARY, name: value})
    for what, item in {
        "no text": {"weight": 1},
        "bad weight": {"text": CANARY, "weight": "?"},
        "only negative": {"text": CANARY, "weight": -1},
        "too long": {"text": CANARY * 300},
        "list as text": {"text": [CANARY]},
        "one key more": {"text": CANARY, "colour": CANARY},
    }.items():
        yield Scenario(f"text_prompts: {what}", {"model": SDXL, "text_prompts": [item]})
    yield Scenario("text_prompts: text", {"model": SDXL, "text_prompts": CANARY})
    yield Scenario("text_prompts beside prompt", request("two", model=SDXL, text_prompts=[]))
    yield Scenario("text_prompts for a model without", {"text_prompts": [{"text": CANARY}]})
    yield Scenario("unknown field", request("unknown", promt=CANARY))
    yield Scenario("retired field", request("cfg", cfg_scale=7))


RECIPE: dict[str, Any] = {
    "version": 1, "model": CORE, "prompt": f"a {CANARY}", "negative_prompt": f"no {CANARY}",
    "seed": 7, "parameters": {"aspect_ratio": "1:1", "output_format": "png"},
}  # fmt: skip


def _quoted() -> Iterator[Scenario]:
    """The caller's own text in every place of a request that an answer may quote."""

    def refused(name: str, body: Any, status: int | None = 400, **more: Any) -> Scenario:
        return Scenario(f"quoted {name}", body, status, is_quoted=True, **more)

    for name in (*FIELDS, *PLAN_FIELDS):
        if name not in {"prompt", "negative_prompt"}:
            body = request(name, model=SDXL) | {name: CANARY}
            yield refused(name, body, 404 if name == "model" else 400)
    yield refused("name of a field", {"prompt": "a", CANARY: 1})
    yield refused("weight", {"model": SDXL, "text_prompts": [{"text": "a", "weight": CANARY}]})
    yield refused("key of a text", {"model": SDXL, "text_prompts": [{CANARY: 1}]})
    for name in RECIPE:
        body = {"recipe": RECIPE | {name: [CANARY]}}
        yield refused(f"recipe.{name}", body)
        yield refused(f"recipe.{name} as text", {"recipe": RECIPE | {name: CANARY}}, None)
    yield refused("name in a recipe", {"recipe": RECIPE | {CANARY: 1}})
    yield refused("parameter in a recipe", {"recipe": RECIPE | {"parameters": {CANARY: 1}}})
    parameters = {**RECIPE["parameters"], "text_prompts": [{"text": "b", "weight": 2}]}
    mismatch = {"recipe": RECIPE | {"model": SDXL, "parameters": parameters}}
    yield refused("recipe that contradicts itself", mismatch)
    yield refused("field beside a recipe", {"recipe": RECIPE, CANARY: 1})
    for query in (f"limit={CANARY}", f"after={CANARY}", f"{CANARY}=1"):
        yield refused(query, b"", path=f"/images?{query}", method="GET")
    rerun = f"/images/{Recipe.from_dict(RECIPE).id}/rerun"
    yield refused("whole recipe", {"recipe": RECIPE}, 200)
    yield refused("field of a rerun", {CANARY: 1}, path=rerun)
    yield refused("model of a rerun", {"model": CANARY}, 404, path=rerun)
    yield refused("file of a rerun", {"recipe_in_picture": CANARY}, path=rerun)
    broken = ({"at": "PutObject", "kind": "SlowDown", "times": 9, "key": "output-images/*"},)
    key = {"Idempotency-Key": f"{HEADER_CANARY}-rerun"}
    yield refused("key of a rerun", {}, 503, path=rerun, headers=key, faults=broken)
    yield refused(
        "key of another rerun", {"recipe_in_picture": False}, 422, path=rerun, headers=key
    )


def _at_the_gateway() -> Iterator[Scenario]:
    yield Scenario("no object", CANARY)
    yield Scenario("a list", [CANARY])
    yield Scenario("no JSON", f'{{"prompt": "{CANARY}'.encode())
    yield Scenario("not UTF-8", b'{"prompt": "\xff' + CANARY.encode() + b'"}')
    plain = {"content-type": "text/plain"}
    yield Scenario("no JSON type", request("type"), 415, headers=plain)
    yield Scenario("too large", request("size", extras=CANARY * 1_100_000), 413)
    yield Scenario("no key", request("key"), 403, headers={"x-api-key": ""})
    yield Scenario("wrong key", request("key"), 403, headers={"x-api-key": HEADER_CANARY})
    yield Scenario("no such path", request("path"), 404, path="/nowhere")
    yield Scenario("a query beside", request("query"), 200, path=f"/images?prompt={CANARY}")


def _with_keys() -> Iterator[Scenario]:
    key = {"Idempotency-Key": HEADER_CANARY}
    yield Scenario("first use of a key", {"prompt": f"first {CANARY}"}, 200, headers=key)
    yield Scenario("the same again", {"prompt": f"first {CANARY}"}, 200, headers=key)
    yield Scenario("key for another body", {"prompt": f"second {CANARY}"}, 422, headers=key)
    long = {"Idempotency-Key": HEADER_CANARY * 40}
    yield Scenario("key too long", {"prompt": CANARY}, 400, headers=long)
    broken = ({"at": "PutObject", "kind": "InternalError", "times": 2, "key": "idempotency/*"},)
    yield Scenario("key, and S3 unwell", {"prompt": CANARY}, 503, faults=broken, headers=key)


def _faulty() -> Iterator[Scenario]:
    """Every fault that the local stack knows, or a third of each place's."""
    for at, kinds in KINDS.items():
        for kind in kinds if WHOLE else kinds[::3]:
            fault = {"at": at, "kind": kind, "times": 1, "seconds": _SECONDS.get(kind, 0)}
            body = request(f"{at}, {kind}")
            yield Scenario(f"{at}: {kind}", body, None, faults=(fault,))
    for kind in ("ThrottlingException", "ServiceUnavailableException"):
        status = 429 if kind == "ThrottlingException" else 503
        lasting = ({"at": "InvokeModel", "kind": kind, "times": 9},)
        yield Scenario(f"{kind}, lasting", request(f"{kind}, lasting"), status, faults=lasting)
    for model in (SDXL, TITAN):
        for kind in ("filtered", "ValidationException"):
            fault = {"at": "InvokeModel", "kind": kind}
            yield Scenario(f"{model}: {kind}", request(kind, model=model), 400, faults=(fault,))
    for key in ("staging/*.claim", "staging/*", "output-images/*.png", "output-images/*.json"):
        lasting = ({"at": "PutObject", "kind": "AccessDenied", "times": 99, "key": key},)
        if key != "staging/*":
            yield Scenario(f"denied: {key}", request(key), 500, faults=lasting)


SCENARIOS = [*_drawn(), *_bad(), *_quoted(), *_at_the_gateway(), *_with_keys(), *_faulty()]


@dataclass
class Heard:
    """All that left the stack, but for the pictures: who said it, and what."""

    said: list[tuple[str, str]] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    billed: dict[str, int] = field(default_factory=dict)

    def hear(self, who: str) -> Callable[[str], None]:
        return lambda text: self.said.append((who, text))

    def hear_answer(self, scenario: Scenario, answer: Answer) -> None:
        name = scenario.name
        self.statuses[name] = answer.status
        self.said.append((f"headers of {name}", json.dumps(dict(answer.headers.items()))))
        if not scenario.is_quoted:
            self.said.append((f"body of {name}", answer.content.decode(errors="replace")))

    def hear_history(self, events: list[dict[str, Any]]) -> None:
        """Hears what Step Functions logs without execution data: all but what is in `_DATA`. Its
        guide does not say that errors and causes are left out, so they count as logged."""
        for event in events:
            for name, details in event.items():
                if name.endswith("EventDetails"):
                    logged = {key: each for key, each in details.items() if key not in _DATA}
                    self.said.append(("workflow", json.dumps(logged)))

    def by(self, who: str) -> list[str]:
        return [text for said_by, text in self.said if said_by == who]

    def leaks(self) -> list[str]:
        return [
            f"{who}: {text[:300]}"
            for who, text in self.said
            if CANARY in text.lower() or HEADER_CANARY in text.lower()
        ]


@dataclass
class TraceDaemon:
    """The X-Ray daemon's socket. It holds some hundred datagrams: read it often."""

    socket: socket.socket
    heard: Heard

    @property
    def address(self) -> str:
        host, port = self.socket.getsockname()
        return f"{host}:{port}"

    def read(self) -> None:
        while True:
            try:
                self.heard.said.append(("trace", self.socket.recv(65_536).decode()))
            except BlockingIOError:
                return


@contextmanager
def trace_daemon(heard: Heard) -> Iterator[TraceDaemon]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind((HOST, 0))
        bound.setblocking(False)
        daemon = TraceDaemon(bound, heard)
        yield daemon
        daemon.read()


def hear(scenarios: list[Scenario], *, log_execution_data: bool) -> Heard:
    """What the stack lets out while it answers these requests."""
    heard = Heard()
    with trace_daemon(heard) as daemon:

        def change(document: Document) -> None:
            drawing_within(12)(document)
            with_variables(MODEL_TIMEOUT_SECONDS=str(READ_TIMEOUT_SECONDS))(document)
            for function in resources(document, "AWS::Lambda::Function"):
                variables = function["Environment"]["Variables"]
                variables["AWS_XRAY_DAEMON_ADDRESS"] = daemon.address

        with running(
            change=change,
            settings={} if log_execution_data else {"log_execution_data": False},
            log=heard.hear("terminal"),
            events=lambda function, event: heard.said.append(("function", event)),
        ) as easel:
            for scenario in scenarios:
                easel.plan(*scenario.faults)
                answer = easel.post(
                    scenario.body,
                    path=scenario.path,
                    method=scenario.method,
                    headers=dict(scenario.headers),
                )
                heard.hear_answer(scenario, answer)
                easel.plan()
                easel.wait_until_bedrock_answers()
                if arn := answer.body.get("execution_arn"):
                    heard.hear_history(easel.history(arn))
                daemon.read()
            wait_for_functions(heard)
            heard.billed = easel.bedrock()["calls_by_model"]
    return heard


def wait_for_functions(heard: Heard) -> None:
    """Those whose callers have gone write on."""
    before = -1
    while before != len(heard.said):
        before = len(heard.said)
        time.sleep(READ_TIMEOUT_SECONDS + 1)


@pytest.fixture(scope="module")
def silent() -> Heard:
    return hear(SCENARIOS, log_execution_data=False)


def test_every_request_went_its_way(silent: Heard) -> None:
    expected = {each.name: each.status for each in SCENARIOS if each.status is not None}

    assert len(silent.statuses) == len(SCENARIOS)
    assert {name: silent.statuses[name] for name in expected} == expected


def test_every_place_that_could_tell_was_listened_to(silent: Heard) -> None:
    texts = "\n".join(silent.by("function"))

    for written in ("request accepted", "picture drawn", "picture found", "model called",
                    "model refused the call", "model call broke off", "picture published",
                    "validate failed", "generate failed", "store failed", "request refused",
                    "Traceback", "Runtime.ExitError"):  # fmt: skip
        assert written in texts, written
    assert any("POST /images" in line for line in silent.by("terminal"))
    assert any('"cause"' in event for event in silent.by("workflow"))


def test_prompts_and_headers_are_told_to_nobody(silent: Heard) -> None:
    assert silent.leaks() == []


def test_the_search_finds_a_prompt_where_the_log_may_have_it() -> None:
    fault = ({"at": "InvokeModel", "kind": "ValidationException"},)
    scenarios = [
        Scenario("drawn", request("loud"), 200),
        Scenario("refused by the model", request("quoted"), 400, faults=fault),
    ]

    loud = hear(scenarios, log_execution_data=True)

    lines = [leak for leak in loud.leaks() if leak.startswith("function: ")]
    assert any('"event": "request accepted"' in line for line in lines)
    assert any(line.startswith("function: [ERROR] InvalidRequestError") for line in lines)
    assert all("body of" not in leak and "headers of" not in leak for leak in loud.leaks())


def test_calls_of_models_are_subsegments_of_their_invocations(silent: Heard) -> None:
    documents = [json.loads(text.partition("\n")[2]) for text in silent.by("trace")]

    operations = {(each["name"], each["aws"]["operation"]) for each in documents}
    assert {
        ("Bedrock Runtime", "InvokeModel"),
        ("S3", "PutObject"),
        ("S3", "GetObject"),
        ("S3", "HeadObject"),
    } <= operations
    throttled = [each for each in documents if each.get("throttle")]
    assert {each["name"] for each in throttled} == {"Bedrock Runtime"}


def test_what_was_billed_is_what_was_counted(silent: Heard) -> None:
    counted: dict[str, float] = {}
    for each in recorded(silent.by("function")):
        if each.name == ESTIMATED_COST.name and "model" in each.dimensions:
            model = each.dimensions["model"]
            counted[model] = counted.get(model, 0) + each.value

    assert counted == pytest.approx(
        {model: calls * CATALOG[model].list_price_usd for model, calls in silent.billed.items()}
    )


def test_the_functions_record_every_metric_of_the_table_and_no_other(silent: Heard) -> None:
    assert {each.reference for each in recorded(silent.by("function"))} == {
        ("Easel", metric.name, frozenset(each))
        for metric in METRICS
        for each in metric.dimension_sets
    }
