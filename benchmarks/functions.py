"""What Easel's functions and the single Lambda take: cold starts, CPU and memory of an invocation.

All run in the local stack's function host, with the same stand-ins, in turns. CPU is that of the
function's process: waiting for the network or the model is none.
"""

import io
import itertools
import json
import os
import statistics
import sys
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copy, copytree
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image

from benchmarks.single_lambda.template import MODEL, with_single_lambda
from benchmarks.stack_process import AWS_PORT, PORT
from local.assembly import synthesized
from local.aws.credentials import RoleCredentials
from local.bedrock.families import ModelRequest
from local.functions import Function, FunctionHost
from local.stack import REGION, Options, local_stack

NEW_PICTURE = ("validate", "generate", "store")
BASELINE = "single_lambda"
FUNCTIONS = (*NEW_PICTURE, "library", BASELINE)
MEASURED = Path(__file__).with_name("measured.py")

# The guardrail reads pictures up to 4 MB, so that the largest are measured without one.
SIZES: Mapping[float, Mapping[str, Any]] = {0.5: {}, 2.0: {}, 8.0: {"guardrail": "off"}}

Invoke = Callable[[str, Any], Any]
_seeds = itertools.count(1)


class Session:
    """A running local stack whose functions are invoked directly. `said` is what they logged that
    they took, by function, complete once their host has ended."""

    def __init__(self, functions: Mapping[str, Function], endpoint_url: str) -> None:
        self.said: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._functions = functions
        self._endpoint_url = endpoint_url
        self._credentials = RoleCredentials(endpoint_url=endpoint_url, region=REGION).variables
        self._by_name = {function.name: each for each, function in functions.items()}

    @contextmanager
    def host(self, *functions: str) -> Iterator[Invoke]:
        """Starts functions. Gives what invokes one of them."""
        with FunctionHost(
            [self._functions[each] for each in functions],
            region=REGION,
            endpoint_url=self._endpoint_url,
            credentials=self._credentials,
            log=self._log,
        ) as host:

            def invoke(function: str, event: Any) -> Any:
                name = self._functions[function].name
                invocation = host.invoke(name, json.dumps(event).encode())
                answer = json.loads(invocation.payload)
                if invocation.function_error or invocation.error_type:
                    raise SystemExit(f"{function} failed: {answer}")
                return answer

            yield invoke

    def _log(self, name: str, line: str) -> None:
        if line.startswith('{"measured"'):
            self.said[self._by_name[name]].append(json.loads(line)["measured"])


def draw(invoke: Invoke) -> None:
    """Has all functions do their part of a new picture, with events as the state machine and API
    Gateway make them."""
    arn, now = "arn:aws:states:us-east-1:123456789012:execution:benchmark:1", datetime.now(UTC)
    request = {"prompt": "a benchmark by the sea", "seed": next(_seeds), "model": MODEL}
    sent = {"operation": "draw", "request": request, "caller": "", "idempotency_key": ""}
    plan = invoke("validate", {"input": sent, "execution_arn": arn})
    picture = plan["pictures"][0]
    recipe = {"id": picture["id"], "recipe": {**plan["recipe"], "seed": picture["seed"]}}
    until = (now + timedelta(seconds=60)).isoformat()
    drawing = {"attempt": 1, "draw_until": until, "execution_arn": arn}
    staged = invoke("generate", recipe | drawing)
    publication = {
        "operation": "publish",
        "rerun": picture["rerun"],
        "recipe_in_picture": plan["recipe_in_picture"],
        "owner": plan["owner"],
        "source": staged["source"],
        "execution": {"arn": arn, "started_at": now.isoformat()},
    }
    invoke("store", recipe | publication)
    invoke("library", {"input": {"query": {}, "caller": ""}, "execution_arn": arn})
    invoke(BASELINE, {"body": json.dumps(request)})


