"""Asks one stack and writes down what was seen, less what differs in every run."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from benchmarks.behaviour.requests import KEY, NO_ID, Json
from tests.local_client import Answer, LocalClient

HEADERS = ("Retry-After", "x-should-retry", "content-type")
SHOWN_LIMIT = 120
# Faults that are to last do so however often they are met.
LASTING, FOR_EVER = 9, 99
# After these, it is a matter of time whether a lock is still there.
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
        model = self.client.bedrock()
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
