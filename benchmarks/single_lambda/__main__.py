"""The local stack with the single Lambda in it, for benchmarks from outside, and its profile."""

import argparse
import json
import signal
import sys
import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

from benchmarks.single_lambda.template import with_single_lambda
from local.assembly import synthesized
from local.bedrock.renderers.card import render_card
from local.stack import Options, local_stack

_LOOK_SECONDS = 0.005


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--aws-port", type=int, required=True)
    parser.add_argument("--profile", type=Path, required=True, help="file to write it to")
    arguments = parser.parse_args()
    options = Options(render_card, port=arguments.port, aws_port=arguments.aws_port)
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    with TemporaryDirectory() as directory:
        template = with_single_lambda(synthesized(), Path(directory))
        with local_stack(template, options, log=lambda line: None):
            arguments.profile.write_text(json.dumps(profile(stopped)))


def profile(stopped: threading.Event) -> dict[str, float]:
    """Looks at all threads every few milliseconds until it is stopped. Returns the share of the
    processor time that each package took: the innermost in a thread that is not Python's own."""
    seen: Counter[str] = Counter()
    before: dict[int, int] = {}
    while not stopped.wait(_LOOK_SECONDS):
        frames = sys._current_frames()
        for thread in threading.enumerate():
            id, frame = thread.native_id, frames.get(thread.ident or 0)
            if id is None or frame is None or id == threading.get_native_id():
                continue
            spent = _nanoseconds(id)
            # A new thread may have the id of one that has ended.
            seen[_package(frame)] += spent - min(before.get(id, 0), spent)
            before[id] = spent
    whole = seen.total() or 1
    return {name: round(spent / whole, 3) for name, spent in seen.most_common(12) if spent}


def _nanoseconds(thread: int) -> int:
    """Returns the processor time of a thread; 0 if it has ended. Linux only."""
    with suppress(OSError):
        return int(Path(f"/proc/self/task/{thread}/schedstat").read_text().split()[0])
    return 0


def _package(innermost: FrameType) -> str:
    """Returns a thread's package; of the stand-ins and moto, the part of it."""
    frame: FrameType | None = innermost
    while frame is not None:
        parts = str(frame.f_globals.get("__name__", "")).split(".")
        if parts[0] not in sys.stdlib_module_names:
            return ".".join(parts[: 2 if parts[0] in ("local", "moto") else 1])
        frame = frame.f_back
    return "Python"


if __name__ == "__main__":
    main()
