"""What a person sees: tables and a timeline on stdout, progress on stderr where that is a
terminal."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.table import Table

    from easel.timeline import State, Timeline
    from lambdas.common.catalog import Model

_BAR_CELLS = 32
_PIPE_WIDTH = 240
_NAME_CELLS = 10
_PROMPT_CHARACTERS = 48
_LEAST_CELLS = 12
_ID_CHARACTERS = 8
_SECONDS_CHARACTERS = len("2026-11-20T12:00:00")


def clean(text: object) -> str:
    """Text of others without what could steer a terminal, in one line."""
    return "".join(char if char.isprintable() else " " for char in str(text))


def say_fields(fields: Iterable[tuple[str, object]]) -> None:
    """One line each; what is None is left out."""
    said = [(name, value) for name, value in fields if value is not None and value != ""]
    width = max([_NAME_CELLS, *(len(name) + 1 for name, _ in said)])
    for name, value in said:
        click.echo(click.style(f"{name:<{width}}", dim=True) + clean(value))


def note(message: str) -> None:
    """Beside the output, for a person."""
    click.echo(clean(message), err=True)


@contextmanager
def progress(text: str) -> Iterator[Callable[[str], None]]:
    """Shows what is being waited for, and for how long. Gives a way to change the text."""
    if not sys.stderr.isatty():
        yield lambda text: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(clean(text))
        yield lambda text: shown.update(task, description=clean(text))


def picture_fields(picture: Mapping[str, Any]) -> list[tuple[str, object]]:
    """What an answer says of a picture; its URL comes last, for it is long."""
    return [
        ("id", picture["id"]),
        ("seed", picture["seed"]),
        ("size", f"{picture['width']}x{picture['height']} {picture['output_format']}"),
        ("model", picture["model"]),
        ("paid", "no: it was there already" if picture.get("reused") else None),
        ("execution", picture["execution_arn"]),
    ]


def url_fields(picture: Mapping[str, Any]) -> list[tuple[str, object]]:
    return [("expires", picture.get("expires_at")), ("url", picture.get("image_url"))]


def recipe_fields(recipe: Mapping[str, Any]) -> list[tuple[str, object]]:
    return [
        ("prompt", recipe["prompt"]),
        ("negative", recipe["negative_prompt"]),
        ("seed", recipe["seed"]),
        ("model", recipe["model"]),
        *((name, value) for name, value in recipe["parameters"].items()),
    ]


def say_pictures(pictures: Sequence[Mapping[str, Any]]) -> None:
    rows = [
        (
            picture["published_at"][:_SECONDS_CHARACTERS].replace("T", " "),
            picture["id"],
            str(picture["seed"]),
            _short(picture["prompt"]),
            f"{picture['width']}x{picture['height']}",
            (picture.get("rerun_of") or "")[:_ID_CHARACTERS],
            picture["model"],
        )
        for picture in pictures
    ]
    names = ("published", "id", "seed", "prompt", "size", "rerun of", "model")
    # A line each, on a narrow terminal too.
    _say_table(names, rows, whole=("published", "id", "seed", "size", "rerun of"), cut=True)


def say_models(models: Iterable["Model"]) -> None:
    _say_table(
        ("id", "status", "price", "sizes", "styles", "regions"),
        [
            (
                model["id"],
                model["status"],
                f"${model['list_price_usd']:g}",
                _sizes(model),
                f"{len(model['styles'])}{'' if model['own_styles'] else ', as prompt text'}",
                ", ".join(model["regions"]) or "-",
            )
            for model in map(model_row, models)
        ],
    )


def model_row(model: "Model") -> dict[str, Any]:
    """What the catalog says of a model. Styles of the others are applied as prompt text."""
    from lambdas.common.catalog import STYLE_PRESETS, Choice, ListedSizes

    own = model.parameters.get("style_preset")
    words = own.words if isinstance(own, Choice) else ()
    status, successor = "active", None
    if model.retired:
        status, successor = f"retired {model.retired.date}", model.retired.successor
    elif model.legacy:
        status, successor = f"legacy until {model.legacy.until}", model.legacy.successor
    sizes: object = None if model.sizes is None else str(model.sizes)
    if isinstance(model.sizes, ListedSizes):
        sizes = [f"{width}x{height}" for width, height in model.sizes.sizes]
    return {
        "id": model.id,
        "family": model.family.replace("_", "-"),
        "status": status,
        "successor": successor,
        "list_price_usd": model.list_price_usd,
        "sizes": sizes,
        "aspect_ratios": list(model.aspect_ratios),
        "output_formats": list(model.output_formats),
        "styles": sorted({*words, *STYLE_PRESETS}),
        "own_styles": list(words),
        "regions": list(model.regions),
    }


def say_timeline(arn: str, timeline: "Timeline") -> None:
    from rich.table import Table

    say_fields(
        [
            ("execution", arn),
            ("status", " ".join(filter(None, (timeline.status, timeline.error)))),
            ("started", timeline.started.isoformat(timespec="milliseconds")),
            ("seconds", f"{timeline.seconds:.3f}"),
        ]
    )
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for justify in ("right", "left", "right", "left", "left"):
        table.add_column(justify=justify, no_wrap=justify == "right")
    for state in timeline.states:
        table.add_row(
            f"+{timeline.offset(state.entered):.3f}",
            _state_name(state),
            f"{timeline.duration(state):.3f}",
            _bar(timeline, state),
            _attempts(timeline, state),
        )
    click.echo()
    _say(table)


def _state_name(state: "State") -> str:
    number = "" if state.iteration is None else f" [{state.iteration}]"
    return f"{'  ' * state.depth}{clean(state.name)}{number}"


def _bar(timeline: "Timeline", state: "State") -> str:
    whole = timeline.seconds or 1
    start = int(timeline.offset(state.entered) / whole * (_BAR_CELLS - 1))
    length = max(1, round(timeline.duration(state) / whole * _BAR_CELLS))
    return f"{' ' * start}{'█' * min(length, _BAR_CELLS - start)}"


def _attempts(timeline: "Timeline", state: "State") -> str:
    """What failed, after how long, and how long the next attempt waited."""
    said = []
    for number, attempt in enumerate(state.attempts):
        if attempt.error is None:
            continue
        took = timeline.offset(attempt.ended or timeline.ended) - timeline.offset(attempt.began)
        reason = f" ({_short(attempt.reason)})" if attempt.reason else ""
        said.append(f"{clean(attempt.error)} after {took:.3f}{reason}")
        if number < len(state.waits):
            said.append(f"waited {state.waits[number]:.3f}")
    if len(state.attempts) > 1:
        said.insert(0, f"{len(state.attempts)} attempts")
    return "; ".join(said)


def _sizes(row: Mapping[str, Any]) -> str:
    """The ratios, or how many sizes; --json has them all."""
    match row["sizes"]:
        case None:
            return " ".join(row["aspect_ratios"])
        case [*sizes]:
            return f"{len(sizes)}, such as {sizes[0]}"
        case limits:
            return str(limits)


def _short(text: str) -> str:
    text = clean(text)
    return text if len(text) <= _PROMPT_CHARACTERS else text[: _PROMPT_CHARACTERS - 1] + "…"


def _say_table(
    names: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    whole: Sequence[str] = ("id",),
    cut: bool = False,
) -> None:
    """Where a terminal is narrow, columns that need not stay `whole` are wrapped, or cut."""
    cells = [[clean(cell) for cell in row] for row in rows]
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for at, name in enumerate(names):
        longest = max([len(name), *(len(row[at]) for row in cells)])
        least = longest if name in whole else min(longest, _LEAST_CELLS)
        table.add_column(name, no_wrap=cut or name in whole, min_width=least if cut else None)
    for row in cells:
        table.add_row(*map(Text, row))
    _say(table)


def _say(table: "Table") -> None:
    """A pipe has no width, and programs read it: nothing is wrapped or filled up there."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else _PIPE_WIDTH
    console = Console(width=width, highlight=False, markup=False)
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())
