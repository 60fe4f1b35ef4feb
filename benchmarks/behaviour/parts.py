"""The parts of a record: what is asked of a stack, and in which settings."""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from random import Random

from PIL import Image

from benchmarks.behaviour.recorder import FOR_EVER, Record
from benchmarks.behaviour.requests import (
    ANCESTORS,
    BAD_BODIES,
    BAD_IDS,
    BAD_RECIPES,
    CORE,
    HOSTILE,
    KEY,
    KEYS,
    NO_ID,
    NOVA,
    OLD_SDXL,
    QUERIES,
    REFUSED,
    ROUTES,
    SAME,
    SDXL,
    SMALL,
    SMALLEST,
    TITAN,
    Json,
    draws,
    values_of,
)  # fmt: skip
from lambdas.common.catalog import CATALOG
from tests.local_client import Answer
from tests.stack.test_faults import CASES

OLD_RECORD = Path(__file__).parents[2] / "tests" / "fixtures" / "recipe_version_1.json"
CATEGORIES = ("HATE", "INSULTS", "MISCONDUCT", "SEXUAL", "VIOLENCE")
STRICT: Json = {
    "allow_retired_models": False,
    "denied_words": ["walrus", "left luggage"],
    "denied_topics": [{"name": "Investments", "definition": "-", "examples": ["which shares"]}],
}
ELSEWHERE: Json = {"guardrail": "off", "bedrock_region": "us-east-1", "default_model": NOVA}
MODEL_TIMEOUT_SECONDS = "2"


def library(record: Record) -> None:
    record.look("/images")
    ids = [id_of(record.post({**SMALL, "prompt": "listed", "seed": seed})) for seed in range(1, 6)]
    query = "?limit=2"
    while query:
        after = record.look(f"/images{query}").body.get("after")
        query = f"?limit=2&after={after}" if after else ""
    for query in ("", *QUERIES):
        record.look(f"/images?{query}")
    for id in (ids[0], NO_ID, *BAD_IDS):
        record.look(f"/images/{id}")


def requests(record: Record) -> None:
    for path, body in ANCESTORS:
        record.post(body, path, random=not body.get("seed"))
    for path in ROUTES:
        record.post({"prompt": "a route", "seed": 3}, path)
        record.post({"prompt": "", "seed": 3}, path)
    for each in (*draws(), *SAME):
        record.post(each)
    for more in ({}, {"seed": 0}, {"seed": None}, {"count": 3}):
        record.post({**SMALL, "prompt": "whichever", **more}, random=True)


def refused(record: Record) -> None:
    """Wrong values of every field, and parameters of other models."""
    for base, name, values in REFUSED:
        for value in values:
            record.post({**base, name: value})
    every = {name: each for model in CATALOG.values() for name, each in model.parameters.items()}
    for model in CATALOG.values():
        for name, parameter in every.items():
            good, bad = values_of(model.parameters.get(name, parameter))
            # A style that a model has no parameter for goes into its prompt.
            foreign = good[:1] if name != "style_preset" else ()
            for value in bad if name in model.parameters else foreign:
                record.post({"prompt": "x", "model": model.id, name: value})


def texts(record: Record) -> None:
    for text in HOSTILE:
        record.post({**SMALL, "prompt": text, "negative_prompt": text[::-1], "seed": 1})
    every = " ".join(HOSTILE)
    record.post({"prompt": every, "negative_prompt": every, "seed": 2})
    weighted = [{"text": text, "weight": 0.5} for text in HOSTILE[:9]]
    record.post({"model": SDXL, "text_prompts": [{"text": every}, *weighted], "seed": 2})
    for model in CATALOG.values():
        words = {"prompt": "\u7f8a" * model.prompt_limit, "negative_prompt": "x" * 512}
        record.post({"model": model.id, "seed": 1, **words, **SMALLEST.get(model.id, {})})
    many = [{"text": f"{number}" * 2_000, "weight": 6.5 - number} for number in range(10)]
    record.post({"model": SDXL, "seed": 1, "text_prompts": many})
    words = {"prompt": "\u7f8a" * 10_000, "negative_prompt": "\u72fc" * 10_000}
    record.post({**words, "seed": 1, "count": 4})


def keys_and_counts(record: Record) -> None:
    keyed: Json = {**SMALL, "prompt": "keyed"}
    for key in KEYS:
        for name, seed in ((KEY, 1), (KEY.lower(), 1), (KEY, 2)):
            record.post({**keyed, "seed": seed}, headers={name: key})
    for more in ({}, {}, {"count": 2}):
        record.post({**keyed, **more}, headers={KEY: "seedless"}, random=True)
    for count in (2, 2, 3):
        record.post({**keyed, "seed": 20, "count": count}, headers={KEY: "several"})
    several: Json = {**SMALL, "prompt": "several", "seed": 10}
    for wanted in (1, 2, 3, 4, 2.0, None):
        record.post({**several, "count": wanted})
    filtered = {"at": "InvokeModel", "kind": "filtered", "times": FOR_EVER}
    record.under(filtered).post({**several, "seed": 30, "count": 3})
    four = {**several, "count": 4}
    ids = tuple(picture["id"] for picture in record.post(four).body["pictures"])
    denied = [{"at": "PutObject", "kind": "AccessDenied", "times": FOR_EVER, "key": f"*{id}*"}
              for id in ids]  # fmt: skip
    for faults in (denied[1:2], denied[2:], denied, [denied[0], filtered], [*denied[1:], filtered]):
        record.change({}, delete=ids)
        record.under(*faults).post(four)
        record.post(four)


