"""Whatever happens, and in whatever order: what is handed out is what the present guardrail passed,
and what was deleted is gone.

Plans, drawing, publishing, showing, listing and deleting are the functions' own; S3 is in memory,
and the model and the guardrail do as they are told.
"""

import base64
import hashlib
import io
import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from PIL import Image

from lambdas.common.bucket import Bucket
from lambdas.common.errors import (
    EaselError,
    GuardrailUnavailableError,
    PictureBlockedError,
    PictureNotFoundError,
)
from lambdas.common.keys import manifest_key, staging_key
from lambdas.common.manifest import manifest_of
from lambdas.common.recipe import Recipe
from lambdas.delete.deleting import delete
from lambdas.generate import drawing
from lambdas.generate.draw_lock import DrawLock
from lambdas.picture import parse
from lambdas.store.checking import Dependencies
from lambdas.store.guardrail import Guardrail
from lambdas.store.presigner import Presigner
from lambdas.store.publishing import Execution, Publication, publish
from lambdas.store.showing import show
from lambdas.validate.plan import Plan, read_plan
from lambdas.validate.reruns import read_rerun
from tests.environments import VALIDATE
from tests.lambdas.fake_s3 import CrashError, Crashing, FakeS3
from tests.lambdas.side_by_side import ORDERS, SideBySide
from tests.lambdas.test_pictures import listed
from tests.share import share

STEPS = 50
EXAMPLES = share(1_000)

CALLER = {"owner": "o", "visibility": "team"}
EXECUTION = Execution("arn:aws:states:eu-west-1:1:express:easel:a:b", "2026-11-20T10:00:00.500Z")
COLOURS = ("red", "green", "blue")


def painted(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (2, 2), colour).save(out, "png")
    return out.getvalue()


PICTURES = {colour: painted(colour) for colour in COLOURS}


class Model:
    """Draws one of three pictures for each seed, until it drifts: then another one."""

    def __init__(self) -> None:
        self.drift = 0

    def invoke(self, model: str, body: Mapping[str, Any]) -> dict[str, object]:
        colour = COLOURS[(body["seed"] + self.drift) % len(COLOURS)]
        encoded = base64.b64encode(PICTURES[colour]).decode()
        return {"seeds": [body["seed"]], "finish_reasons": [None], "images": [encoded]}


class Versioned(Guardrail):
    """A guardrail's version, which blocks some pictures and remembers those that it passed."""

    def __init__(self, version: int, blocked: frozenset[str]) -> None:
        nobody: Any = None
        super().__init__("guardrail", str(version), nobody)
        self.__dict__.update(
            blocked={PICTURES[colour] for colour in blocked}, passed=set(), is_down=False
        )

    def blocks(self, picture: bytes, output_format: str) -> str | None:
        known: dict[str, Any] = self.__dict__
        if known["is_down"]:
            raise GuardrailUnavailableError
        if picture in known["blocked"]:
            return "its word policy"
        known["passed"].add(picture)
        return None


crashes = st.none() | st.tuples(st.integers(1, 22), st.booleans())
orders = st.sampled_from(ORDERS)
seeds = st.integers(1, 2)


