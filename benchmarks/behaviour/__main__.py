"""A record of behaviour: requests of every kind to the local stack, and what came of each.

Two records of the same behaviour are equal: what differs in every run is masked.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

from benchmarks.behaviour.parts import PARTS, faults, time_out_soon
from benchmarks.behaviour.recorder import SHOWN_LIMIT, Record
from benchmarks.behaviour.requests import Json
from tests.local_client import running


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
