"""What the local stack costs: time to ready, overhead of a request, memory after many pictures.

Each figure stands beside a baseline of the same run: the start beside Python importing moto and
boto3, a request beside the same picture asked of the model's stand-in directly.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import boto3
import urllib3

from benchmarks.stack_process import API_URL, AWS_URL, megabytes, running, start, stop
from local.assembly import synthesized
from local.aws.signatures import OPERATOR_KEY, OPERATOR_SECRET

MODEL = "stability.stable-image-core-v1:1"
BASELINE_IMPORTS = "import boto3, moto.server, moto.stepfunctions.parser.models"

_http = urllib3.PoolManager(retries=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=40, help="for the overhead (default 40)")
    parser.add_argument("--pictures", type=int, default=500, help="for the memory (default 500)")
    arguments = parser.parse_args()

    synthesized()
    baseline = median_seconds(3, lambda _: python(BASELINE_IMPORTS))
    ready = median_seconds(3, lambda _: stop(start()))
    say("start to ready, cached assembly", f"{ready:.1f} s", ready / baseline, "imports alone")
    with running() as process:
        measure_overhead(arguments.requests)
        measure_memory(process.pid, arguments.pictures)


def measure_overhead(requests: int) -> None:
    for warm_up in range(3):
        ask_easel(1_000_000 + warm_up)
    direct = median_seconds(requests, lambda number: ask_model(2_000_000 + number))
    whole = median_seconds(requests, lambda number: ask_easel(3_000_000 + number))
    overhead = (whole - direct) * 1_000
    say("one request, one client", f"{whole * 1_000:.0f} ms", whole / direct, "the model alone")
    print(f"  of which not the model: {overhead:.0f} ms")
    reused = median_seconds(requests, lambda number: ask_easel(3_000_000 + number))
    say("the same again (reused)", f"{reused * 1_000:.0f} ms", reused / direct, "the model alone")


def measure_memory(pid: int, pictures: int) -> None:
    memory: dict[int, float] = {}
    for number in range(1, pictures + 1):
        ask_easel(4_000_000 + number)
        if number % 100 == 0:
            memory[number] = megabytes(pid)
    print("memory of all processes (RSS):", {n: f"{mb:.0f} MB" for n, mb in memory.items()})
    if 200 in memory and len(memory) > 2:
        last = max(memory)
        say(f"memory after {last} pictures", f"{memory[last]:.0f} MB", memory[last] / memory[200],
            "after 200")  # fmt: skip


def ask_easel(seed: int) -> None:
    answer = _http.request(
        "POST",
        f"{API_URL}/images",
        body=json.dumps({"prompt": "a benchmark by the sea", "seed": seed}).encode(),
        headers={"x-api-key": "local", "content-type": "application/json"},
    )
    if answer.status != 200:
        raise SystemExit(f"the local stack answered {answer.status}: {answer.data!r}")


def ask_model(seed: int) -> None:
    body = {"prompt": "a benchmark by the sea", "seed": seed, "aspect_ratio": "1:1"}
    _bedrock().invoke_model(modelId=MODEL, body=json.dumps(body).encode())["body"].read()


def _bedrock(clients: list[Any] = []) -> Any:  # noqa: B006 - made once
    if not clients:
        clients.append(
            boto3.client(
                "bedrock-runtime",
                endpoint_url=AWS_URL,
                region_name="us-west-2",
                aws_access_key_id=OPERATOR_KEY,
                aws_secret_access_key=OPERATOR_SECRET,
            )
        )
    return clients[0]


def python(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def median_seconds(times: int, call: Callable[[int], object]) -> float:
    taken = []
    for number in range(times):
        began = time.perf_counter()
        call(number)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def say(what: str, figure: str, ratio: float, baseline: str) -> None:
    print(f"{what}: {figure}, {ratio:.2f} times {baseline}")


if __name__ == "__main__":
    main()
