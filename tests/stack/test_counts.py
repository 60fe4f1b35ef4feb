"""Several pictures with one request, over the running stack: what fails for one is its own."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from lambdas.common.recipe import Recipe
from lambdas.validate.plan import COUNT_LIMIT
from tests.local_client import LocalClient

NOVA = "amazon.nova-canvas-v1:0"
SMALL = {"model": NOVA, "width": 320, "height": 320}


def order(prompt: str, seed: int = 1, count: int = 4) -> dict[str, Any]:
    return {**SMALL, "prompt": prompt, "seed": seed, "count": count}


def ids_of(easel: LocalClient, prompt: str) -> list[str]:
    """The ids that four pictures of this prompt will have, by the recipe of one that was drawn."""
    drawn = easel.post({**SMALL, "prompt": "a recipe", "seed": 1}).body["id"]
    known = easel.look(f"/images/{drawn}").body["manifest"]["recipe"]
    return [
        Recipe.from_dict({**known, "prompt": prompt, "seed": seed}).id
        for seed in range(1, COUNT_LIMIT + 1)
    ]


def denied(id: str) -> dict[str, Any]:
    return {"at": "PutObject", "kind": "AccessDenied", "times": 9, "key": f"staging/{id}.claim"}


class TestPictures:
    def test_four_are_four_seeds_and_four_pictures(self, easel: LocalClient) -> None:
        calls = easel.model_calls()

        answer = easel.post(order("four", seed=10))

        assert answer.status == 200
        assert answer.body.keys() == {"pictures", "failed", "execution_arn"}
        pictures = answer.body["pictures"]
        assert [picture["seed"] for picture in pictures] == [10, 11, 12, 13]
        assert len({picture["id"] for picture in pictures}) == 4
        assert len({easel.downloaded(picture) for picture in pictures}) == 4
        assert {picture["execution_arn"] for picture in pictures} == {answer.body["execution_arn"]}
        assert answer.body["failed"] == []
        assert easel.model_calls() == calls + 4

    def test_one_of_them_alone_is_the_same_picture_and_costs_nothing(
        self, easel: LocalClient
    ) -> None:
        second = easel.post(order("alone")).body["pictures"][1]
        calls = easel.model_calls()

        alone = easel.post({**SMALL, "prompt": "alone", "seed": second["seed"]}).body

        assert (alone["id"], alone["sha256"]) == (second["id"], second["sha256"])
        assert alone["reused"] is True
        assert easel.model_calls() == calls

    def test_without_a_seed_one_is_drawn_and_the_others_follow(self, easel: LocalClient) -> None:
        request = {**SMALL, "prompt": "whichever", "count": 3}

        pictures = easel.post(request).body["pictures"]

        first = pictures[0]["seed"]
        assert [picture["seed"] for picture in pictures] == [first, first + 1, first + 2]

    def test_a_count_of_one_is_a_plain_picture(self, easel: LocalClient) -> None:
        answer = easel.post(order("one", count=1))

        assert (answer.body["seed"], answer.body["reused"]) == (1, False)

    def test_one_that_is_there_is_reused_and_the_others_are_drawn(self, easel: LocalClient) -> None:
        easel.post({**SMALL, "prompt": "some", "seed": 3})
        calls = easel.model_calls()

        pictures = easel.post(order("some")).body["pictures"]

        assert [picture["reused"] for picture in pictures] == [False, False, True, False]
        assert easel.model_calls() == calls + 3

    def test_all_four_are_drawn_side_by_side(self, easel: LocalClient) -> None:
        easel.fail("slow", times=4, seconds=1)

        began = time.monotonic()
        arn = easel.post(order("at once")).body["execution_arn"]
        seconds = time.monotonic() - began

        types = [event["type"] for event in easel.history(arn)]
        last_start = max(at for at, type in enumerate(types) if type == "MapIterationStarted")
        assert last_start < types.index("MapIterationSucceeded")
        assert 1 < seconds < 3


class TestFailures:
    def test_what_fails_for_one_is_named_and_the_others_are_there(self, easel: LocalClient) -> None:
        easel.fail("filtered")

        answer = easel.post(order("partly"))

        assert answer.status == 200
        (failed,) = answer.body["failed"]
        drawn = [picture["seed"] for picture in answer.body["pictures"]]
        assert sorted([failed["seed"], *drawn]) == [1, 2, 3, 4]
        assert drawn == sorted(drawn)
        assert (failed["status"], failed["error"]["code"]) == (400, "moderation_blocked")
        for picture in answer.body["pictures"]:
            easel.downloaded(picture)

    def test_the_same_again_draws_only_what_failed(self, easel: LocalClient) -> None:
        easel.fail("filtered", times=2)
        easel.post(order("mended"))
        calls = easel.model_calls()

        again = easel.post(order("mended"))

        assert len(again.body["pictures"]) == 4
        assert easel.model_calls() == calls + 2

    def test_a_retry_is_one_pictures_own(self, easel: LocalClient) -> None:
        easel.fail("ThrottlingException")

        answer = easel.post(order("retried"))

        assert [picture["seed"] for picture in answer.body["pictures"]] == [1, 2, 3, 4]

    @pytest.mark.parametrize(
        ("denied_ones", "status", "code"),
        [
            (slice(0, 1), 500, "storage_access_denied"),
            (slice(1, 4), 400, "moderation_blocked"),
        ],
        ids=["storage failed for the first", "the first was filtered"],
    )
    def test_where_all_fail_the_first_ones_error_is_the_answer(
        self, easel: LocalClient, denied_ones: slice, status: int, code: str
    ) -> None:
        prompt = f"none, {code}"
        faults = [denied(id) for id in ids_of(easel, prompt)[denied_ones]]
        easel.plan(*faults, {"at": "InvokeModel", "kind": "filtered", "times": 4})

        answer = easel.post(order(prompt))

        easel.plan()
        assert (answer.status, answer.error["code"]) == (status, code)
        assert answer.headers["x-should-retry"] == "false"
        assert answer.body["execution_arn"]

    @pytest.mark.parametrize("count", [0, 5, -1, 1.5, "2", True, [2]], ids=str)
    def test_another_count_is_a_400(self, easel: LocalClient, count: Any) -> None:
        answer = easel.post({"prompt": "x", "count": count})

        assert (answer.status, answer.error["param"]) == (400, "count")

    def test_seeds_do_not_go_beyond_the_models_last(self, easel: LocalClient) -> None:
        answer = easel.post({**order("last", seed=2_147_483_645), "count": 3})

        assert (answer.status, answer.error["param"]) == (400, "seed")


class TestOthersAtTheSameTime:
    def test_a_key_gives_the_same_pictures_once(self, easel: LocalClient) -> None:
        request = {**SMALL, "prompt": "keyed", "count": 3}
        headers = {"Idempotency-Key": "several-1"}
        calls = easel.model_calls()

        first, second = (easel.post(request, headers=headers).body for _ in range(2))

        assert [picture["id"] for picture in first["pictures"]] == [
            picture["id"] for picture in second["pictures"]
        ]
        assert [picture["reused"] for picture in second["pictures"]] == [True] * 3
        assert easel.model_calls() == calls + 3

    def test_another_count_under_a_key_is_a_422(self, easel: LocalClient) -> None:
        headers = {"Idempotency-Key": "several-2"}
        easel.post({**SMALL, "prompt": "keyed", "count": 2}, headers=headers)

        answer = easel.post({**SMALL, "prompt": "keyed", "count": 3}, headers=headers)

        assert (answer.status, answer.error["code"]) == (422, "idempotency_key_reused")

    def test_one_that_another_request_draws_is_waited_for(self, easel: LocalClient) -> None:
        calls = easel.model_calls()
        easel.fail("slow", seconds=2)

        with ThreadPoolExecutor(1) as callers:
            other = callers.submit(easel.post, {**SMALL, "prompt": "shared", "seed": 2})
            while easel.model_calls() == calls:
                time.sleep(0.02)
            pictures = easel.post(order("shared")).body["pictures"]

        assert [picture["seed"] for picture in pictures] == [1, 2, 3, 4]
        assert pictures[1]["sha256"] == other.result().body["sha256"]
        assert easel.model_calls() == calls + 4

    def test_two_requests_for_the_same_four_make_four_calls(self, easel: LocalClient) -> None:
        calls = easel.model_calls()

        with ThreadPoolExecutor(2) as callers:
            answers = list(callers.map(easel.post, [order("both")] * 2))

        first, second = (
            [picture["sha256"] for picture in answer.body["pictures"]] for answer in answers
        )
        assert (len(first), first) == (4, second)
        assert easel.model_calls() == calls + 4

    def test_one_that_another_request_never_finishes_is_a_409_and_the_others_are_there(
        self, easel: LocalClient
    ) -> None:
        claimed = ids_of(easel, "claimed")[1]
        easel.put_object(f"staging/{claimed}.claim", b"another's")

        answer = easel.post(order("claimed"))

        assert [picture["seed"] for picture in answer.body["pictures"]] == [1, 3, 4]
        (failed,) = answer.body["failed"]
        assert (failed["seed"], failed["status"]) == (2, 409)
        assert failed["error"]["code"] == "being_drawn"
