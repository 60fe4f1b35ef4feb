"""Pictures drawn again, over the running stack: verdicts, fresh URLs, and records of older days."""

import hashlib
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from easel.picture_file import read_recipe
from tests.local_client import Answer, LocalClient, running, with_variables

FIXTURES = Path(__file__).parents[1] / "fixtures"
RECORD = "recipe_version_1"

CORE = "stability.stable-image-core-v1:1"
SDXL = "stability.stable-diffusion-xl-v1"
UNKNOWN = "0" * 32
URL_SECONDS = 3

REQUESTS: dict[str, dict[str, Any]] = {
    "Stability Image, PNG": {"prompt": "again", "seed": 1},
    "Stability Image, JPEG": {"prompt": "again", "seed": 1, "output_format": "jpeg"},
    "SDXL": {"prompt": "again", "seed": 1, "model": SDXL, "style_preset": "anime"},
    "Titan": {
        "prompt": "again",
        "seed": 1,
        "model": "amazon.titan-image-generator-v2:0",
        "width": 512,
        "height": 512,
    },
    "Nova Canvas": {
        "prompt": "again",
        "seed": 1,
        "model": "amazon.nova-canvas-v1:0",
        "width": 320,
        "height": 320,
    },
}
SMALL = REQUESTS["Nova Canvas"]
MODEL_FIELDS = ("sha256", "pixels_sha256")
NEW_FIELDS = ("index_key", "rerun_of", "recipe_in_picture")


@pytest.fixture(scope="module")
def strict() -> Iterator[LocalClient]:
    """Serves no retired models, and signs URLs for a few seconds."""
    changed = with_variables(ALLOW_RETIRED_MODELS="false", URL_EXPIRES_SECONDS=str(URL_SECONDS))
    with running(change=changed) as client:
        yield client


def manifest_of(easel: LocalClient, id: str) -> dict[str, Any]:
    return dict(easel.look(f"/images/{id}").body["manifest"])


def record_of_the_first_days() -> dict[str, Any]:
    return dict(json.loads((FIXTURES / f"{RECORD}.json").read_bytes()))


def put_record(easel: LocalClient) -> dict[str, Any]:
    """The record of a retired model, and its picture, as they once were published."""
    manifest = record_of_the_first_days()
    easel.put_object(f"output-images/{manifest['id']}.json", json.dumps(manifest).encode())
    easel.put_object(manifest["key"], (FIXTURES / f"{RECORD}.png").read_bytes())
    return manifest


