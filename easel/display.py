"""What a person sees: fields and tables on stdout, progress on stderr if that is a terminal."""

import json
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from textwrap import TextWrapper
from typing import Any

import click

# Wider than any line: programs read a pipe, and nothing is wrapped there.
_PIPE_WIDTH = 100_000
_NAME_CELLS = 10


def clean(text: object) -> str:
    """Returns text of others in one line, without what could steer a terminal."""
    return "".join(char if char.isprintable() else " " for char in str(text))


def say_fields(fields: Iterable[tuple[str, object]], *, err: bool = False) -> None:
    """Prints each with its name, without those that are None."""
    said = [(name, value) for name, value in fields if value is not None and value != ""]
    width = max([_NAME_CELLS, *(len(name) + 1 for name, _ in said)])
    for name, value in said:
        lines = wrapped(value, first=" " * width, rest=" " * width)
        click.echo(click.style(f"{name:<{width}}", dim=True) + lines[width:], err=err)


def say_json(text: str) -> None:
    """Prints JSON, in which what could steer a terminal is escaped."""
    click.echo("".join(c if c.isprintable() or c in "\n\t" else json.dumps(c)[1:-1] for c in text))


def note(message: str) -> None:
    """Prints a line on stderr, for a person."""
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


@contextmanager
def steps(text: str, number: int, *, bar: bool) -> Iterator[Callable[[str], None]]:
    """Shows how many of a number of steps are done. Gives what ends one, with a line about it.

    There is no `bar` where something else is printed meanwhile, which may be on the same terminal.
    """
    if not bar or not sys.stderr.isatty():
        yield note
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(text, total=number)

        def step(line: str) -> None:
            shown.console.print(clean(line), markup=False, highlight=False)
            shown.advance(task)

        yield step


def picture_fields(picture: Mapping[str, Any]) -> list[tuple[str, object]]:
    """Returns what an answer says of a picture, without its long URL."""
    return [
        ("id", picture["id"]),
        ("seed", picture["seed"]),
        ("size", size(picture)),
        ("model", picture["model"]),
        ("paid", "no: it was there already" if picture.get("reused") else None),
        ("execution", picture["execution_arn"]),
    ]


def size(picture: Mapping[str, Any]) -> str:
    return f"{picture['width']}x{picture['height']} {picture['output_format']}"


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


def short(text: str, cells: int) -> str:
    """Returns the beginning of a text that fits into so many cells of a terminal."""
    from rich.text import Text

    shown = Text(clean(text))
    shown.truncate(cells, overflow="ellipsis")
    return shown.plain


def say_rows(names: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints a table where it fits. A narrower terminal gets lines for each row, nothing is cut.

    The column `id` begins those lines, and each other value stands behind its column's name.
    """
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    cells = [[clean(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(names, *cells, strict=True)]
    if sum(widths) + 2 * len(names) > terminal_width():
        for row in cells:
            named = dict(zip(names, row, strict=True))
            click.echo(named.pop("id"))
            for line in _filled([f"{name} {value}" for name, value in named.items() if value]):
                click.echo(wrapped(line, first="  ", rest="    "))
        return
    table = Table(*names, box=None, padding=(0, 2, 0, 0), header_style="dim")
    for row in cells:
        table.add_row(*map(Text, row))
    console = Console(width=terminal_width(), highlight=False, markup=False)
    with console.capture() as captured:
        console.print(table)
    # Without the padding behind its lines.
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


def _filled(texts: Iterable[str]) -> list[str]:
    """Returns lines of as many texts as fit, for an indent of two: none goes on in the next one."""
    from rich.cells import cell_len

    lines: list[str] = []
    for text in texts:
        if lines and cell_len(f"  {lines[-1]}  {text}") <= terminal_width():
            lines[-1] += f"  {text}"
        else:
            lines.append(text)
    return lines


def wrapped(text: object, *, first: str = "", rest: str) -> str:
    """Returns clean text in lines that fit a terminal, each with its indent. A word is never
    broken: ids, ARNs and URLs stay whole."""
    wrapper = TextWrapper(
        terminal_width(),
        initial_indent=first,
        subsequent_indent=rest,
        break_on_hyphens=False,
        break_long_words=False,
    )
    return "\n".join(wrapper.wrap(clean(text)))


def terminal_width() -> int:
    """Returns a terminal's columns."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else _PIPE_WIDTH
