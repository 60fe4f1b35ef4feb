"""What the local stack takes: its start, a picture's time for 1 to 64 clients, memory, a profile.

The same picture is asked of Easel's API, of the single Lambda and of the model's stand-in alone, in
turns, in one running stack.
"""

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3
import urllib3
from botocore.config import Config

from benchmarks.functions import spread
from benchmarks.single_lambda.template import MODEL, NAME
from benchmarks.stack_process import API_URL, AWS_URL, megabytes, running, start, stop
from cdk.settings import Settings
from local.assembly import synthesized
from local.aws.signatures import OPERATOR_KEY, OPERATOR_SECRET
from local.stack import REGION

BASELINE_IMPORTS = "import boto3, moto.server, moto.stepfunctions.parser.models"
CLIENTS = (1, 8, 32, 64)
TURNS = 4

_http = urllib3.PoolManager(maxsize=max(CLIENTS), retries=False)
_seeds = itertools.count(1_000_000)


def measured(requests: int, pictures: int) -> dict[str, Any]:
    """Returns the figures, of `requests` by each number of clients of each kind, and the memory
    after `pictures`."""
    synthesized()
    ready = [seconds(lambda: stop(start())) for _ in range(3)]
    imports = [seconds(lambda: python(BASELINE_IMPORTS)) for _ in range(3)]
    with TemporaryDirectory() as directory:
        profile = Path(directory) / "profile.json"
        with running("benchmarks.single_lambda", f"--profile={profile}"):
            for ask in KINDS.values():
                ask(next(_seeds))
            clients = {str(number): load(number, requests) for number in CLIENTS}
        with running() as process:
            memory = {str(n): megabytes(process.pid) for n in after(pictures)}
        return {
            "ready_s": spread(ready),
            "imports_s": spread(imports),
            "clients": clients,
            "memory_mb": {number: round(mb) for number, mb in memory.items()},
            "profile": json.loads(profile.read_text()),
        }


def load(clients: int, requests: int) -> dict[str, Any]:
    """Has clients ask for pictures, each kind in turns. Returns the times and the throughput."""
    waited: dict[str, list[float]] = {kind: [] for kind in KINDS}
    took = dict.fromkeys(KINDS, 0.0)
    each = max(clients, requests // TURNS)
    with ThreadPoolExecutor(clients) as pool:
        for _ in range(TURNS):
            numbers = [next(_seeds) for _ in range(each)]
            for kind, ask in KINDS.items():
                began = time.perf_counter()
                waited[kind] += pool.map(
                    lambda number, ask=ask: seconds(lambda: ask(number)), numbers
                )
                took[kind] += time.perf_counter() - began
    return {
        kind: {
            "ms": spread(1_000 * each for each in waited[kind]),
            "per_second": round(len(waited[kind]) / took[kind], 1),
        }
        for kind in KINDS
    }


def after(pictures: int) -> Iterator[int]:
    """Has pictures drawn, one after the other. Yields their number after each hundred."""
    for number in range(1, pictures + 1):
        ask_easel(next(_seeds))
        if number % 100 == 0:
            yield number


def ask_easel(seed: int) -> None:
    answer = _http.request(
        "POST",
        f"{API_URL}/images",
        body=json.dumps(request(seed)).encode(),
        headers={"x-api-key": "local", "content-type": "application/json"},
    )
    if answer.status != 200:
        raise SystemExit(f"the local stack answered {answer.status}: {answer.data!r}")


def ask_single_lambda(seed: int) -> None:
    event = json.dumps({"body": json.dumps(request(seed))})
    answer = client("lambda").invoke(FunctionName=NAME, Payload=event)
    if "FunctionError" in answer:
        raise SystemExit(f"the single Lambda failed: {answer['Payload'].read()!r}")


def ask_model(seed: int) -> None:
    body = json.dumps(request(seed)).encode()
    client("bedrock-runtime").invoke_model(modelId=MODEL, body=body)["body"].read()


# "reused" asks Easel for the pictures that it has just drawn.
KINDS: Mapping[str, Callable[[int], None]] = {
    "model": ask_model,
    "single_lambda": ask_single_lambda,
    "easel": ask_easel,
    "reused": ask_easel,
}


def request(seed: int) -> dict[str, Any]:
    return {"prompt": "a benchmark by the sea", "seed": seed}


@cache
def client(service: str) -> Any:
    return boto3.Session().client(
        service,  # type: ignore[call-overload]
        endpoint_url=AWS_URL,
        region_name=Settings.bedrock_region if service == "bedrock-runtime" else REGION,
        aws_access_key_id=OPERATOR_KEY,
        aws_secret_access_key=OPERATOR_SECRET,
        config=Config(max_pool_connections=max(CLIENTS)),
    )


def python(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
