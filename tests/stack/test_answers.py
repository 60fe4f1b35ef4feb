"""The real state machine with the real functions: every error of a model ends in its answer."""

import re
from collections.abc import Iterator

import pytest

from tests.local_client import LocalClient, drawing_within, running


@pytest.fixture(scope="module")
def easel() -> Iterator[LocalClient]:
    with running(change=drawing_within(10)) as client:
        yield client


def event_types(easel: LocalClient, execution_arn: str) -> list[str]:
    return [event["type"] for event in easel.history(execution_arn)]


def test_a_picture_takes_four_tasks(easel: LocalClient) -> None:
    answer = easel.post({"prompt": "four tasks", "seed": 1})

    history = easel.history(answer.body["execution_arn"])
    entered = [
        event["stateEnteredEventDetails"]["name"]
        for event in history
        if event["type"] == "TaskStateEntered"
    ]
    assert entered == ["Validate", "CheckPrompt", "Generate", "Store"]
    assert history[-1]["type"] == "ExecutionSucceeded"


@pytest.mark.parametrize(
    ("kind", "status", "code", "retries"),
    [
        ("AccessDeniedException", 500, "model_access_denied", 0),
        ("ModelErrorException", 502, "model_error", 0),
        ("ModelTimeoutException", 504, "timeout", 0),
        ("ResourceNotFoundException", 404, "model_not_found", 0),
        ("ServiceQuotaExceededException", 429, "quota_exceeded", 0),
        ("ValidationException", 400, "invalid_value", 0),
        ("filtered", 400, "moderation_blocked", 0),
    ],
)
def test_what_a_retry_does_not_mend_is_answered_at_once(
    easel: LocalClient, kind: str, status: int, code: str, retries: int
) -> None:
    easel.fail(kind)

    answer = easel.post({"prompt": f"fails with {kind}", "seed": 1})

    assert (answer.status, answer.error["code"]) == (status, code)
    assert answer.headers["x-should-retry"] == "false"
    failed = event_types(easel, answer.body["execution_arn"]).count("TaskFailed")
    assert failed == retries + 1


@pytest.mark.parametrize(
    "kind",
    [
        "ThrottlingException",
        "ModelNotReadyException",
        "ServiceUnavailableException",
        "InternalServerException",
    ],
)
def test_a_passing_fault_is_retried_and_paid_once(easel: LocalClient, kind: str) -> None:
    before = easel.model_calls()
    easel.fail(kind)

    answer = easel.post({"prompt": f"survives {kind}", "seed": 1})

    assert answer.status == 200
    assert easel.model_calls() == before + 1


def test_two_throttles_show_as_two_failures_of_one_task(easel: LocalClient) -> None:
    easel.fail("ThrottlingException", times=2)

    answer = easel.post({"prompt": "throttled twice", "seed": 1})

    history = easel.history(answer.body["execution_arn"])
    failures = [event for event in history if event["type"] == "TaskFailed"]
    assert answer.status == 200
    assert [event["taskFailedEventDetails"]["error"] for event in failures] == [
        "ThrottledError",
        "ThrottledError",
    ]


def test_throttling_that_lasts_is_a_429_that_says_when_to_retry(easel: LocalClient) -> None:
    easel.fail("ThrottlingException", times=99)

    answer = easel.post({"prompt": "throttled for long", "seed": 1})

    assert (answer.status, answer.error["code"]) == (429, "rate_limit_exceeded")
    assert int(answer.headers["Retry-After"]) > 0
    assert "x-should-retry" not in answer.headers
    assert easel.history(answer.body["execution_arn"])[-1]["type"] == "ExecutionFailed"


def test_what_the_caller_can_mend_is_no_failed_execution(easel: LocalClient) -> None:
    answer = easel.post({"prompt": ""})

    assert answer.status == 400
    assert event_types(easel, answer.body["execution_arn"])[-1] == "ExecutionSucceeded"


def test_a_filtered_picture_is_nowhere_in_the_bucket(easel: LocalClient) -> None:
    before = easel.object_keys()
    easel.fail("filtered")

    easel.post({"prompt": "filtered and gone", "seed": 1})

    assert easel.object_keys() == before


def test_no_answer_tells_of_the_inside(easel: LocalClient) -> None:
    easel.fail("ModelErrorException")

    content = easel.post({"prompt": "tells nothing", "seed": 1}).content.decode()

    for inside in ("Traceback", "stackTrace", "lambdas/", "as was asked for", "boto"):
        assert inside not in content


def test_a_rerun_that_was_paid_and_not_stored_is_found_by_the_key_that_its_answer_names(
    easel: LocalClient,
) -> None:
    first = easel.post({"prompt": "drawn again", "seed": 5}).body["id"]
    before = easel.model_calls()
    easel.fail("SlowDown", at="PutObject", times=9, key="output-images/*")

    failed = easel.post({}, path=f"/images/{first}/rerun")
    easel.plan()
    found = re.search(r"Its Idempotency-Key is ([0-9a-f]{32})\.", failed.error["message"])
    assert found is not None
    again = easel.post({}, path=f"/images/{first}/rerun", headers={"Idempotency-Key": found[1]})

    assert (failed.status, failed.error["code"]) == (503, "storage_unavailable")
    assert (again.status, again.body["reused"]) == (200, True)
    assert again.body["rerun"]["verdict"] == "identical_bytes"
    assert easel.model_calls() == before + 1


def test_four_of_the_longest_prompts_are_drawn(easel: LocalClient) -> None:
    answer = easel.post(
        {"prompt": "\u7f8a" * 10_000, "negative_prompt": "\u72fc" * 10_000, "seed": 1, "count": 4}
    )

    assert answer.status == 200
    assert [picture["seed"] for picture in answer.body["pictures"]] == [1, 2, 3, 4]


def test_a_number_of_many_digits_is_refused_by_name(easel: LocalClient) -> None:
    answer = easel.post(b'{"prompt": "a", "seed": 1' + b"0" * 400 + b"}")

    assert (answer.status, answer.error["param"]) == (400, "seed")
