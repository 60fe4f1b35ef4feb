"""`easel draw`: asks for pictures and writes them to files."""

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from easel import display
from easel.api import exit_of
from easel.exits import CommandError, Exit
from easel.files import Output, format_of
from easel.models import complete_aspects, complete_models, complete_styles
from easel.run import Run, common_options

# Every model takes a seed up to here.
_SEED_LIMIT = 2_147_483_646
_LARGEST_SEED = 4_294_967_295


@click.command()
@click.argument("words", metavar="PROMPT", nargs=-1, required=True)
@click.option("--seed", type=click.IntRange(0, _LARGEST_SEED), help="0 or none draws one.")
@click.option(
    "--model", shell_complete=complete_models, help="A model id; easel models lists them."
)
@click.option(
    "--style",
    "style_preset",
    shell_complete=complete_styles,
    help="A style preset, such as origami.",
)
@click.option(
    "--aspect", "aspect_ratio", metavar="W:H", shell_complete=complete_aspects, help="Such as 16:9."
)
@click.option("--negative", "negative_prompt", metavar="TEXT", help="What not to draw.")
@click.option("--count", type=click.IntRange(1, 4), default=1, help="Pictures, 1 to 4.")
@click.option(
    "--format", "output_format", type=click.Choice(("png", "jpeg")), help="By default --out's."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="File or directory; with --count name-1.png and so on. Default: the server's name, here.",
)
@click.option("--force", is_flag=True, help="Overwrite files.")
@click.option("--open", "opens", is_flag=True, help="Open what was drawn.")
@common_options
@click.pass_obj
def draw(
    run: Run, /, words: tuple[str, ...], out: Path | None, force: bool, opens: bool, **asked: Any
) -> None:
    """Draw PROMPT and write the picture to a file.

    With --json a file is written only where --out says so.
    """
    count: int = asked["count"]
    output = Output(out, count, force)
    wanted = format_of(out)
    if asked["output_format"] and wanted and asked["output_format"] != wanted:
        raise click.UsageError(f"--format {asked['output_format']} does not fit {out}.")
    if opens and run.json and out is None:
        raise click.UsageError("--open with --json needs --out.")
    output.check()
    # The options have the names of the request's fields.
    request: dict[str, Any] = {
        "prompt": " ".join(words),
        **asked,
        # Drawn here, so that a picture can be found again whatever becomes of the answer.
        "seed": asked["seed"] or random.randint(1, _SEED_LIMIT),
        "output_format": asked["output_format"] or wanted,
        "count": count if count > 1 else None,
    }
    request = {name: value for name, value in request.items() if value is not None}
    with _findable(run, request, out):
        answer = run.call(f"Drawing {_pictures(count)}", lambda api: api.draw(request))
        body = answer.body
        pictures = body.get("pictures", [body])
        if run.json:
            display.say_json(answer.text)
        if not run.json or out is not None:
            for number, picture in enumerate(pictures):
                # The seeds follow each other: a file keeps its number where one before it failed.
                place = picture["seed"] - request["seed"]
                path = output.save(run.download(picture["image_url"]), picture, place)
                if not run.json:
                    if number:
                        click.echo()
                    display.say_fields([("file", path), *display.picture_fields(picture)])
                if opens and run.launch(str(path)) != 0:
                    display.note(f"No program opens {path}.")
        _raise_for_failed(body.get("failed", []), count)


@contextmanager
def _findable(run: Run, request: Mapping[str, Any], out: Path | None) -> Iterator[None]:
    """Adds to an error after which the picture may be there the command that finds it."""
    try:
        yield
    except CommandError as error:
        if error.exit in (Exit.LATER, Exit.UNREACHABLE) or error.code == "timeout":
            words = [request["prompt"]]
            for option in draw.params:
                if option.name in request:
                    words += [option.opts[0], str(request[option.name])]
            if out is not None:
                words += ["--out", str(out)]
                # Some of several may have been written.
                words += ["--force"] if "count" in request else []
            error.message += f" The same again: {run.command('draw', *words)}"
        raise


def _raise_for_failed(failed: Sequence[Mapping[str, Any]], count: int) -> None:
    """Raises CommandError where pictures of several are missing; the worst status decides."""
    if not failed:
        return
    worst = max(failed, key=lambda each: int(each["status"]))
    seeds = ", ".join(str(each["seed"]) for each in failed)
    raise CommandError(
        exit_of(int(worst["status"])),
        f"{len(failed)} of {_pictures(count)} failed (seed {seeds}): {worst['error']['message']}",
    )


def _pictures(count: int) -> str:
    return "a picture" if count == 1 else f"{count} pictures"