def recipes(record: Record) -> None:
    body = {**SMALL, "prompt": "a recipe", "negative_prompt": "people", "seed": 5}
    recipe = record.manifest(id_of(record.post(body)))["recipe"]
    for more in ({}, {"recipe_in_picture": False}, {"count": 2}, {"prompt": "x"}, {"seed": None}):
        record.post({"recipe": recipe, **more})
    record.post({**body, "recipe": None})
    for bad in BAD_RECIPES:
        record.post({"recipe": {**recipe, **bad}})
    for name in recipe:
        record.post({"recipe": {each: recipe[each] for each in recipe if each != name}})
    weighted = record.manifest(id_of(record.post(ANCESTORS[-1][1])))["recipe"]
    for change in ({}, {"seed": 4}, {"prompt": "x"}, {"negative_prompt": "x"}, {"model": OLD_SDXL}):
        record.post({"recipe": {**weighted, **change}})
    for more in (SMALL, {}, {"output_format": "jpeg"}, {"model": SDXL}):
        for seed, wanted in ((1, False), (1, True), (1, None), (2, True), (2, False), (2, None)):
            record.post({"prompt": "in it", "seed": seed, **more, "recipe_in_picture": wanted})


def reruns(record: Record) -> None:
    bodies: tuple[Json, ...] = (
        SMALL, {}, {"output_format": "jpeg"}, {"model": SDXL, "style_preset": "anime"},
        {"model": TITAN, "aspect_ratio": "3:2"},
    )  # fmt: skip
    firsts = [id_of(record.post({"prompt": "again", "seed": 1, **body})) for body in bodies]
    for first in firsts:
        for kind in ("slow", "reencoded", "drift"):
            record.under({"at": "InvokeModel", "kind": kind}).rerun(first)
        for model in CATALOG:
            record.rerun(first, {"model": model})
    small = firsts[0]
    again = id_of(record.rerun(small, key="again"))
    for id, body in ((small, {}), (again, {}), (small, {"model": CORE})):
        record.rerun(id, body, "again")
    record.rerun(again)
    record.look(f"/images/{again}")
    record.post({**SMALL, "prompt": "again", "seed": 1}, headers={KEY: "again"})
    for wanted in (False, True, None, "yes"):
        record.rerun(small, {"recipe_in_picture": wanted}, "in it")
    for wrong in ({"seed": 1}, {"model": 1}, {"model": "nope"}, {"model": None}, *BAD_BODIES[1:5],
                  {"model": CORE, "prompt": "x"}, *({text: 1} for text in HOSTILE)):  # fmt: skip
        record.rerun(small, wrong)
    for id in (NO_ID, *BAD_IDS):
        record.rerun(id)
    for key in KEYS:
        record.rerun(small, key=key)
    path = f"/images/{small}/rerun"
    record.post({}, path, random=True)
    denied = {"at": "PutObject", "kind": "AccessDenied", "times": FOR_EVER, "key": "output-*"}
    record.under(denied).rerun(small, key="own")
    record.rerun(small, key="own")
    failed = record.under(denied).post({}, path, random=True).content.decode()
    key = "".join(re.findall(r"Idempotency-Key is (\w+)", failed))
    record.post({}, path, headers={KEY: key}, random=True)


def older_objects(record: Record) -> None:
    """Pictures that were deleted since, and records that no guardrail or another one has left."""
    body = {**SMALL, "prompt": "older", "seed": 1}
    id = id_of(record.post(body))
    for gone in ((f"{id}/",), (f"{id}/", f"staging/{id}"), (f"{id}.json",), (id,)):
        record.change({}, delete=gone)
        record.look(f"/images/{id}")
        record.rerun(id)
        record.post(body)
    manifest = record.manifest(id)
    old = {f"output-images/{id}.json": json.dumps({**manifest, "guardrail": None}).encode()}
    noise = io.BytesIO()
    Image.frombytes("RGB", (1200, 1200), Random(0).randbytes(3 * 1200 * 1200)).save(noise, "png")
    for more in ({}, {manifest["key"]: noise.getvalue()}):
        record.change({**old, **more})
        record.post(body)
    record.post({**body, "prompt": "picture-test:HATE"})
    id = record.last_id()
    key = f"output-images/{id}.png"
    kept = ("content_type", "output_format", "width", "height", "index_key")
    passed = record.manifest(id) | {name: manifest[name] for name in kept}
    passed |= {"guardrail": None, "key": key, "recipe_in_picture": False}
    picture = record.content(f"staging/{id}")
    record.change({f"output-images/{id}.json": json.dumps(passed).encode(), key: picture})
    record.post({**body, "prompt": "picture-test:HATE"})
    record.look(f"/images/{id}")


