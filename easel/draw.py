"""`easel draw`: asks for pictures and writes them to files."""

import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from easel import display
from easel.api import exit_of
from easel.exits import CommandError
from easel.files import Output, recipe_in
from easel.request import request_of, request_options
from easel.run import Run, common_options


@click.command()
@click.argument("words", metavar="PROMPT", nargs=-1)
@request_options
@click.option("--recipe", metavar="FILE", help="Instead of PROMPT: a picture's, or from JSON.")
@click.option("--idempotency-key", "key", metavar="KEY", help="Repeatable without a seed.")
@click.option(
    "--out",
    metavar="FILE",
    help="File, directory, or - for stdout; with --count name-1.png and so on. "
    "Default: the server's name, here.",
)
@click.option("--force", is_flag=True, help="Overwrite files.")
@click.option("--open", "opens", is_flag=True, help="Open what was drawn.")
@common_options
@click.pass_obj
def draw(
    run: Run,
    /,
    words: tuple[str, ...],
    recipe: str | None,
    key: str | None,
    out: str | None,
    force: bool,
    opens: bool,
    **asked: Any,
) -> None:
    """Draw PROMPT and write the picture to a file. PROMPT - is read from stdin.

    With --json a file is written only where --out says so.
    """
    count: int = asked["count"] or 1
    output = Output(out, count, force)
    if recipe is not None:
        fields = _recipe_fields(recipe, words, asked)
        wanted = fields["recipe"].get("parameters", {}).get("output_format")
    else:
        wanted = asked["output_format"]
        fields = {
            "prompt": _prompt(words),
            **asked,
            "output_format": wanted or output.format,
        }
    if output.is_stdout and (run.json or opens):
        raise click.UsageError("--out - is the picture alone: leave --json and --open out.")
    if opens and run.json and out is None:
        raise click.UsageError("--open with --json needs --out.")
    writes = not run.json or out is not None
    if writes:
        output.check(wanted)
    # A key without a seed has the service draw one, and remember it.
    request = request_of(fields, seed=lambda limit: None if key else random.randint(1, limit))
    chosen: dict[str, Any] = {"seed": request.get("seed")}
    if recipe is None:
        chosen["words"] = (request["prompt"],)
    if out is not None and count > 1:
        # Some of several may have been written.
        chosen["force"] = True
    with run.findable(**chosen):
        answer = run.call(f"Drawing {_pictures(count)}", lambda api: api.draw(request, key=key))
        body = answer.body
        if run.json:
            run.say_json(answer.text)
        if writes:
            for number, (picture, place) in enumerate(pictures_of(body)):
                path = output.save(run.download(picture["image_url"]), picture, place)
                if not run.json:
                    if number:
                        click.echo()
                    fields_said = [("file", path), *display.picture_fields(picture)]
                    display.say_fields(fields_said, err=output.is_stdout)
                if opens and run.launch(str(path)) != 0:
                    display.note(f"No program opens {path}.")
        if error := error_of(body.get("failed", []), count):
            raise error


def pictures_of(body: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], int]]:
    """Yields an answer's pictures, and the place of each among those that were asked for.

    Their seeds follow each other: a picture keeps its place where one before it failed.
    """
    pictures = body.get("pictures", [body])
    first = min(each["seed"] for each in (*pictures, *body.get("failed", [])))
    for picture in pictures:
        yield picture, picture["seed"] - first


def _prompt(words: Sequence[str]) -> str:
    prompt = sys.stdin.read().strip() if list(words) == ["-"] else " ".join(words)
    if not prompt:
        raise click.UsageError("Say what to draw: PROMPT is empty.")
    return prompt


def _recipe_fields(name: str, words: Sequence[str], asked: Mapping[str, Any]) -> dict[str, Any]:
    beside = {"recipe_in_picture": asked["recipe_in_picture"]}
    if words or any(asked[name] is not None for name in asked.keys() - beside.keys()):
        raise click.UsageError(
            "--recipe is the whole request: leave out PROMPT and the options that change it."
        )
    return {"recipe": recipe_in(Path(name)), **beside}


def error_of(failed: Sequence[Mapping[str, Any]], count: int) -> CommandError | None:
    """Returns the error of pictures that are missing of several; the worst status decides."""
    if not failed:
        return None
    worst = max(failed, key=lambda each: int(each["status"]))
    seeds = ", ".join(str(each["seed"]) for each in failed)
    return CommandError(
        exit_of(int(worst["status"])),
        f"{len(failed)} of {_pictures(count)} failed (seed {seeds}): {worst['error']['message']}",
        status=int(worst["status"]),
    )


def _pictures(count: int) -> str:
    return "a picture" if count == 1 else f"{count} pictures"
