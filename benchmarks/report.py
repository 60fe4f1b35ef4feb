"""Writes the figures of `results.json` into docs/performance.md, and its plots beside it."""

import textwrap
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.cost import orchestration, table
from benchmarks.functions import BASELINE, FUNCTIONS, NEW_PICTURE
from benchmarks.plots import plot
from docs import markdown

DOCUMENT = Path(__file__).parents[1] / "docs" / "performance.md"
COMMAND = "make bench"
PACKAGES = ("boto3", "moto", "awslambdaric", "simpy")

Results = Mapping[str, Any]
_NAMES = {
    "model": "the model's stand-in",
    BASELINE: "single Lambda",
    "easel": "Easel",
    "reused": "Easel, found again",
}


def write(results: Results) -> None:
    parts = {name: partial(make, results) for name, make in PARTS.items()}
    DOCUMENT.write_text(markdown.filled(DOCUMENT.read_text(), parts, COMMAND))
    for name, svg in plots(results).items():
        DOCUMENT.with_name(f"{name}.svg").write_text(svg)


def machine(results: Results) -> str:
    found = results["machine"]
    versions = ", ".join(f"{name} {found[name]}" for name in PACKAGES)
    text = (
        f"Measured on {found['date']} in {found['seconds']} s, on {found['processors']} processors "
        f"({found['processor']}), {found['system']}, Python {found['python']}, {versions}."
    )
    return textwrap.fill(text, 100) + "\n"


def cold(results: Results) -> str:
    starts = results["cold"]
    base = starts[BASELINE]["cpu_ms"]["median"]
    rows = [
        (
            _NAMES.get(name, f"`{name}`"),
            _ms(starts[name]["first_answer_ms"]),
            _ms(starts[name]["import_ms"]),
            _ms(starts[name]["cpu_ms"]),
            f"{starts[name]['cpu_ms']['median'] / base:.2f}",
            starts[name]["modules"],
            ", ".join(starts[name]["libraries"]) or "none",
        )
        for name in FUNCTIONS
    ]
    ours = sum(starts[name]["cpu_ms"]["median"] for name in NEW_PICTURE)
    rows.append(("a new picture's three", "", "", f"{ours:.0f}", f"{ours / base:.2f}", "", ""))
    return markdown.table(
        (
            "Function",
            "first answer, ms",
            "import, ms",
            "CPU, ms",
            "CPU ratio",
            "modules",
            "libraries",
        ),
        rows,
    )


def warm(results: Results) -> str:
    rows = []
    for size, said in results["warm"].items():
        ours, base = said["easel"]["cpu_ms"], said[BASELINE]["cpu_ms"]
        parts = (f"{said[name]['cpu_ms']['median']:.1f}" for name in NEW_PICTURE)
        ratio = f"{ours['median'] / base['median']:.2f}"
        rows.append((size, *parts, _ms(ours), _ms(base), ratio))
    return markdown.table(
        ("Picture, MB", *(f"`{name}`" for name in NEW_PICTURE), "Easel", "single Lambda", "ratio"),
        rows,
    )


def memory(results: Results) -> str:
    sizes = results["warm"]
    small, large = min(sizes, key=float), max(sizes, key=float)
    rows = []
    for name in FUNCTIONS:
        peaks = [sizes[size][name]["peak_mb"]["median"] for size in sizes]
        growth = sizes[large][name]["peak_mb"]["median"] - sizes[small][name]["peak_mb"]["median"]
        slope = growth / (float(large) - float(small))
        shown = (f"{peak:.0f}" for peak in peaks)
        rows.append((_NAMES.get(name, f"`{name}`"), *shown, f"{max(slope, 0):.1f}"))
    heads = (f"{size} MB" for size in sizes)
    return markdown.table(("Most memory, MB", *heads, "for each MB of the picture"), rows)


