"""`easel batch`: draws every line of a file, some at once, and goes on where it stopped."""

import hashlib
import json
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import click

from easel import display
from easel.api import Answer, Api
from easel.batch_record import PAID_REFUSALS, BatchRecord, Entry, Request, words_of
from easel.draw import error_of, pictures_of
from easel.exits import CommandError, Exit
from easel.files import Output
from easel.request import request_of, request_options
from easel.run import Run, common_options

# A queue of callers is no failure: each may be asked to wait so many times.
_RETRIES = 20

_WORDS_CELLS = 48

# Errors that are about one request alone, but for these statuses.
_EXITS_OF_ONE = (Exit.REFUSED, Exit.FAILED)
_STATUSES_OF_ALL = (401, 403, 500)

# An answer with its downloads, or why there is none.
Drawn = tuple[Mapping[str, Any], Sequence[Answer]] | CommandError


@click.command()
@click.argument("name", metavar="FILE")
@request_options
@click.option("--out", metavar="DIRECTORY", help="Default: FILE's name without its ending, here.")
@click.option(
    "--at-once",
    type=click.IntRange(1, 32),
    default=4,
    show_default=True,
    help="Requests at the same time.",
)
@common_options
@click.pass_obj
def batch(run: Run, /, name: str, out: str | None, at_once: int, **asked: Any) -> None:
    """Draw every line of FILE, a prompt or a JSON object of request fields, into a directory.

    Options count for lines that do not say otherwise. The same command goes on where it stopped:
    what is in the directory is not asked for again. index.html shows all pictures. FILE - is stdin.
    """
    requests = _requests(_lines(name), asked)
    if not requests:
        raise click.UsageError(f"{name} has no prompts.")
    directory = _directory(name, out)
    record = BatchRecord(directory, requests)
    if run.json:
        for entry in record.entries:
            run.say_json(json.dumps(entry))
    stop = threading.Event()
    errors: list[CommandError] = []
    todo = record.missing
    api = run.api(run.sleep, retries=_RETRIES)
    try:
        with display.steps("Drawing", len(todo), bar=not run.json) as step:
            for request, drawn in _at_once(
                lambda each: _draw(api, each, stop), todo, at_once, stop
            ):
                try:
                    entry = _saved(request, drawn, directory)
                except CommandError as error:
                    if error.code not in PAID_REFUSALS:
                        errors.append(error)
                    entry = {"request": request, **json.loads(error.answer or error.json)}
                    _stop_for(error, stop)
                failed = entry.get("failed", [])
                if missing := error_of(failed, len(failed) + len(entry.get("pictures", []))):
                    errors.append(missing)
                record.add(entry)
                if run.json:
                    run.say_json(json.dumps(entry))
                step(_line(entry, directory))
    except KeyboardInterrupt:
        raise CommandError(Exit.INTERRUPTED, f"Stopped. {run.same_again()}") from None
    finally:
        record.write_sheet()
    if not run.json:
        display.say_fields(record.summary)
    if left := len(record.missing):
        worst = max(errors, key=lambda error: error.exit)
        message = f"{left} of {record.number} not drawn yet: {worst.message}"
        raise CommandError(worst.exit, f"{message} {run.same_again()}")
    if record.refused:
        message = f"{record.refused} of {record.number} were refused: change their prompts."
        raise CommandError(Exit.REFUSED, message)


def _lines(name: str) -> Iterator[dict[str, Any]]:
    """Yields each line's fields. Raises CommandError, UsageError or OSError."""
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise CommandError(Exit.HERE, f"{name} is not text in UTF-8.") from error
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith(("{", "[{")):
            try:
                fields = json.loads(line)
            except json.JSONDecodeError as error:
                raise click.UsageError(
                    f"{name}, line {number} is not JSON: {error.msg} at column {error.colno}."
                ) from error
            if not isinstance(fields, dict):
                raise click.UsageError(f"{name}, line {number} is not a JSON object.")
            yield fields
        elif line.strip():
            yield {"prompt": line.strip()}


