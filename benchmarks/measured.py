"""Stands in front of a function's handler, in its asset, and logs what it takes: CPU, memory and
modules of its import, CPU and memory of each invocation. Linux only."""

import json
import sys
import time
from pathlib import Path
from typing import Any


def _peak_mb() -> float:
    """Returns the most that has been in memory since the peak was forgotten."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1_024 / 1_000_000
    raise RuntimeError("this system does not tell VmHWM")


def _say(**facts: Any) -> None:
    print(json.dumps({"measured": facts}), flush=True)


_modules, _began, _cpu = set(sys.modules), time.perf_counter(), time.process_time()
from .handler import handler as _handler  # type: ignore[import-not-found] # noqa: E402

_say(
    import_ms=(time.perf_counter() - _began) * 1_000,
    import_cpu_ms=(time.process_time() - _cpu) * 1_000,
    modules=sorted(set(sys.modules) - _modules),
)


def handler(event: Any, context: Any) -> Any:
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak until now
    cpu = time.process_time()
    answer = _handler(event, context)
    cpu = time.process_time() - cpu
    _say(cpu_ms=cpu * 1_000, peak_mb=_peak_mb())
    return answer
