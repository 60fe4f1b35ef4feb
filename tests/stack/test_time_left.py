"""Attempts at drawing on the running state machine: as many as there is time for, by nobody's sleep
but the workflow's own."""

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from tests.local_client import LocalClient
from tests.share import share

SLOW = [
    *({"at": name, "kind": "slow", "times": 99, "seconds": 0.7}
      for name in ("validate", "generate", "store")),
    {"at": "ApplyGuardrail", "kind": "hang", "times": 99, "seconds": 0.7},
]  # fmt: skip


@pytest.mark.parametrize("slow", [[], SLOW], ids=["at once", "each call 700 ms late"])
def test_throttled_four_times_then_a_picture(easel: LocalClient, slow: list[Any]) -> None:
    calls = easel.model_calls()
    easel.plan({"at": "InvokeModel", "kind": "ThrottlingException", "times": 4}, *slow)

    answer = easel.post({"prompt": f"patient {len(slow)}", "seed": 1})

    easel.plan()
    assert (answer.status, easel.model_calls() - calls) == (200, 1)
    entered = [
        event["stateEnteredEventDetails"]["name"]
        for event in easel.history(answer.body["execution_arn"])
        if "stateEnteredEventDetails" in event
    ]
    assert Counter(entered)["Generate"] == 5
    assert Counter(entered)["Wait"] == 4


def test_lasting_throttling_is_a_429_when_no_call_could_end_in_time_and_not_before(
    easel: LocalClient,
) -> None:
    easel.fail("ThrottlingException", times=99)

    began = time.monotonic()
    answer = easel.post({"prompt": "in vain", "seed": 1})
    seconds = time.monotonic() - began

    easel.plan()
    assert (answer.status, answer.headers["Retry-After"]) == (429, "5")
    # Of 19 seconds, a call usually takes 5; a function starts in 1, and no wait is above 3.
    assert 19 - 6 - 3 <= seconds < 19 - 6 + 1


def test_equal_executions_and_others_at_once_all_get_theirs(easel: LocalClient) -> None:
    """Many of one picture, started directly, beside four others, at the default concurrency."""
    many = share(16, least=8)
    states = easel.aws("stepfunctions")
    calls = easel.model_calls()
    easel.fail("slow", times=99, seconds=3)

    def ended(seed: int) -> dict[str, Any]:
        request = {"request": {"prompt": "wanted by many", "seed": seed}}
        arn = states.start_execution(
            stateMachineArn=easel.state_machine_arn, name=str(uuid4()), input=json.dumps(request)
        )["executionArn"]
        for _ in range(120):
            described = states.describe_execution(executionArn=arn)
            if described["status"] != "RUNNING":
                return dict(json.loads(described.get("output") or described["cause"]))
            time.sleep(0.25)  # to ask is work, which the executions need
        raise AssertionError("it does not end")

    with ThreadPoolExecutor(20) as callers:
        answers = list(callers.map(ended, [1] * many + [2, 3, 4, 5]))

    easel.plan()
    equal, others = answers[:many], answers[many:]
    assert {answer["statusCode"] for answer in equal} <= {200, 409}
    assert all("Retry-After" in each["headers"] for each in equal if each["statusCode"] == 409)
    assert any(answer["statusCode"] == 200 for answer in equal)
    assert [answer["statusCode"] for answer in others] == [200] * 4
    assert easel.model_calls() - calls == 5