def _requests(lines: Iterator[dict[str, Any]], asked: Mapping[str, Any]) -> list[Request]:
    """Returns the lines' requests. The same line again is another picture, with another seed."""
    times: Counter[str] = Counter()
    requests: list[Request] = []
    for fields in lines:
        written = json.dumps(fields, sort_keys=True)
        times[written] += 1
        seed = _seed_from(f"{written} {times[written]}")
        beside = {"recipe_in_picture": asked["recipe_in_picture"]}
        requests.append(
            request_of({**(beside if "recipe" in fields else asked), **fields}, seed=seed)
        )
    return requests


def _seed_from(text: str) -> Callable[[int], int]:
    """Makes a seed of a text: what was sent before is found again without a note of it."""
    digest = int.from_bytes(hashlib.sha256(text.encode(errors="replace")).digest())
    return lambda limit: 1 + digest % limit


def _directory(name: str, out: str | None) -> Path:
    if out is None and name == "-":
        raise click.UsageError("Say with --out where the pictures go.")
    directory = Path(out) if out is not None else Path(Path(name).stem)
    try:
        directory.mkdir(exist_ok=True)
    except OSError as error:
        raise CommandError(
            Exit.USAGE,
            f"{directory} cannot be a directory: {error.strerror}. Name another with --out.",
        ) from error
    Output(str(directory)).check()
    return directory


def _draw(api: Api, request: Request, stop: threading.Event) -> Drawn:
    try:
        body = api.draw(request).body
        pictures = [picture for picture, _ in pictures_of(body)]
        return body, [api.download(picture["image_url"]) for picture in pictures]
    except CommandError as error:
        _stop_for(error, stop)
        return error


def _stop_for(error: CommandError, stop: threading.Event) -> None:
    """Sets `stop` for an error that the next request would meet too."""
    if error.exit not in _EXITS_OF_ONE or error.status in _STATUSES_OF_ALL:
        stop.set()


def _at_once(
    draw: Callable[[Request], Drawn],
    requests: Sequence[Request],
    number: int,
    stop: threading.Event,
) -> Iterator[tuple[Request, Drawn]]:
    """Yields each request with what came of it, until all are done or `stop` is set.

    Then those that were sent are still waited for. Ctrl-C leaves them: their threads end with the
    process.
    """
    todo: SimpleQueue[Request] = SimpleQueue()
    done: SimpleQueue[tuple[Request, Drawn] | None] = SimpleQueue()
    for request in requests:
        todo.put(request)

    def work() -> None:
        try:
            while not stop.is_set():
                request = todo.get_nowait()
                done.put((request, draw(request)))
        except Empty:
            pass
        finally:
            done.put(None)

    workers = [threading.Thread(target=work, daemon=True) for _ in range(number)]
    for worker in workers:
        worker.start()
    for _ in workers:
        while each := done.get():
            yield each


def _saved(request: Request, drawn: Drawn, directory: Path) -> Entry:
    """Writes the pictures' files, and returns what is noted of them. Raises CommandError."""
    if isinstance(drawn, CommandError):
        raise drawn
    body, downloads = drawn
    output = Output(str(directory), force=True)
    pictures = [
        {**picture, "file": Path(str(output.save(download, picture))).name}
        for (picture, _), download in zip(pictures_of(body), downloads, strict=True)
    ]
    return {"request": request, "pictures": pictures, "failed": body.get("failed", [])}


def _line(entry: Entry, directory: Path) -> str:
    """Returns a line that says what came of a request."""
    files = [str(directory / picture["file"]) for picture in entry.get("pictures", [])]
    failed = [entry, *entry.get("failed", [])]
    said = [each["error"]["message"] for each in failed if "error" in each]
    line = "  ".join([*files, display.short(words_of(entry["request"]), _WORDS_CELLS)])
    return ": ".join([line, *said])