@contextmanager
def session(megabytes: float, settings: Mapping[str, Any]) -> Iterator[Session]:
    """Runs a stack whose model draws pictures of a size; each is another one."""
    base = noise(megabytes)
    options = Options(lambda request: stamped(base, request), port=PORT, aws_port=AWS_PORT)
    with TemporaryDirectory() as directory:
        template = with_single_lambda(synthesized(settings=settings), Path(directory) / "baseline")
        with local_stack(template, options, log=lambda line: None) as deployment:
            functions = {
                each.package: measured(each, Path(directory) / each.package)
                for each in deployment.functions
            }
            yield Session(functions, options.endpoint_url)


def measured(function: Function, directory: Path) -> Function:
    """Returns the function with `measured.py` in front of its handler."""
    copytree(function.asset, directory)
    module = function.handler.removesuffix(".handler.handler")
    copy(MEASURED, directory / module.replace(".", "/"))
    return replace(function, asset=directory, handler=f"{module}.measured.handler")


def noise(megabytes: float) -> bytes:
    """Returns a PNG of that size, which no compression makes smaller."""
    side = int((megabytes * 1_000_000 / 3) ** 0.5)
    image = Image.frombytes("RGB", (side, side), os.urandom(side * side * 3))
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=0)
    return file.getvalue()


def stamped(png: bytes, request: ModelRequest) -> bytes:
    """Returns the PNG, whose digest is another one for another seed: in a chunk of text."""
    chunk = b"tEXt" + f"Comment\0{request.seed}".encode()
    length, checksum = len(chunk) - 4, zlib.crc32(chunk)
    head = 33  # the signature and IHDR
    return b"".join(
        (png[:head], length.to_bytes(4, "big"), chunk, checksum.to_bytes(4, "big"), png[head:])
    )


def cold_starts(rounds: int) -> dict[str, Any]:
    """Starts each function anew in each round, and invokes it once."""
    waited: dict[str, list[float]] = defaultdict(list)
    with session(0.5, {}) as run:

        def cold(function: str, event: Any) -> Any:
            began = time.perf_counter()
            with run.host(function) as invoke:
                answer = invoke(function, event)
                waited[function].append((time.perf_counter() - began) * 1_000)
            return answer

        for _ in range(rounds):
            draw(cold)
    starts: dict[str, Any] = {}
    for function in FUNCTIONS:
        imports, first = run.said[function][::2], run.said[function][1::2]
        pairs = zip(imports, first, strict=True)
        starts[function] = {
            "first_answer_ms": spread(waited[function]),
            "import_ms": spread(each["import_ms"] for each in imports),
            "cpu_ms": spread(each["import_cpu_ms"] + one["cpu_ms"] for each, one in pairs),
            "modules": len(imports[0]["modules"]),
            "libraries": libraries(imports[0]["modules"]),
        }
    return starts


def warm(rounds: int) -> dict[str, Any]:
    """Invokes all functions in turns, for each size of picture."""
    sizes: dict[str, Any] = {}
    for megabytes, settings in SIZES.items():
        with session(megabytes, settings) as run:
            with run.host(*FUNCTIONS) as invoke:
                for _ in range(rounds + 1):
                    draw(invoke)
            # The first facts are the import's, the second the first invocation's.
            said = {function: run.said[function][2:] for function in FUNCTIONS}
            sizes[f"{megabytes:g}"] = {
                function: {
                    "cpu_ms": spread(each["cpu_ms"] for each in facts),
                    "peak_mb": spread(each["peak_mb"] for each in facts),
                }
                for function, facts in said.items()
            } | {
                "easel": {
                    "cpu_ms": spread(
                        sum(each["cpu_ms"] for each in picture)
                        for picture in zip(*(said[each] for each in NEW_PICTURE), strict=True)
                    )
                }
            }
    return sizes


def libraries(modules: Iterable[str]) -> list[str]:
    """Returns the packages among modules that are neither Python's nor this project's."""
    packages = {module.partition(".")[0] for module in modules}
    return sorted(packages - sys.stdlib_module_names - {"lambdas", BASELINE, "__mp_main__"})


def spread(values: Iterable[float]) -> dict[str, float]:
    """Returns the median of values, and the quartiles around it."""
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return {"median": round(median, 3), "low": round(low, 3), "high": round(high, 3)}
