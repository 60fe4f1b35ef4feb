"""Mixed good, bad and faulty requests by many clients: is every answer a documented one, is memory
flat, is anything left running afterwards?

Runs a local stack of its own. Exits with 1 where an answer is not documented, memory grows by more
than a tenth from the first fifth of the time to the end, or a process outlives the stack.
"""

import argparse
import json
import random
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import urllib3

from benchmarks.stack_process import API_URL, AWS_URL, megabytes, members, running
from local.faults import KINDS

CLIENTS = 20
GROWTH_LIMIT = 1.1
HEADERS = {"x-api-key": "local", "content-type": "application/json"}

# What a client may send, and how often in a hundred.
GOOD, REPEATED, BAD, BROKEN = 40, 25, 25, 10
FAULT_EVERY_SECONDS = 2.0

# So few that all pictures are stored soon: pictures may take memory, requests may not. Seed 0 draws
# a new one.
SEEDS = 40

_http = urllib3.PoolManager(maxsize=CLIENTS + 5, retries=False, timeout=90)


class Tally:
    """What the clients got. Thread-safe."""

    def __init__(self, documented: dict[str, list[str]]) -> None:
        self._documented = documented
        self._lock = threading.Lock()
        self.answers: Counter[str] = Counter()
        self.undocumented: Counter[str] = Counter()

    def count(self, status: int, content: bytes) -> None:
        code = "" if status == 200 else json.loads(content)["error"]["code"]
        known = status == 200 or code in self._documented.get(str(status), [])
        with self._lock:
            self.answers[f"{status} {code}".strip()] += 1
            if not known:
                self.undocumented[f"{status} {content[:200]!r}"] += 1

    def lost(self, error: Exception) -> None:
        with self._lock:
            self.undocumented[type(error).__name__] += 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    arguments = parser.parse_args()
    seconds = arguments.minutes * 60

    with running() as process:
        tally = Tally(documented_codes())
        ends = time.monotonic() + seconds
        threads = [
            threading.Thread(target=client, args=(number, ends, tally)) for number in range(CLIENTS)
        ]
        threads.append(threading.Thread(target=make_trouble, args=(ends,)))
        for thread in threads:
            thread.start()
        memory = []
        while time.monotonic() < ends:
            time.sleep(seconds / 20)
            memory.append(megabytes(process.pid))
        for thread in threads:
            thread.join()
        family = members(process.pid)
    left = [pid for pid in family if Path(f"/proc/{pid}").exists()]
    growth = max(memory[-4:]) / max(memory[:4])

    print("answers:", dict(tally.answers.most_common()))
    print("undocumented:", dict(tally.undocumented) or "none")
    print("memory, MB:", [round(each) for each in memory], f"grew {growth:.2f} times")
    print("processes left running:", left or "none")
    return int(bool(tally.undocumented) or growth > GROWTH_LIMIT or bool(left))


def client(number: int, ends: float, tally: Tally) -> None:
    chance = random.Random(number)
    while time.monotonic() < ends:
        kind = chance.choices((good, repeated, bad, broken), weights=(GOOD, REPEATED, BAD, BROKEN))[
            0
        ]
        try:
            answer = _http.request("POST", f"{API_URL}/images", body=kind(chance), headers=HEADERS)
            tally.count(answer.status, answer.data)
        except (urllib3.exceptions.HTTPError, ValueError, KeyError) as error:
            tally.lost(error)


def good(chance: random.Random) -> bytes:
    words = ["a fox", "the sea", "a city at night", "mountains", "a lighthouse"]
    model = chance.choice(
        ["stability.stable-image-core-v1:1", "stability.stable-diffusion-xl-v1",
         "amazon.titan-image-generator-v2:0"]
    )  # fmt: skip
    return body(prompt=chance.choice(words), seed=chance.randrange(SEEDS), model=model)


def repeated(chance: random.Random) -> bytes:
    return body(prompt="the same again", seed=chance.randrange(1, 10))


def bad(chance: random.Random) -> bytes:
    wrong: list[dict[str, Any]] = [
        {}, {"prompt": ""}, {"prompt": "x" * 10_001}, {"prompt": "a", "seed": -1},
        {"prompt": "a", "model": "none"}, {"prompt": "a", "unknown": 1},
        {"prompt": "a", "steps": 3},
    ]  # fmt: skip
    return body(**chance.choice(wrong))


def broken(chance: random.Random) -> bytes:
    return chance.choice([b"", b"{", b"[]", b'{"prompt": NaN}', b"\xff", b'{"prompt": "a"' * 9])


def body(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


def make_trouble(ends: float) -> None:
    """A new fault every few seconds, but none that refuses connections to Bedrock for long."""
    chance = random.Random(0)
    while time.monotonic() < ends:
        at = chance.choice(list(KINDS))
        fault = {
            "at": at,
            "kind": chance.choice(KINDS[at]),
            "times": chance.randrange(1, 4),
            "seconds": 1,
        }
        plan = json.dumps({"faults": [fault]}).encode()
        _http.request("PUT", f"{AWS_URL}/easel/faults", body=plan, headers=HEADERS)
        time.sleep(FAULT_EVERY_SECONDS)
    _http.request("PUT", f"{AWS_URL}/easel/faults", body=b'{"faults": []}', headers=HEADERS)


def documented_codes() -> dict[str, list[str]]:
    """Status to error codes, as the served OpenAPI document has them."""
    served = _http.request("GET", f"{API_URL}/openapi.json", headers=HEADERS).json()
    return {
        name.removeprefix("Error"): response["description"].split(", ")
        for name, response in served["components"]["responses"].items()
        if name.startswith("Error")
    }


if __name__ == "__main__":
    sys.exit(main())
