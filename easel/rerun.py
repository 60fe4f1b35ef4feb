"""`easel rerun`: draws a picture again, and says whether it came out the same."""

import json
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from easel import display
from easel.exits import CommandError, Exit
from easel.files import NamedPicture, Output, picture_named
from easel.models import complete_models
from easel.run import Run, common_options

if TYPE_CHECKING:
    from easel.comparison import Comparison


@click.command()
@click.argument("name", metavar="ID|FILE")
@click.option(
    "--model", shell_complete=complete_models, help="Another model: then no verdict fails."
)
@click.option("--key", metavar="KEY", help="Of a rerun that did not finish: goes on with it.")
@click.option("--out", metavar="FILE", help="Keep the new one; - for stdout.")
@click.option("--force", is_flag=True, help="Overwrite files.")
@common_options
@click.pass_obj
def rerun(
    run: Run, name: str, model: str | None, key: str | None, out: str | None, force: bool
) -> None:
    """Draw a picture again from its recipe, and compare the two.

    A FILE carries its recipe; where the server has no record of it, the recipe is sent and the
    two files are compared here.
    """
    output = Output(out, force=force)
    if output.is_stdout and run.json:
        raise click.UsageError("--out - is the picture alone: leave --json out.")
    first = picture_named(name)
    if out is not None:
        output.check(first.recipe["parameters"].get("output_format") if first.recipe else None)
    key = key or secrets.token_hex(16)
    with run.findable(key=key):
        body = _drawn_again(run, first, {"model": model} if model else {}, key)
        verdict, distance, path = body["rerun"]["verdict"], None, None
        if out is not None or verdict in (None, "different"):
            again = run.download(body["image_url"])
            if verdict is None and again.content == first.content:
                verdict = body["rerun"]["verdict"] = "identical_bytes"
            elif verdict in (None, "different") and (found := _compared(run, first, again.content)):
                verdict = body["rerun"]["verdict"] = verdict or found.verdict
                if verdict == "different":
                    distance = body["rerun"]["distance"] = round(found.distance, 4)
            if out is not None:
                path = output.save(again, body)
    if run.json:
        run.say_json(json.dumps(body, ensure_ascii=False))
    else:
        display.say_fields(
            [
                ("file", path),
                ("verdict", verdict.replace("_", " ") if verdict else None),
                ("distance", distance),
                ("rerun of", body["rerun"]["of"]),
                *display.picture_fields(body),
                *(display.url_fields(body) if path is None else ()),
            ],
            err=output.is_stdout,
        )
    if verdict is None:
        raise CommandError(Exit.HERE, "The files differ; whether their pixels do is not known.")
    if verdict == "different" and model is None:
        raise CommandError(
            Exit.DIFFERENT, "The same recipe gave a different picture: the model has changed."
        )


def _drawn_again(
    run: Run, first: NamedPicture, change: Mapping[str, Any], key: str
) -> dict[str, Any]:
    """Returns the API's answer. Its verdict is None where the API has no record of the first."""

    def rerun_of(id: str, change: Mapping[str, Any]) -> dict[str, Any]:
        return run.call("Drawing it again", lambda api: api.rerun(id, change, key=key)).body

    try:
        return rerun_of(first.id, change)
    except CommandError as error:
        if first.recipe is None or error.code != "picture_not_found":
            raise
    recipe = {**first.recipe, **change}
    body = run.call("Drawing it again", lambda api: api.draw({"recipe": recipe})).body
    # One that was still staged has not been drawn again, but has a record now.
    if body["reused"]:
        body = rerun_of(body["id"], {})
    body["rerun"] = {"of": first.id, "verdict": None, "model": recipe["model"]}
    return body


def _compared(run: Run, first: NamedPicture, again: bytes) -> "Comparison | None":
    """Returns None where the first picture is gone, or what compares is not installed."""
    before = first.content
    if before is None:
        url = run.call("Looking", lambda api: api.show(first.id)).body["image_url"]
        before = run.download(url).content if url else None
    if before is None:
        return None
    try:
        from easel.comparison import compare
    except ImportError:
        display.note("Comparing pictures needs Pillow: pip install 'easel[local]'.")
        return None
    try:
        return compare(before, again)
    except ValueError as error:
        raise CommandError(Exit.HERE, f"The pictures cannot be compared: {error}") from error