class Requests(RuleBasedStateMachine):
    steps = 0

    def __init__(self) -> None:
        super().__init__()
        s3: Any = Crashing(FakeS3())
        self.s3 = s3
        self.bucket = Bucket("pictures", self.s3)
        self.model = Model()
        self.guardrail: Any = Versioned(1, frozenset())
        self.now = datetime(2026, 11, 20, 10, tzinfo=UTC)
        self.ids = ["0" * 32]

    @rule(seed=seeds, in_picture=st.booleans(), down=st.booleans(), crash=crashes, order=orders)
    def draw(self, seed: int, in_picture: bool, down: bool, crash: Any, order: str) -> None:
        body = {"prompt": "a cat", "seed": seed, "recipe_in_picture": in_picture}
        plan = read_plan(body, owner="o", environment=VALIDATE, draw_seed=lambda limit: limit)
        self.finish(plan, down=down, crash=crash, order=order)

    @rule(
        number=st.integers(0, 9), key=st.sampled_from("ab"), down=st.booleans(), crash=crashes,
        order=orders,
    )  # fmt: skip
    def rerun(self, number: int, key: str, down: bool, crash: Any, order: str) -> None:
        id = self.ids[number % len(self.ids)]
        with suppress(PictureNotFoundError):
            manifest = manifest_of(id, self.bucket, **CALLER)
            plan = read_rerun(
                {},
                manifest=manifest,
                owner="o",
                key=key,
                is_own_key=True,
                environment=VALIDATE,
            )
            self.finish(plan, down=down, crash=crash, order=order)

    def finish(self, plan: Plan, *, down: bool, crash: Any, order: str) -> None:
        """Generates and stores the picture of a plan, and opens what it is said to be."""
        (picture,) = plan.pictures
        id, recipe = picture.id, plan.recipe
        if id not in self.ids:
            self.ids.append(id)

        def drawn_and_published(deps: Dependencies) -> Any:
            publication = Publication(
                id=id,
                recipe=recipe,
                rerun=picture.rerun,
                recipe_in_picture=plan.recipe_in_picture,
                owner=plan.owner,
                source=drawing.draw(recipe, self.drawing(order), id=id),
                execution=EXECUTION,
            )
            return publish(publication, deps)

        answer = self.asked(drawn_and_published, id=id, down=down, crash=crash, order=order)
        if answer:
            self.opened(answer["image_url"], answer["sha256"])

    @rule(number=st.integers(0, 9), down=st.booleans(), crash=crashes)
    def show(self, number: int, down: bool, crash: Any) -> None:
        id = self.ids[number % len(self.ids)]
        answer = self.asked(
            lambda deps: show(id, deps, **CALLER), id=id, down=down, crash=crash, order="at once"
        )
        if answer and answer["image_url"]:
            self.opened(answer["image_url"], answer["manifest"]["sha256"])

    @rule(number=st.integers(0, 9), crash=crashes)
    def delete(self, number: int, crash: Any) -> None:
        """What broke off ends when it is repeated. An entry of the index that the operator's own
        deletions left goes with the next list."""
        id = self.ids[number % len(self.ids)]
        was_there = self.bucket.has(manifest_key(id))

        def deleted() -> Any:
            return delete(id, self.bucket, **CALLER, execution_arn="")

        if crash:
            self.s3.crash_at(crash[0], after=crash[1])
        try:
            deleted()
        except PictureNotFoundError:
            assert not was_there
        except CrashError:
            self.s3.crash_at(None)
            with suppress(PictureNotFoundError):
                deleted()
        finally:
            self.s3.crash_at(None)
        if was_there:
            left = {each.key for each in self.s3.versions if id in each.key}
            assert not [key for key in left if not key.startswith("index")]

    @rule()
    def list_pictures(self) -> None:
        for picture in listed({}, self.bucket)["pictures"]:
            assert picture["id"] in self.ids
            assert "https" not in json.dumps(picture)

    @rule(blocked=st.frozensets(st.sampled_from(COLOURS)))
    def change_the_guardrail(self, blocked: frozenset[str]) -> None:
        self.guardrail = Versioned(int(self.guardrail.version) + 1, blocked)

    @rule()
    def the_model_drifts(self) -> None:
        self.model.drift += 1

    @rule()
    def what_is_staged_expires(self) -> None:
        for id in self.ids:
            for key in (staging_key(id), f"{staging_key(id)}.claim"):
                if self.bucket.has(key):
                    self.bucket.delete(key)

    @rule(number=st.integers(0, 9), what=st.sampled_from(["manifest", "file"]))
    def the_operator_deletes(self, number: int, what: str) -> None:
        id = self.ids[number % len(self.ids)]
        with suppress(PictureNotFoundError):
            key = (
                manifest_key(id)
                if what == "manifest"
                else manifest_of(id, self.bucket, **CALLER)["key"]
            )
            if key:
                self.bucket.delete(key)

    @rule(seed=seeds, colour=st.sampled_from(COLOURS))
    def an_older_version_published(self, seed: int, colour: str) -> None:
        """Other bytes than those that it checked, which its manifest names."""
        recipe = Recipe(
            VALIDATE.default_model, "older", "", seed,
            {"aspect_ratio": "1:1", "output_format": "png"},
        )  # fmt: skip
        id, key = recipe.id, f"output-images/{recipe.id}.png"
        manifest = {
            "id": id, "recipe": recipe.to_dict(), "model": {}, "rerun_of": None, "key": key,
            "guardrail": {"id": "guardrail", "version": self.guardrail.version, "blocked_by": None},
            "content_type": "image/png", "output_format": "png", "width": 2, "height": 2,
            "sha256": hashlib.sha256(PICTURES[colour]).hexdigest(),
        }  # fmt: skip
        if id not in self.ids:
            self.ids.append(id)
            self.bucket.put_once(key, PICTURES[colour], content_type="image/png")
            content = json.dumps(manifest).encode()
            self.bucket.put_once(manifest_key(id), content, content_type="application/json")

    @invariant()
    def what_a_guardrail_blocked_is_gone_in_all_versions(self) -> None:
        Requests.steps += 1
        for id in self.ids:
            with suppress(PictureNotFoundError):
                if self.is_blocked(manifest_of(id, self.bucket, **CALLER)):
                    files = {parse(file).without_recipe().content for file in self.files(id)}
                    assert not files & self.guardrail.blocked

    def is_blocked(self, manifest: Mapping[str, Any]) -> bool:
        found = manifest["guardrail"]
        return manifest["key"] is None and found["version"] == self.guardrail.version

    def files(self, id: str) -> list[bytes]:
        """Every version of every file of a picture."""
        return [
            each.content
            for each in self.s3.versions
            if each.content and each.key.startswith(f"output-images/{id}")
            if not each.key.endswith(".json")
        ]

    def drawing(self, order: str) -> drawing.Dependencies:
        self.now += timedelta(seconds=1)
        lock = DrawLock(self.bucket, lifetime=timedelta(seconds=1), holder="a", began_at=self.now)
        return drawing.Dependencies(
            bucket=self.bucket,
            models=self.model,
            lock=lock,
            draw_until=self.now + timedelta(seconds=20),
            call_seconds=10,
            remaining_seconds=lambda: 100,
            now=lambda: self.now,
            sleep=lambda seconds: None,
            threads=partial(SideBySide, order),
        )

    def asked(self, ask: Any, *, id: str, down: bool, crash: Any, order: str) -> Any:
        """The 200's answer, or None. A function that crashes or fails gives none."""
        presigner, threads = Presigner("pictures", self.s3, 600), partial(SideBySide, order)
        self.guardrail.__dict__["is_down"] = down
        if crash:
            self.s3.crash_at(crash[0], after=crash[1])
        try:
            return ask(Dependencies(self.bucket, self.guardrail, presigner, self.now, threads))
        except PictureBlockedError:
            self.s3.crash_at(None)
            assert self.is_blocked(manifest_of(id, self.bucket, **CALLER))
        except (CrashError, EaselError):
            pass
        finally:
            self.s3.crash_at(None)
        return None

    def opened(self, url: str, sha256: str) -> None:
        """A URL opens the bytes that the answer tells, which the present guardrail passed."""
        file = self.bucket.require(urlsplit(url).path.removeprefix("/")).content
        assert hashlib.sha256(file).hexdigest() == sha256
        assert parse(file).without_recipe().content in self.guardrail.passed


def test_no_way_out_hands_out_what_the_present_guardrail_did_not_pass() -> None:
    Requests.steps = 0

    run_state_machine_as_test(
        Requests, settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS)
    )

    assert Requests.steps >= share(10_000)
