"""A record of behaviour: requests of every kind to the local stack, and what came of each.

Two records of the same behaviour are equal: what differs in every run is masked.
"""

import argparse
import hashlib
import io
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import takewhile
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

from PIL import Image

from lambdas.common.catalog import CATALOG, STYLE_PRESETS, Choice, ListedSizes, Parameter, Range
from tests.local_client import Answer, LocalClient, running
from tests.stack.test_faults import CASES

Json = dict[str, Any]

CORE, SDXL, NOVA = (
    "stability.stable-image-core-v1:1", "stability.stable-diffusion-xl-v1",
    "amazon.nova-canvas-v1:0",
)  # fmt: skip
OLD_SDXL, TITAN = "stability.stable-diffusion-xl-v0", "amazon.titan-image-generator-v2:0"
SMALL: Json = {"model": NOVA, "width": 320, "height": 320}
SMALLEST: Mapping[str, Json] = {NOVA: SMALL, TITAN: {"width": 320, "height": 704}}
NO_ID = "0" * 32
KEY = "Idempotency-Key"
ROUTES = ("/", "/image", "/image-generation", "/generate-poster", "/images")
OLD_RECORD = Path(__file__).parents[1] / "tests" / "fixtures" / "recipe_version_1.json"
CATEGORIES = ("HATE", "INSULTS", "MISCONDUCT", "SEXUAL", "VIOLENCE")
STRICT: Json = {
    "allow_retired_models": False,
    "denied_words": ["walrus", "left luggage"],
    "denied_topics": [{"name": "Investments", "definition": "-", "examples": ["which shares"]}],
}
ELSEWHERE: Json = {"guardrail": "off", "bedrock_region": "us-east-1", "default_model": NOVA}

HEADERS = ("Retry-After", "x-should-retry", "content-type")
SHOWN_LIMIT = 120
MODEL_TIMEOUT_SECONDS = "2"
# Faults that are to last do so however often they are met.
LASTING, FOR_EVER = 9, 99
# After these, it is a matter of time whether a claim is still there.
UNCLEAR_CLAIMS = frozenset({"hang", "killed", "out_of_memory", "stopped"})