class TestVerdicts:
    @pytest.mark.parametrize(
        ("fault", "verdict"),
        [(None, "identical_bytes"), ("reencoded", "identical_pixels"), ("drift", "different")],
        ids=["as before", "reencoded", "drift"],
    )
    @pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
    def test_both_pictures_are_there_and_the_verdict_is_theirs(
        self, easel: LocalClient, request_: dict[str, Any], fault: str | None, verdict: str
    ) -> None:
        first = easel.post(request_).body
        before = easel.downloaded(first)
        calls = easel.model_calls()
        if fault:
            easel.fail(fault)

        again = easel.rerun(first["id"])

        assert again.status == 200, again.content
        assert again.body["rerun"] == {
            "of": first["id"],
            "verdict": verdict,
            "model": first["model"],
        }
        assert again.body["id"] != first["id"]
        assert again.body["seed"] == first["seed"]
        assert again.body["reused"] is False
        assert easel.model_calls() == calls + 1
        drawn = easel.downloaded(again.body)
        assert (drawn == before) is (verdict == "identical_bytes")
        assert easel.downloaded(first) == before

    def test_the_first_record_stays_and_the_second_names_it(self, easel: LocalClient) -> None:
        first = easel.post(SMALL).body
        before = easel.look(f"/images/{first['id']}").body["manifest"]
        easel.fail("drift")

        again = easel.rerun(first["id"]).body

        assert manifest_of(easel, first["id"]) == before
        assert before["rerun_of"] is None
        second = manifest_of(easel, again["id"])
        assert second["rerun_of"] == {
            "id": first["id"],
            "verdict": "different",
            "model": first["model"],
        }
        assert second["recipe"] == before["recipe"]

    def test_the_same_request_still_finds_the_first(self, easel: LocalClient) -> None:
        first = easel.post(SMALL).body
        easel.fail("drift")
        easel.rerun(first["id"])

        same = easel.post(SMALL).body

        assert (same["id"], same["sha256"], same["reused"]) == (first["id"], first["sha256"], True)

    def test_a_rerun_can_be_drawn_again(self, easel: LocalClient) -> None:
        easel.fail("drift")
        first = easel.rerun(easel.post(SMALL).body["id"]).body

        second = easel.rerun(first["id"]).body

        assert second["rerun"]["of"] == first["id"]
        assert second["rerun"]["verdict"] == "different"

    def test_a_picture_that_was_deleted_is_compared_by_its_record(self, easel: LocalClient) -> None:
        first = easel.post({**SMALL, "seed": 2}).body
        easel.delete_objects(manifest_of(easel, first["id"])["key"])

        shown, again = easel.look(f"/images/{first['id']}"), easel.rerun(first["id"])

        assert (shown.status, shown.body["image_url"], shown.body["expires_at"]) == (
            200,
            None,
            None,
        )
        assert again.body["rerun"]["verdict"] == "identical_bytes"

    def test_another_model_draws_on_purpose_and_it_is_said(self, easel: LocalClient) -> None:
        first = easel.post(REQUESTS["SDXL"]).body

        again = easel.rerun(first["id"], {"model": CORE}).body

        assert again["model"] == CORE
        assert again["rerun"] == {"of": first["id"], "verdict": "different", "model": SDXL}


class TestRefusals:
    def test_an_unknown_id_is_a_404(self, easel: LocalClient) -> None:
        for answer in (easel.rerun(UNKNOWN), easel.look(f"/images/{UNKNOWN}")):
            assert (answer.status, answer.error["code"]) == (404, "picture_not_found")

    @pytest.mark.parametrize(
        "id", ["x", "0" * 31, "0" * 33, "F" * 32, "%22%7D", "%E7%81%AF", "$x", "a'b@@"]
    )
    def test_a_malformed_id_is_a_400(self, easel: LocalClient, id: str) -> None:
        for answer in (easel.rerun(id), easel.look(f"/images/{id}")):
            assert (answer.status, answer.error["param"]) == (400, "id")

    @pytest.mark.parametrize(
        ("body", "param"),
        [
            ({"seed": 1}, "seed"),
            ({"prompt": "another"}, "prompt"),
            ({"recipe_in_picture": "yes"}, "recipe_in_picture"),
            ({"model": 1}, "model"),
            (b"[]", "body"),
            (b"{", "body"),
        ],
        ids=str,
    )
    def test_a_rerun_takes_a_model_and_nothing_else(
        self, easel: LocalClient, body: Any, param: str
    ) -> None:
        first = easel.post(SMALL).body

        answer = easel.rerun(first["id"], body)

        assert (answer.status, answer.error["param"]) == (400, param)

    def test_an_unknown_model_is_a_404(self, easel: LocalClient) -> None:
        first = easel.post(SMALL).body

        answer = easel.rerun(first["id"], {"model": "nope"})

        assert (answer.status, answer.error["code"]) == (404, "model_not_found")

    def test_a_key_is_needed(self, easel: LocalClient) -> None:
        answer = easel.rerun(UNKNOWN, headers={"x-api-key": ""})

        assert (answer.status, answer.error["code"]) == (403, "invalid_api_key")


