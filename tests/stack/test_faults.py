"""Every fault and its answer. docs/faults.md lists the cases."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from lambdas.common.catalog import CATALOG
from local.faults import APPLY_GUARDRAIL, BROKEN_ANSWERS, S3_ERRORS, modelled_errors
from tests.local_client import (
    Answer,
    Document,
    LocalClient,
    drawing_within,
    running,
    with_variables,
)
from tests.share import WHOLE
from tests.stack.unchecked import BLOCKED, publish_unchecked

READ_TIMEOUT_SECONDS = 2
LASTING = 9

CORE = "stability.stable-image-core-v1:1"
FAMILY_MODELS = {
    "stability_image": CORE,
    "sdxl": "stability.stable-diffusion-xl-v1",
    "canvas": "amazon.titan-image-generator-v2:0",
}
_ID = "?" * 32
LOCK, STAGED = f"staging/{_ID}.claim", f"staging/{_ID}"
PICTURE, MANIFEST = f"output-images/{_ID}/*.png", f"output-images/{_ID}.json"


@dataclass(frozen=True)
class Outcome:
    """`calls` of the model and `stores` begun by the first request; `again` is what the same
    request gets once all is healthy, `paid` how often the model was paid for both."""

    status: int
    code: str
    retry: str
    calls: int
    stores: int
    again: str
    paid: int


@dataclass(frozen=True)
class Case:
    """`shown` is the prompt of a picture that a GET asks for, and no guardrail has checked yet. If
    it is empty, a POST draws one, and if `deletes`, a DELETE asks for one that was drawn before."""

    name: str
    faults: list[dict[str, Any]]
    expected: Outcome
    model: str = CORE
    shown: str = ""
    deletes: bool = False


def case(
    name: str,
    fault: dict[str, Any] | list[dict[str, Any]],
    answer: str,
    *,
    calls: int,
    stores: int = 0,
    again: str = "drawn",
    paid: int | None = None,
    model: str = CORE,
    shown: str = "",
    deletes: bool = False,
) -> Case:
    """`answer` is "status code retry"; `paid` is what `calls` and `again` add up to."""
    status, code, retry = answer.split()
    faults = fault if isinstance(fault, list) else [fault]
    total = calls + (again == "drawn") if paid is None else paid
    outcome = Outcome(int(status), code, retry, calls, stores, again, total)
    return Case(name, faults, outcome, model, shown, deletes)


def invoke(kind: str, times: int = LASTING, seconds: float = 0) -> dict[str, Any]:
    return {"at": "InvokeModel", "kind": kind, "times": times, "seconds": seconds}


def s3(operation: str, kind: str, key: str, times: int = LASTING) -> dict[str, Any]:
    return {"at": f"{operation}Object", "kind": kind, "times": times, "key": key, "seconds": 3}


def function(name: str, kind: str, seconds: float = 0) -> dict[str, Any]:
    return {"at": name, "kind": kind, "times": LASTING, "seconds": seconds}


# What a lasting modelled error ends in.
MODELLED = {
    "AccessDeniedException": ("500 model_access_denied no", 0),
    "InternalServerException": ("503 model_unavailable yes", 0),
    "ModelErrorException": ("502 model_error no", 1),
    "ModelNotReadyException": ("503 model_unavailable yes", 0),
    "ModelTimeoutException": ("504 timeout no", 1),
    "ResourceNotFoundException": ("404 model_not_found no", 0),
    "ServiceQuotaExceededException": ("429 quota_exceeded no", 0),
    "ServiceUnavailableException": ("503 model_unavailable yes", 0),
    "ThrottlingException": ("429 rate_limit_exceeded yes", 0),
    "ValidationException": ("400 invalid_value no", 0),
}
PASSING = (
    "InternalServerException",
    "ModelNotReadyException",
    "ServiceUnavailableException",
    "ThrottlingException",
)
STORAGE = {
    "AccessDenied": "500 storage_access_denied no",
    "InternalError": "503 storage_unavailable yes",
    "SlowDown": "503 storage_unavailable yes",
    "hang": "503 storage_unavailable yes",
}


GUARDRAIL = {
    "AccessDeniedException": "500 guardrail_refused no",
    "InternalServerException": "503 guardrail_unavailable yes",
    "ResourceNotFoundException": "500 guardrail_refused no",
    "ServiceQuotaExceededException": "500 guardrail_refused no",
    "ServiceUnavailableException": "503 guardrail_unavailable yes",
    "ThrottlingException": "503 guardrail_unavailable yes",
    "ValidationException": "500 guardrail_refused no",
    "hang": "503 guardrail_unavailable yes",
}


def _cases() -> Iterator[Case]:
    for error, (answer, calls) in MODELLED.items():
        yield case(f"InvokeModel: {error}, lasting", invoke(error), answer, calls=calls)
    for error in PASSING:
        yield case(
            f"InvokeModel: {error}, twice", invoke(error, times=2), "200 - -",
            calls=1, stores=1, again="found",
        )  # fmt: skip
    yield case(
        "connection refused, lasting", invoke("refused", seconds=6), "503 model_unavailable yes",
        calls=0,
    )  # fmt: skip
    yield case("connection reset in mid-answer", invoke("reset"), "502 model_error no", calls=1)
    yield case(
        "no answer within the read timeout", invoke("hang", seconds=READ_TIMEOUT_SECONDS + 1),
        "504 timeout no", calls=1,
    )  # fmt: skip
    yield case(
        "slow answer", invoke("slow", seconds=1), "200 - -", calls=1, stores=1, again="found"
    )
    for kind in BROKEN_ANSWERS:
        for family, model in FAMILY_MODELS.items():
            # An empty list with no error set is how Canvas would not answer at all.
            answer = "400 moderation_blocked no" if kind == "filtered" else "502 model_error no"
            name = f"{family.replace('_', '-')} answers: {kind.replace('_', ' ')}"
            yield case(name, invoke(kind), answer, calls=1, model=model)
    for kind, answer in STORAGE.items():
        yield case(f"S3 look-up: {kind}", s3("Head", kind, "*"), answer, calls=0)
        # A lock that hangs may be written after all, before or after the next request looks.
        if kind != "hang":
            yield case(f"S3 lock: {kind}", s3("Put", kind, LOCK), answer, calls=0)
    for kind, answer in GUARDRAIL.items():
        fault = {"at": "ApplyGuardrail", "kind": kind, "times": LASTING, "seconds": 3.5}
        yield case(f"ApplyGuardrail to the prompt: {kind}, lasting", {**fault, "key": "INPUT"},
                   answer, calls=0)  # fmt: skip
        yield case(f"ApplyGuardrail to the picture: {kind}, lasting", {**fault, "key": "OUTPUT"},
                   answer, calls=1, stores=2 if "503" in answer else 1, again="found")  # fmt: skip
    yield case(
        "ApplyGuardrail to the prompt: ThrottlingException, once",
        {"at": "ApplyGuardrail", "kind": "ThrottlingException", "key": "INPUT"}, "200 - -",
        calls=1, stores=1, again="found",
    )  # fmt: skip
    for kind in S3_ERRORS:
        yield case(
            f"S3 staging: {kind}, three times", s3("Put", kind, STAGED, times=3), "200 - -",
            calls=1, stores=1, again="found",
        )  # fmt: skip
    yield case(
        "S3 staging: SlowDown, for longer than the caller waits",
        s3("Put", "SlowDown", STAGED, times=6), "504 timeout no", calls=1, again="found",
    )  # fmt: skip
    for operation, key, what in (
        ("Get", STAGED, "reading what is staged"),
        ("Put", PICTURE, "publishing the picture"),
        ("Put", MANIFEST, "publishing the manifest"),
    ):
        for kind in S3_ERRORS:
            yield case(
                f"S3 {what}: {kind}, lasting", s3(operation, kind, key), STORAGE[kind],
                calls=1, stores=1 if kind == "AccessDenied" else 2, again="found",
            )  # fmt: skip
    yield case(
        "S3 publishing the picture: SlowDown, once", s3("Put", "SlowDown", PICTURE, times=1),
        "200 - -", calls=1, stores=2, again="found",
    )  # fmt: skip
    yield case("Validate killed", function("validate", "killed"), "500 internal_error no", calls=0)
    yield case("Validate over its time", function("validate", "stopped"), "503 no_time_left yes",
               calls=0)  # fmt: skip
    yield case("Validate answers too much", function("validate", "too_large"),
               "500 internal_error no", calls=0)  # fmt: skip
    yield case("Generate killed before its call", function("generate", "killed"),
               "500 internal_error no", calls=0)  # fmt: skip
    yield case(
        "Generate killed during its call",
        [function("generate", "killed", seconds=0.7), invoke("slow", seconds=1.5)],
        "500 internal_error no", calls=1, again="refused", paid=1,
    )  # fmt: skip
    # S3 had the picture, though nobody heard it say so.
    yield case("Generate out of memory while it stages",
               [function("generate", "out_of_memory", seconds=0.7), invoke("slow", seconds=0.2),
                s3("Put", "hang", STAGED)],
               "500 internal_error no", calls=1, again="found")  # fmt: skip
    yield case("Generate answers too much", function("generate", "too_large"),
               "500 internal_error no", calls=1, again="found")  # fmt: skip
    yield case("Store killed", function("store", "killed"), "500 internal_error no",
               calls=1, stores=1, again="found")  # fmt: skip
    yield case("Store over its time", function("store", "stopped"), "504 timeout no",
               calls=1, stores=1, again="found")  # fmt: skip
    yield case("Store answers too much", function("store", "too_large"), "500 internal_error no",
               calls=1, stores=1, again="found")  # fmt: skip
    yield from _showing()
    yield from _deleting()


def _showing() -> Iterator[Case]:
    """Of a picture that the present guardrail has not checked."""
    harmless, blocked = "checked while it is shown", BLOCKED
    for kind in ("AccessDeniedException", "ServiceUnavailableException", "hang"):
        fault = {"at": "ApplyGuardrail", "kind": kind, "times": LASTING, "seconds": 3.5}
        yield case(
            f"showing: ApplyGuardrail: {kind}, lasting", fault, GUARDRAIL[kind], calls=0,
            stores=2 if "503" in GUARDRAIL[kind] else 1, again="found", shown=harmless,
        )  # fmt: skip
    yield case("showing: Store over its time", function("store", "stopped"), "503 no_time_left yes",
               calls=0, stores=1, again="found", shown=harmless)  # fmt: skip
    yield case("showing: the guardrail blocks it", [], "200 - -", calls=0, stores=1,
               again="no URL", shown=blocked)  # fmt: skip
    for kind in ("AccessDenied", "SlowDown"):
        yield case(
            f"showing: the guardrail blocks it, S3 deleting it: {kind}, lasting",
            s3("Delete", kind, f"output-images/{_ID}.png"), STORAGE[kind], calls=0,
            stores=1 if kind == "AccessDenied" else 2, again="no URL", shown=blocked,
        )  # fmt: skip


def _deleting() -> Iterator[Case]:
    for what, key in (("all of it", "*"), ("its manifest, the last of it", MANIFEST)):
        for kind in ("AccessDenied", "SlowDown"):
            yield case(
                f"deleting: S3 deleting {what}: {kind}, lasting", s3("Delete", kind, key),
                STORAGE[kind], calls=0, stores=1 if kind == "AccessDenied" else 2, again="deleted",
                deletes=True,
            )  # fmt: skip
    yield case("deleting: Delete killed", function("delete", "killed"), "500 internal_error no",
               calls=0, stores=1, again="deleted", deletes=True)  # fmt: skip


CASES = list(_cases())
# A broken answer is one whatever the family; what is filtered is not.
TRIED = [each for each in CASES if WHOLE or each.model == CORE or "filtered" in each.name]


@pytest.fixture(scope="module")
def easel() -> Iterator[LocalClient]:
    def change(document: Document) -> None:
        """Read timeouts, and an end to what lasts, that a test can wait for."""
        drawing_within(12)(document)
        with_variables(MODEL_TIMEOUT_SECONDS=str(READ_TIMEOUT_SECONDS), PICTURE_CHECK_SECONDS="3")(
            document
        )

    with running(change=change) as client:
        yield client


def stores_of(easel: LocalClient, answer: Answer) -> int:
    """How often the task was begun that publishes, shows or deletes."""
    history = easel.history(answer.body.get("execution_arn") or newest_execution(easel))
    begun, task = 0, ""
    for event in history:
        task = event.get("stateEnteredEventDetails", {}).get("name", task)
        begun += event["type"] == "TaskScheduled" and task in ("Store", "Show", "Delete")
    return begun


def found_by(again: Answer) -> str:
    """What the same request got once all was healthy."""
    if again.status != 200:
        return "refused"
    if "deleted" in again.body:
        return "deleted"
    if again.body["image_url"] is None:
        return "no URL"
    return "found" if again.body.get("reused", True) else "drawn"


def newest_execution(easel: LocalClient) -> str:
    """The ARN for an answer that does not tell it."""
    machine = easel.state_machine_arn
    listed = easel.aws("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
    return str(max(listed, key=lambda each: each["startDate"])["executionArn"])


@pytest.mark.parametrize("case", TRIED, ids=[case.name for case in TRIED])
def test_each_fault_has_its_answer(easel: LocalClient, case: Case) -> None:
    def ask() -> Answer:
        if case.deletes:
            return easel.delete(id)
        return easel.look(f"/images/{id}") if case.shown else easel.post(body)

    body = {"prompt": case.name, "seed": 1, "model": case.model}
    id = ""
    if case.shown:
        id = publish_unchecked(easel, f"{case.shown} {case.name}")
    elif case.deletes:
        id = easel.post(body).body["id"]
    before = easel.model_calls()

    easel.plan(*case.faults)
    answer = ask()
    calls = easel.model_calls() - before
    stores = stores_of(easel, answer)
    easel.plan()
    easel.wait_until_bedrock_answers()
    again = ask()

    headers = answer.headers
    outcome = Outcome(
        status=answer.status,
        code="-" if answer.status == 200 else answer.error["code"],
        retry="-" if answer.status == 200 else "yes" if "Retry-After" in headers else "no",
        calls=calls,
        stores=stores,
        again=found_by(again),
        paid=easel.model_calls() - before,
    )
    assert outcome == case.expected
    assert outcome.calls <= 1
    if answer.status != 200:
        assert (headers.get("x-should-retry") == "false") == (outcome.retry == "no")


def test_every_modelled_error_of_invoke_model_is_a_case() -> None:
    assert set(MODELLED) == set(modelled_errors())


def test_every_modelled_error_of_apply_guardrail_is_a_case() -> None:
    assert set(GUARDRAIL) == {*modelled_errors(APPLY_GUARDRAIL), "hang"}


def test_every_family_of_the_catalog_is_a_case() -> None:
    tried = {CATALOG[case.model].family for case in CASES}

    assert tried == {model.family for model in CATALOG.values()}