_VOLATILE = (
    (re.compile(r"https?://127\.0\.0\.1:\d+/[^/]+/"), ""),
    (re.compile(r"(X-Amz-(?:Credential|Date|Security-Token|Signature))=[^&]*"), r"\1="),
    (re.compile(r"arn:aws:states:[\w-]+:\d+:(execution|express):[\w:-]+"), "<execution>"),
    (re.compile(r"startDate=\d{13}\b"), "startDate=<time>"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(?=Z|\+00:00)"), "<time>"),
    (re.compile(r"\b\d{13}-(?=[0-9a-f]{32}\b)"), "<time>-"),
    (re.compile(r"(Its Idempotency-Key is )[0-9a-f]{32}\."), r"\1<key>."),
)
_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
_RANDOM = (
    (re.compile(r"idempotency/[0-9a-f]{64}"), "idempotency/<key>"),
    (_ID, "<id>"),
    (re.compile(r"easel-[0-9a-f]{8}-seed"), "easel-<id>-seed"),
    (re.compile(r"(seed-|Its seed is )\d+"), r"\1<seed>"),
)
_RANDOM_FIELDS = ("seed", "sha256", "pixels_sha256", "size")
_IS_JSON = re.compile(r"output-images/.*\.json|idempotency/.*")

# Prompts and other texts that have a meaning somewhere on their way.
HOSTILE = (
    "a \"b\" 'c' `d` \u201ce\u201d",
    '\\ \\\\ \\n \\u0041 \\" end\\',
    "@@ x@@,@@admin@@:@@yes",
    "{% $states.input.request.prompt %}",
    "a {% $uuid() %} b {% x",
    "$states $states.context.Execution.Id $.recipe $$.Execution.Id States.UUID()",
    "${Foo} ${AWS::Region} ${GuardrailId} <<Class.status>>",
    "{} {0} {{x}} } { \\{\\}",
    "$input.json('$') #set($x=1) $x #if(true)y#end $context.requestId ## z",
    "one\ntwo\r\nthree\tfour\n\n",
    "\U0001f408\u200d\u2b1b \U0001f3f3\ufe0f\u200d\U0001f308 \U0010fffd",
    "a\u2028b\u2029c\u0085d\u00a0e\u200bf\ufeffg\uffffh",
    "a\x00b\x01c\x08d\x0ce\x1ff\x7f",
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 \u202eabc",
    "</script><!-- & &amp; %s %n %00 ; DROP TABLE",
    '{"prompt": "x", "seed": 1}',
    "  x  ",
)
ANCESTORS: tuple[tuple[str, Json], ...] = (
    ("/", {"message": "generate a cat eating ice cream"}),
    ("/image-generation", {"message": "A cat running a marathon"}),
    ("/", {"prompt": "A futuristic city skyline at sunset"}),
    ("/generate-poster", {"prompt": "..."}),
    ("/image", {"prompt": "...", "seed": 0, "stylePreset": "cinematic"}),
    ("/", {"message": "generate a cat eating ice cream", "model": OLD_SDXL, "cfg_scale": 10,
           "seed": 42, "steps": 120}),
    ("/image-generation", {"text_prompts": [{"text": "A cat running a marathon"}], "model": SDXL,
                           "cfg_scale": 10, "seed": 0, "steps": 100}),
    ("/", {"prompt": "A futuristic city skyline at sunset", "model": SDXL, "cfg_scale": 10,
           "steps": 30, "seed": 0}),
    ("/image", {"model": SDXL, "text_prompts": [{"text": "a fox", "weight": 1},
                                                {"text": "snow", "weight": 0.5}],
                "height": 832, "width": 1216, "cfg_scale": 7.5, "samples": 1, "seed": 3,
                "clip_guidance_preset": "FAST_BLUE", "sampler": "K_DPMPP_2M", "steps": 30,
                "style_preset": "anime", "extras": {"any": "thing"}}),
)  # fmt: skip

# Other ways to say what is the same, or nearly so.
SAME: tuple[Any, ...] = (
    {"prompt": "alike", "seed": 7}, {"prompt": "alike", "seed": 7.0},
    {"prompt": "alike", "seed": 7, "model": None, "style_preset": None, "width": None},
    b'{"prompt": "other", "seed": 1, "prompt": "alike", "seed": 7.0e0}',
    {"prompt": "alike, anime style", "seed": 7},
    {"message": "alike", "seed": 7, "stylePreset": "anime"},
    *({**SMALL, "prompt": "alike", "seed": 7, "cfg_scale": scale} for scale in (7, 7.0, 7.25, 1e1)),
    {"model": SDXL, "prompt": "alike", "seed": 7, "steps": 30.0, "samples": 1.0},
    *({"model": SDXL, "seed": 7, "text_prompts": [{"text": "alike", **weight}, *more]}
      for weight in ({}, {"weight": 1.0}, {"weight": 0.5})
      for more in ([], [{"text": "people", "weight": -1}])),
)  # fmt: skip

_WEIGHTED = {"text": "a", "weight": 1}
# What each of these values of a field is refused for, beside what the rest of the request has.
REFUSED: tuple[tuple[Json, str, tuple[Any, ...]], ...] = (
    ({}, "negative_prompt", ("no prompt",)),
    ({}, "prompt", ("", " \n", None, 1, True, [], {}, "x" * 10_001)),
    ({}, "message", ("", 1)),
    ({"prompt": "x"}, "message", ("x",)),
    ({"prompt": "x", "style_preset": "anime"}, "stylePreset", ("anime",)),
    ({"prompt": "x"}, "negative_prompt", (1, ["x"], "x" * 10_001)),
    *(({"model": model}, "prompt", ("x" * (limit + 1),))
      for model, limit in ((SDXL, 2_000), (NOVA, 1_024), (TITAN, 512))),
    ({"prompt": "x" * 9_999}, "style_preset", ("anime",)),
    ({"prompt": "x"}, "model", ("nope", "", 1, [], CORE.upper(), *HOSTILE)),
    ({"prompt": "x"}, "promt", (1,)), ({"prompt": "x"}, "Seed", (1,)),
    ({"prompt": "x"}, "zzz", (None, 1)), ({"prompt": "x"}, "y" * 100, (1,)),
    *(({"prompt": "x"}, text, (1,)) for text in HOSTILE),
    ({"prompt": "x"}, "style_preset", ("nope", 1, [], "PHOTOREALISM", *HOSTILE)),
    ({"prompt": "x", "model": NOVA}, "style_preset", ("nope",)),
    ({"prompt": "x"}, "aspect_ratio", ("4:3", 1, "", "1: 1")),
    ({"prompt": "x", "model": TITAN}, "aspect_ratio", ("16:9",)),
    ({"prompt": "x", "aspect_ratio": "1:1"}, "width", (1024,)),
    *(({"prompt": "x", "model": model}, side, (1024,))
      for model in (CORE, SDXL) for side in ("width", "height")),
    ({"prompt": "x", "model": SDXL, "height": 1024}, "width", (1000, 0, 1.5, "1024", 10_001, True)),
    ({"prompt": "x", "model": TITAN, "height": 512}, "width", (768,)),
    *(({"prompt": "x", "model": NOVA, "height": height}, "width", widths)
      for height, widths in ((1024, (304, 330, 4112)), (320, (1296,)), (2064, (2048,)))),
    ({"prompt": "x"}, "output_format", ("webp", "PNG", 1)),
    ({"prompt": "x", "model": SDXL}, "output_format", ("jpeg",)),
    ({"prompt": "x"}, "seed", (-1, 1.5, "1", True, [], 4_294_967_295, 10**400)),
    *(({"prompt": "x", "model": model.id}, "seed", (model.seed_limit + 1,))
      for model in CATALOG.values()),
    ({"prompt": "x"}, "samples", (1,)),
    ({"prompt": "x", "model": SDXL}, "samples", (0, 2, "1", True)),
    ({"prompt": "x", "model": SDXL}, "extras", ({"a": "x" * 4_096}, {"a": "\ud800"})),
    ({}, "text_prompts", ([_WEIGHTED],)), ({"model": NOVA}, "text_prompts", ([_WEIGHTED],)),
    ({"prompt": "x", "model": SDXL}, "text_prompts", ([_WEIGHTED],)),
    ({"negative_prompt": "x", "model": SDXL}, "text_prompts", ([_WEIGHTED],)),
    ({"model": SDXL}, "text_prompts", (
        [], [_WEIGHTED] * 11, "a", {}, 1, [1], ["a"], [None], [{}], [{"weight": 1}],
        [_WEIGHTED, {**_WEIGHTED, "more": 1}], [{str(n): n for n in range(11)}], [{"text": 1}],
        [{"text": " "}], [_WEIGHTED, {"text": "x" * 2_001}],
        *([{"text": "a", "weight": weight}] for weight in (0, 101, -101, "1", True, None, -1)),
    )),
    ({"prompt": "x"}, "count", (0, 5, -1, 1.5, "2", True, [2], {})),
    ({**SMALL, "prompt": "x", "count": 3}, "seed", (2_147_483_645,)),
    ({"prompt": "x"}, "recipe_in_picture", ("yes", 0, [])),
    ({"prompt": "x"}, "recipe", ({},)), ({}, "recipe", (1, "x", [], {}, {"version": 1}, True)),
)  # fmt: skip
# What makes a good recipe a bad one.
BAD_RECIPES: tuple[Json, ...] = (
    {"version": 2}, {"version": "1"}, {"version": True}, {"seed": 0}, {"seed": None}, {"seed": -1},
    {"seed": "1"}, {"parameters": []}, {"parameters": {}}, {"parameters": {"steps": 3}},
    {"prompt": ""}, {"prompt": 1}, {"prompt": "x" * 1_025}, {"negative_prompt": 5},
    {"negative_prompt": None}, {"model": "nope"}, {"model": 1}, {"model": SDXL}, {"more": 1},
    {"version": "{% x %}"}, {str(n): n for n in range(11)},
)  # fmt: skip
KEYS = ("a", "q\"b\\c 'd' @@ $x #set($y=1) {% $z %} ${Foo}", "x" * 255, "x" * 256, "\xe9", "a\tb")
QUERIES = (
    "limit=1", "limit=100", "limit=0", "limit=101", "limit=-1", "limit=1.5", "limit=ten", "limit=",
    "limit=%D9%A1", "limit=9999999999", "after=", "after=x", "after=output-images%2F", "page=2",
    f"after={'9' * 13}-{NO_ID}", f"after={'0' * 13}-{NO_ID}", f"{'z' * 100}=1",
    *(f"after={quote(text)}" for text in HOSTILE),
    *(f"{quote(text)}=1" for text in HOSTILE),
)  # fmt: skip
BAD_IDS = ("x", "0" * 31, "0" * 33, "F" * 32, *map(quote, HOSTILE))
BAD_BODIES = (
    b"", b"{", b"[]", b'"text"', b"1", b"null", b"not json", b'{"prompt": "x", "seed": NaN}',
    b'{"prompt": "\xff"}', b'{"prompt": "\\ud800"}', b'{"\\ud800": 1}', b"[" * 50_000,
    b'{"prompt": ' + b"[" * 101 + b"]" * 101 + b"}", b'{"prompt": "x", "seed": 1e999}',
    b'{"prompt": "' + b"x" * 262_144 + b'"}', b'{"prompt": "' + b"x" * 11_000_000 + b'"}',
)  # fmt: skip


class Record:
    """Asks one stack and keeps what was seen. A request is `random` where id or seed of its picture
    are."""

    def __init__(self, client: LocalClient, part: str) -> None:
        self.client = client
        self.entries: list[Json] = []
        self._part = part
        self._s3 = client.aws("s3")
        self._faults: tuple[Json, ...] = ()
        self._labels: Counter[str] = Counter()
        self._keys, self._calls = self._all_keys(), 0

    def post(self, body: Any, path: str = "/images", *, method: str = "POST",
             headers: Mapping[str, str] | None = None, random: bool = False) -> Answer:  # fmt: skip
        sent = repr(body[:SHOWN_LIMIT]) if isinstance(body, bytes) else json.dumps(body)
        faults = [f"{fault['at']}: {fault['kind']}" for fault in self._faults]
        label = f"{method} {path} {headers or ''} {sent[:SHOWN_LIMIT]} {faults or ''}"
        answer = self.client.post(body, path=path, method=method, headers=headers)
        if self._faults:
            self.under()
        seen = self._seen(answer)
        seen["stored"], seen["removed"] = self._moved()
        seen["records"] = [
            json.loads(self.content(key)) for key in seen["stored"] if _IS_JSON.fullmatch(key)
        ]
        self._put(label, seen, random)
        return answer

    def look(self, path: str) -> Answer:
        return self.post(b"", path, method="GET")

    def rerun(self, id: str, body: Any = None, key: str = "") -> Answer:
        """With a key, as an id of its own would else be random."""
        headers = {KEY: key or f"{len(self.entries)}"}
        return self.post({} if body is None else body, f"/images/{id}/rerun", headers=headers)

    def under(self, *faults: Json) -> "Record":
        """These faults are for the next request alone."""
        self._faults = faults
        self.client.plan(*({"times": 1, **fault} for fault in faults))
        return self

    def fault_and_after(self, name: str, faults: list[Json], body: Json) -> None:
        """The answer under these faults, and what the same request gets once all is healthy."""
        lasting = {"times": FOR_EVER}
        self.under(*(each | (lasting if each.get("times") == LASTING else {}) for each in faults))
        first = self._seen(self.client.post(body))
        self.under()
        self.client.wait_until_bedrock_answers()
        again = self._seen(self.client.post(body))
        stored, _ = self._moved()
        if UNCLEAR_CLAIMS & {fault["kind"] for fault in faults}:
            stored = [key for key in stored if not key.endswith(".claim")]
        self._put(name, {"first": first, "again": again, "stored": stored}, random=False)

    def change(self, put: Mapping[str, bytes], delete: tuple[str, ...] = ()) -> None:
        """Puts objects, and deletes those with one of these texts in their keys."""
        for key, content in put.items():
            self.client.put_object(key, content)
        for key in self._keys:
            if any(text in key for text in delete):
                self._s3.delete_object(Bucket=self.client.bucket, Key=key)
        self._moved()

    def content(self, key: str) -> bytes:
        return bytes(self._s3.get_object(Bucket=self.client.bucket, Key=key)["Body"].read())

    def manifest(self, id: str) -> Json:
        return dict(json.loads(self.content(f"output-images/{id}.json")))

    def last_id(self) -> str:
        """The id of the picture, or of the refusal, that the last request left."""
        return next(iter(_ID.findall(json.dumps(self.entries[-1]["stored"]))), NO_ID)

    def _put(self, label: str, entry: Json, random: bool) -> None:
        """Sorts the lists that have no order, for pictures are drawn side by side."""
        entry = masked({"label": f"{self._part}: {label}", **entry}, random)
        self._labels[entry["label"]] += 1
        entry["label"] += f" (no. {self._labels[entry['label']]})"
        for name in {"stored", "removed", "records", "model_requests"} & entry.keys():
            entry[name].sort(key=json.dumps)
        self.entries.append(entry)

    def _seen(self, answer: Answer) -> Json:
        """An answer, the calls that it cost, and whether its pictures are those it describes."""
        try:
            body = json.loads(answer.content)
        except ValueError:
            body = answer.content.decode(errors="replace")
        pictures = body.get("pictures", [body]) if isinstance(body, dict) else []
        model = self.client.get(f"{self.client.endpoint_url}/easel/bedrock").body
        before, self._calls = self._calls, model["calls"]
        last = model["last_calls"][len(model["last_calls"]) - self._calls + before :]
        return {
            "status": answer.status,
            "headers": {name: answer.headers[name] for name in HEADERS if name in answer.headers},
            "body": body,
            "model_calls": self._calls - before,
            "model_requests": [call["request"] for call in last],
            "downloaded": [self._is_there(each) for each in pictures if each.get("image_url")],
        }

    def _is_there(self, picture: Json) -> bool:
        digest = picture.get("sha256") or picture["manifest"]["sha256"]
        got = self.client.get(picture["image_url"])
        return got.status == 200 and hashlib.sha256(got.content).hexdigest() == digest

    def _moved(self) -> tuple[list[str], list[str]]:
        """The keys of the objects that came, and of those that went."""
        before, self._keys = self._keys, self._all_keys()
        return sorted(self._keys - before), sorted(before - self._keys)

    def _all_keys(self) -> set[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.client.bucket)
        return {item["Key"] for page in pages for item in page.get("Contents", [])}


def masked(value: Any, random: bool) -> Any:
    """A copy without what differs in every run."""
    if isinstance(value, list):
        return [masked(item, random) for item in value]
    if isinstance(value, dict):
        hidden = _RANDOM_FIELDS if random else ()
        return {
            name: f"<{name}>" if name in hidden and item else masked(item, random)
            for name, item in value.items()
        }
    if isinstance(value, str):
        for pattern, mask in (*_VOLATILE, *(_RANDOM if random else ())):
            value = pattern.sub(mask, value)
    return value


def values_of(parameter: Parameter) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Good values, and bad ones."""
    match parameter:
        case Range(minimum=low, maximum=high, default=default, whole=whole):
            bad = (low - 1, high + 1, "1", True, [], *([low + 0.5] if whole else []))
            return (low, high, default), bad
        case Choice(words=words):
            return words[::3], ("nope", "", 1, words[0].swapcase())
    return ({"any": "thing"}, {text: [text] for text in HOSTILE}), (1, "x", [])


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


def draws() -> Iterator[Json]:
    """Every model with its parameters and formats, some styles, and all shapes of a family."""
    families = set()
    for model in CATALOG.values():
        plain = {"prompt": "a lighthouse at dusk", "model": model.id, "seed": 7}
        small = plain | SMALLEST.get(model.id, {})
        yield plain
        yield {**small, "seed": model.seed_limit, "negative_prompt": "people"}
        for name, parameter in model.parameters.items():
            yield from ({**small, name: value} for value in values_of(parameter)[0])
        yield from ({**small, "output_format": format} for format in model.output_formats)
        yield from ({**small, "style_preset": preset} for preset in STYLE_PRESETS[::6])
        step = 4 if model.family in families else 1
        families.add(model.family)
        yield from ({**plain, "aspect_ratio": ratio} for ratio in [*model.aspect_ratios][::step])
        sizes = model.sizes.sizes[::step] if isinstance(model.sizes, ListedSizes) else ()
        yield from ({**plain, "width": width, "height": height} for width, height in sizes)
    for width, height in ((320, 1280), (1280, 320), (1008, 1040), (2048, 2048), (4096, 1024)):
        yield {**SMALL, "prompt": "a size", "seed": 1, "width": width, "height": height}


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
    for gone in ((f"{id}.png",), (f"{id}.png", f"staging/{id}"), (f"{id}.json",), (id,)):
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
    for case in CASES:
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


def recorded() -> Iterator[Json]:
    for part, settings in PARTS:
        began = time.monotonic()
        change = time_out_soon if part is faults else lambda document: None
        with running(change=change, settings=settings, log=lambda line: None) as client:
            record = Record(client, part.__name__)
            part(record)
        yield from record.entries
        print(
            f"{part.__name__}: {len(record.entries)} in {time.monotonic() - began:.0f} s",
            flush=True,
        )


def fields(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Lists the fields of an entry by their paths, with their values as JSON."""
    if isinstance(value, dict | list) and value:
        for name, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from fields(item, f"{path}.{name}".strip("."))
    else:
        yield path, json.dumps(value, ensure_ascii=False)


def compare(before: list[Json], after: list[Json]) -> int:
    """Prints what differs, and counts the entries that do."""
    differing = 0
    ones, others = ({each["label"]: each for each in entries} for entries in (before, after))
    for label in ones | others:
        one, other = ones.get(label, {}), others.get(label, {})
        if one == other:
            continue
        differing += 1
        print(label)
        was, is_now = dict(fields(one)), dict(fields(other))
        for path in was | is_now:
            old, new = was.get(path, "-"), is_now.get(path, "-")
            alike = [*takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False))]
            start = max(0, len(alike) - SHOWN_LIMIT // 2)
            if old != new:
                print(f"  {path}, from character {start}")
                print(f"    before {old[start : start + SHOWN_LIMIT]}")
                print(f"    after  {new[start : start + SHOWN_LIMIT]}")
    print(f"{differing} of {len(ones | others)} entries differ")
    return differing


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE.json")
    parser.add_argument(
        "--compare", action="store_true", help="two records; exits 1 if they differ"
    )
    arguments = parser.parse_args()
    if arguments.compare:
        before, after = (json.loads(file.read_text()) for file in arguments.files)
        return int(compare(before, after) > 0)
    (out,) = arguments.files
    out.write_text(json.dumps(list(recorded()), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