class TestIdempotency:
    def test_without_a_key_each_rerun_is_one_of_its_own(self, easel: LocalClient) -> None:
        first = easel.post(SMALL).body

        reruns = [easel.rerun(first["id"]).body["id"] for _ in range(2)]

        assert len({first["id"], *reruns}) == 3

    def test_the_same_key_is_the_same_rerun_and_one_call(self, easel: LocalClient) -> None:
        first = easel.post(SMALL).body
        calls = easel.model_calls()

        answers = [
            easel.rerun(first["id"], headers={"Idempotency-Key": "again-1"}).body for _ in range(2)
        ]

        assert answers[0]["id"] == answers[1]["id"]
        assert answers[0]["rerun"] == answers[1]["rerun"]
        assert [answer["reused"] for answer in answers] == [False, True]
        assert easel.model_calls() == calls + 1

    def test_two_with_one_key_at_the_same_moment_make_one_call(self, easel: LocalClient) -> None:
        first = easel.post(SMALL).body
        calls = easel.model_calls()

        def rerun(_: int) -> Answer:
            return easel.rerun(first["id"], headers={"Idempotency-Key": "again-2"})

        with ThreadPoolExecutor(2) as callers:
            answers = list(callers.map(rerun, range(2)))

        assert [answer.status for answer in answers] == [200, 200]
        assert len({answer.body["id"] for answer in answers}) == 1
        assert easel.model_calls() == calls + 1

    def test_another_rerun_under_a_key_is_a_422(self, easel: LocalClient) -> None:
        first, other = (easel.post({**SMALL, "seed": seed}).body["id"] for seed in (3, 4))
        headers = {"Idempotency-Key": "again-3"}
        easel.rerun(first, headers=headers)

        answers = [
            easel.rerun(other, headers=headers),
            easel.rerun(first, {"model": CORE}, headers=headers),
            easel.post(SMALL, headers=headers),
        ]

        assert {(answer.status, answer.error["code"]) for answer in answers} == {
            (422, "idempotency_key_reused")
        }


class TestUrls:
    def test_past_its_expiry_a_url_is_refused_and_a_fresh_one_opens(
        self, strict: LocalClient
    ) -> None:
        drawn = strict.post({"prompt": "expiring", "seed": 1}).body
        opened = strict.get(drawn["image_url"])
        time.sleep(URL_SECONDS + 1)
        late = strict.get(drawn["image_url"])
        fresh = strict.get(strict.look(f"/images/{drawn['id']}").body["image_url"])

        assert (opened.status, late.status, fresh.status) == (200, 403, 200)
        assert fresh.content == opened.content


