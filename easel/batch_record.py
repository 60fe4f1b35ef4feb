"""What a batch has drawn: a line of JSON for each request, beside the pictures, and a summary."""

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from easel.contact_sheet import contact_sheet
from easel.exits import CommandError, Exit

Request = Mapping[str, Any]
# A request with its `pictures` and those that `failed`, or with its `error`.
Entry = Mapping[str, Any]

RECORD = "batch.jsonl"
SHEET = "index.html"

# These may have been paid for, and would be blocked again.
PAID_REFUSALS = ("moderation_blocked", "picture_too_large")


def words_of(request: Request) -> str:
    """Returns what a request asks for, in words."""
    recipe = request.get("recipe")
    asked = {**request, **recipe} if isinstance(recipe, dict) else request
    found = asked.get("prompt") or asked.get("message") or asked.get("text_prompts")
    return found if isinstance(found, str) else json.dumps(found or request)


class BatchRecord:
    """The record of a directory, about these requests. A line is written when its files are.

    Raises CommandError where the directory has a page that no batch made.
    """

    def __init__(self, directory: Path, requests: Sequence[Request]) -> None:
        self._directory = directory
        self._requests = {_key(request): request for request in requests}
        self._entries = {key: entry for key, entry in self._read() if key in self._requests}
        self._earlier = {key for key in self._entries if self._is_done(key)}

    @property
    def number(self) -> int:
        return len(self._requests)

    @property
    def entries(self) -> list[Entry]:
        """What is done, in the order of the requests."""
        return [self._entries[key] for key in self._requests if self._is_done(key)]

    @property
    def missing(self) -> list[Request]:
        return [request for key, request in self._requests.items() if not self._is_done(key)]

    @property
    def refused(self) -> int:
        return sum("error" in entry for entry in self.entries)

    def add(self, entry: Entry) -> None:
        self._entries[_key(entry["request"])] = entry
        with (self._directory / RECORD).open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
            file.flush()
            os.fsync(file.fileno())

    @property
    def summary(self) -> list[tuple[str, object]]:
        pictures = {key: entry.get("pictures", []) for key, entry in self._entries.items()}
        every = [each for of_one in pictures.values() for each in of_one]
        now = [
            each for key, of_one in pictures.items() if key not in self._earlier for each in of_one
        ]
        drawn = [each for each in now if not each["reused"]]
        found = len(every) - len(drawn)
        return [
            ("pictures", f"{len(drawn)} drawn" + (f", {found} there already" if found else "")),
            ("price", f"${_price(drawn):g} now, ${_price(every):g} for all, by list price"),
            ("refused", self.refused or None),
            ("missing", len(self.missing) or None),
            ("sheet", self._directory / SHEET),
        ]

    def write_sheet(self) -> None:
        shown = [
            (words_of(request), self._entries.get(key, {}))
            for key, request in self._requests.items()
        ]
        sheet = contact_sheet(self._directory.name, self.summary, shown)
        (self._directory / SHEET).write_text(sheet, encoding="utf-8")

    def _is_done(self, key: str) -> bool:
        entry = self._entries.get(key, {})
        if "error" in entry:
            return entry["error"]["code"] in PAID_REFUSALS
        files = [self._directory / picture["file"] for picture in entry.get("pictures", [])]
        return bool(files) and not entry["failed"] and all(file.is_file() for file in files)

    def _read(self) -> list[tuple[str, Entry]]:
        path = self._directory / RECORD
        if (self._directory / SHEET).exists() and not path.exists():
            message = f"{self._directory} has an {SHEET} that no batch made: choose another --out."
            raise CommandError(Exit.USAGE, message)
        path.touch()
        text = path.read_text(encoding="utf-8")
        if text and not text.endswith("\n"):
            path.write_text(text + "\n", encoding="utf-8")
        entries = []
        for line in text.splitlines():
            # A crash may have cut the last one.
            with suppress(ValueError, KeyError, TypeError):
                entry = json.loads(line)
                entries.append((_key(entry["request"]), entry))
        return entries


def _key(request: Request) -> str:
    return json.dumps(request, sort_keys=True)


def _price(pictures: Sequence[Mapping[str, Any]]) -> float:
    """Returns list prices in US dollars; a model that the catalog does not know counts nothing."""
    from lambdas.common.catalog import CATALOG

    known = [CATALOG[each["model"]] for each in pictures if each["model"] in CATALOG]
    return round(sum(model.list_price_usd for model in known), 4)