def local(results: Results) -> str:
    found = results["local"]
    rows = []
    for clients, kinds in found["clients"].items():
        base = kinds[BASELINE]["ms"]["median"]
        for kind, said in kinds.items():
            ratio = f"{said['ms']['median'] / base:.2f}"
            rows.append((clients, _NAMES[kind], _ms(said["ms"]), ratio, said["per_second"]))
    text = markdown.table(("Clients", "Asked", "ms", "ratio", "a second"), rows)
    one = found["clients"]["1"]
    overhead = one["easel"]["ms"]["median"] - one["model"]["ms"]["median"]
    ready, imports = found["ready_s"]["median"], found["imports_s"]["median"]
    memory = ", ".join(f"{mb} MB after {n}" for n, mb in found["memory_mb"].items())
    return (
        f"{text}\nAt one client, Easel takes {overhead:.0f} ms beside the model. The stack is "
        f"ready after {ready:.1f} s; moto and boto3 take {imports:.1f} s to import. Memory "
        f"of all its processes: {memory} pictures.\n"
    )


def profile(results: Results) -> str:
    return markdown.table(
        ("Package", "Share of the work"),
        ((f"`{name}`", f"{share:.0%}") for name, share in results["local"]["profile"].items()),
    )


def simulated(results: Results) -> str:
    text = ""
    for scenario in results["simulated"].values():
        rows = []
        for each in scenario["rates"]:
            ours, theirs = each["easel"], each[BASELINE]
            seconds = (f"{said.get('p95', 0):.1f}" for said in (ours, theirs))
            success = (f"{said['success']:.1%}" for said in (ours, theirs))
            wasted = (f"{said['wasted_usd']:.2f}" for said in (ours, theirs))
            rows.append(
                (
                    f"{each['rate']:g}",
                    each["easel"]["requests"],
                    *success,
                    *seconds,
                    ours["late"],
                    theirs["late"],
                    *wasted,
                )
            )
        heads = ("success", "p95, s", "late", "wasted, $")
        text += (
            f"Calls of {scenario['latency_seconds']:g} s, "
            f"{scenario['quota_per_minute']:g} a minute; Easel first, then the single Lambda:\n\n"
        )
        text += (
            markdown.table(("Rate", "requests", *(head for head in heads for _ in range(2))), rows)
            + "\n"
        )
    return text


def costs(results: Results) -> str:
    both = results["cost"]
    more = orchestration(both["easel"], both[BASELINE])
    return f"{table(both)}\nBeside the guardrail, Easel costs ${more:.3f} more.\n"


PARTS: Mapping[str, Callable[[Results], str]] = {
    "machine": machine,
    "cold starts": cold,
    "invocations": warm,
    "memory": memory,
    "local stack": local,
    "profile": profile,
    "scale": simulated,
    "costs": costs,
}


def plots(results: Results) -> dict[str, str]:
    """Returns the SVGs by file name."""
    drawn = {}
    for name, scenario in results["simulated"].items():
        title = f"Requests that got their picture: calls of {scenario['latency_seconds']:g} s"
        lines = {
            _NAMES[design]: [
                (each["rate"], 100 * each[design]["success"]) for each in scenario["rates"]
            ]
            for design in ("easel", BASELINE)
        }
        drawn[f"success-{name}"] = plot(title, "requests a second", lines, y_most=100, unit=" %")
    clients = results["local"]["clients"]
    most = max(said["ms"]["median"] for kinds in clients.values() for said in kinds.values())
    lines = {
        _NAMES[kind]: [(int(n), kinds[kind]["ms"]["median"]) for n, kinds in clients.items()]
        for kind in _NAMES
    }
    title = "A picture on the local stack, median"
    drawn["local-stack"] = plot(title, "clients", lines, y_most=-(-most // 100) * 100, unit=" ms")
    return drawn


def _ms(spread: Mapping[str, float]) -> str:
    digits = 0 if spread["median"] >= 20 else 1
    return "{median:.{d}f} ({low:.{d}f} to {high:.{d}f})".format(d=digits, **spread)