class TestOlderRecords:
    """Manifests of the first days know neither digests of the model's own bytes nor reruns."""

    def test_the_first_record_is_shown(self, easel: LocalClient) -> None:
        manifest = put_record(easel)

        shown = easel.look(f"/images/{manifest['id']}")

        # The guardrail, which there was not in those days, checked the file, which is not quite the
        # one that the record is of.
        changed = {name for name in manifest if shown.body["manifest"][name] != manifest[name]}
        assert changed == {"guardrail", "key", "sha256", "size"}
        picture = easel.get(shown.body["image_url"]).content
        assert picture == (FIXTURES / f"{RECORD}.png").read_bytes()

    def test_the_first_record_is_drawn_again(self, easel: LocalClient) -> None:
        manifest = put_record(easel)

        again = easel.rerun(manifest["id"])

        assert again.status == 200, again.content
        assert again.body["rerun"]["of"] == manifest["id"]
        assert manifest_of(easel, again.body["id"])["recipe"] == manifest["recipe"]

    @pytest.mark.parametrize("extension", ["png", "jpg"])
    def test_the_recipe_in_an_old_picture_gives_its_id(
        self, easel: LocalClient, extension: str
    ) -> None:
        recipe = read_recipe(FIXTURES / f"{RECORD}.{extension}")

        answer = easel.post({"recipe": recipe})

        assert answer.body["id"] == record_of_the_first_days()["id"]

    @pytest.mark.parametrize(
        ("fault", "verdict"),
        [(None, "identical_bytes"), ("reencoded", "identical_pixels"), ("drift", "different")],
        ids=["as before", "reencoded", "drift"],
    )
    @pytest.mark.parametrize("output_format", ["png", "jpeg"])
    def test_an_old_record_is_compared_by_its_published_file(
        self, easel: LocalClient, output_format: str, fault: str | None, verdict: str
    ) -> None:
        first = easel.post(
            {
                "prompt": f"old {fault}",
                "seed": 5,
                "output_format": output_format,
                "recipe_in_picture": False,
            }
        ).body
        manifest = manifest_of(easel, first["id"])
        old = {name: value for name, value in manifest.items() if name not in NEW_FIELDS}
        old["model"] = {
            name: value for name, value in old["model"].items() if name not in MODEL_FIELDS
        }
        easel.put_object(f"output-images/{first['id']}.json", json.dumps(old).encode())
        if fault:
            easel.fail(fault)

        again = easel.rerun(first["id"]).body

        assert again["rerun"]["verdict"] == verdict

    def test_an_old_record_without_its_picture_is_compared_by_its_sha256(
        self, easel: LocalClient
    ) -> None:
        first = easel.post({**SMALL, "seed": 6, "recipe_in_picture": False}).body
        manifest = manifest_of(easel, first["id"])
        for name in MODEL_FIELDS:
            del manifest["model"][name]
        easel.put_object(f"output-images/{first['id']}.json", json.dumps(manifest).encode())
        easel.delete_objects(manifest["key"])

        verdicts = []
        for fault in (None, "reencoded"):
            if fault:
                easel.fail(fault)
            verdicts.append(easel.rerun(first["id"]).body["rerun"]["verdict"])

        assert verdicts == ["identical_bytes", "different"]

    def test_an_old_refusal_has_nothing_to_compare_with(self, easel: LocalClient) -> None:
        manifest = {**record_of_the_first_days(), "id": "1" * 32, "key": None}
        for name in ("content_type", "output_format", "width", "height", "size", "sha256"):
            del manifest[name]
        easel.put_object(f"output-images/{'1' * 32}.json", json.dumps(manifest).encode())

        shown, again = easel.look(f"/images/{'1' * 32}"), easel.rerun("1" * 32)

        assert (shown.status, shown.body["image_url"]) == (200, None)
        assert (again.status, again.body["rerun"]["verdict"]) == (200, "different")


class TestRetiredModels:
    def test_a_rerun_is_a_410_that_names_the_successor(self, strict: LocalClient) -> None:
        manifest = put_record(strict)
        calls = strict.model_calls()

        for body in ({}, {"model": SDXL}):
            answer = strict.rerun(manifest["id"], body)
            assert (answer.status, answer.error["code"]) == (410, "model_retired")
            assert "stability.stable-image" in answer.error["message"]
        assert strict.model_calls() == calls

    def test_its_picture_and_its_record_are_still_shown(self, strict: LocalClient) -> None:
        manifest = put_record(strict)

        shown = strict.look(f"/images/{manifest['id']}").body

        content = strict.get(shown["image_url"]).content
        assert (
            hashlib.sha256(content).hexdigest()
            == hashlib.sha256((FIXTURES / f"{RECORD}.png").read_bytes()).hexdigest()
        )

    def test_another_model_is_taken_on_purpose(self, strict: LocalClient) -> None:
        manifest = put_record(strict)

        again = strict.rerun(manifest["id"], {"model": CORE})

        assert again.status == 200, again.content
        assert again.body["rerun"] == {"of": manifest["id"], "verdict": "different", "model": SDXL}
        recipe = manifest_of(strict, again.body["id"])["recipe"]
        assert (recipe["model"], recipe["seed"]) == (CORE, manifest["recipe"]["seed"])
        assert recipe["prompt"] == manifest["recipe"]["prompt"]
        assert recipe["parameters"]["aspect_ratio"] == "1:1"