def guardrail(record: Record) -> None:
    for category in (*CATEGORIES, "PROMPT_ATTACK", "PROFANITY", "OTHER"):
        for confidence in ("", ":MEDIUM", ":LOW"):
            text = f"a guardrail-test:{category}{confidence}"
            record.post({**SMALL, "prompt": text, "seed": 1})
        for _ in range(2):
            record.post({**SMALL, "prompt": f"picture-test:{category}", "seed": 2})
    attack = "guardrail-test:VIOLENCE"
    record.post({"prompt": "x", "negative_prompt": attack, "seed": 1})
    record.post({"model": SDXL, "text_prompts": [{"text": "x"}, {"text": attack}], "seed": 1})
    record.post({**SMALL, "prompt": attack, "count": 2, "seed": 1})
    record.post({**SMALL, "prompt": "picture-test:SEXUAL", "count": 2, "seed": 3})
    record.post({"prompt": "picture-test:SEXUAL", "seed": 4})
    blocked = record.last_id()
    record.look(f"/images/{blocked}")
    record.rerun(blocked)


def gateway(record: Record) -> None:
    for content in BAD_BODIES:
        record.post(content)
    others = (f"/images/{NO_ID}/rerun", "/openapi.json", "/nope", "/images/a/b")
    for path in (*ROUTES, f"/images/{NO_ID}", *others):
        for method in ("PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"):
            record.post(b"", path, method=method)
        for method, key in (("GET", ""), ("GET", "wrong"), ("POST", ""), ("POST", "wrong")):
            record.post(b"{}", path, method=method, headers={"x-api-key": key})
    for path in (*ROUTES[:4], *others):
        record.look(path)
    good = {**SMALL, "prompt": "by the gateway", "seed": 1}
    for kind in ("text/plain", "application/xml", "", "application/json; charset=utf-8",
                 "APPLICATION/JSON"):  # fmt: skip
        record.post(good, headers={"content-type": kind})
    for path in ("/images?prompt=x", "/images/"):
        record.post(good, path)


def strict(record: Record) -> None:
    """No retired models, and a guardrail that denies words and topics."""
    for text in ("a Walrus", "walruses", "the left luggage office", "which shares rise", "SHARES",
                 "investments", "guardrail-test:HATE a walrus which shares"):  # fmt: skip
        record.post({"prompt": text, "seed": 1})
        record.post({"prompt": "x", "negative_prompt": text, "seed": 1})
    for model in CATALOG:
        record.post({"prompt": "x", "model": model, "seed": 1})
    old, picture = json.loads(OLD_RECORD.read_bytes()), OLD_RECORD.with_suffix(".png")
    manifest = {f"output-images/{old['id']}.json": OLD_RECORD.read_bytes()}
    record.change({**manifest, old["key"]: picture.read_bytes()})
    record.look(f"/images/{old['id']}")
    record.post({"recipe": old["recipe"]})
    for more in ({}, {"model": SDXL}, {"model": NOVA}, {"model": CORE}):
        record.rerun(old["id"], more)
    for seed in range(1, 5):
        record.post({"prompt": "\u7f8a" * 10_000, "seed": seed})
    after = record.look("/images?limit=100").body["after"]
    record.look(f"/images?limit=100&after={after}")


def elsewhere(record: Record) -> None:
    """No guardrail, in a region that serves retired models alone."""
    for text in ("x", *HOSTILE, "guardrail-test:VIOLENCE", "picture-test:SEXUAL"):
        record.post({"prompt": text, "seed": 1, "width": 320, "height": 320})
        record.look(f"/images/{record.last_id()}")
    for model in CATALOG:
        record.post({"prompt": "x", "model": model, "seed": 1, "count": 2})
    record.rerun(record.last_id(), {"model": CORE})


def faults(record: Record) -> None:
    for case in (each for each in CASES if not each.shown):
        body = {"prompt": case.name, "seed": 1, "model": case.model}
        record.fault_and_after(case.name, case.faults, body)


def id_of(answer: Answer) -> str:
    return str(answer.body.get("id", NO_ID))


def time_out_soon(document: Json) -> None:
    """A read timeout of the model that can be waited for."""
    for resource in document["Resources"].values():
        variables = resource.get("Properties", {}).get("Environment", {}).get("Variables", {})
        if "MODEL_TIMEOUT_SECONDS" in variables:
            variables["MODEL_TIMEOUT_SECONDS"] = MODEL_TIMEOUT_SECONDS


# Each has a stack of its own, by settings that differ from the local environment's.
PARTS: tuple[tuple[Callable[[Record], None], Json], ...] = (
    (library, {}), (requests, {}), (texts, {}), (refused, {}), (keys_and_counts, {}), (recipes, {}),
    (reruns, {}), (older_objects, {}), (guardrail, {}), (gateway, {}), (strict, STRICT),
    (elsewhere, ELSEWHERE), (faults, {}),
)  # fmt: skip
