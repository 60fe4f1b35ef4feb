"""`easel show` and `easel list`: the pictures that there are."""

import hashlib
import json
from functools import partial
from typing import Any

import click

from easel import display
from easel.api import Api
from easel.exits import CommandError
from easel.files import picture_named
from easel.run import Run, common_options


@click.command()
@click.argument("name", metavar="ID|FILE")
@common_options
@click.pass_obj
def show(run: Run, name: str) -> None:
    """What is known of a picture: its recipe, when it was drawn, and a fresh URL."""
    named = picture_named(name)
    try:
        answer = run.call("Looking", lambda api: api.show(named.id))
    except CommandError as error:
        if named.recipe is None or error.code != "picture_not_found":
            raise
        if run.json:
            run.say_json(json.dumps({"id": named.id, "recipe": named.recipe, "manifest": None}))
            return
        display.say_fields([("id", named.id), *display.recipe_fields(named.recipe)])
        display.note("There is no record of it: this is what the file says.")
        return
    if run.json:
        run.say_json(answer.text)
        return
    display.say_fields(_fields(answer.body, named.content))
    if answer.body["image_url"] is None:
        display.note("Its picture is not there, its recipe is: easel rerun draws it again.")


@click.command("list")
@click.option(
    "--limit", type=click.IntRange(1, 100), default=20, show_default=True, help="1 to 100."
)
@click.option("--after", metavar="CURSOR", help="Go on where a list ended.")
@common_options
@click.pass_obj
def list_(run: Run, limit: int, after: str | None) -> None:
    """The pictures, newest first."""
    body = _listed(run, limit, after)
    if run.json:
        run.say_json(json.dumps(body, ensure_ascii=False))
        return
    if not body["pictures"]:
        display.note('No pictures yet: easel draw "a cat running a marathon"')
        return
    prompt_cells = display.terminal_width() - len("  prompt ")
    rows = [
        (
            picture["published_at"][: len("2026-11-20T12:00:00")].replace("T", " "),
            picture["id"],
            str(picture["seed"]),
            f"{picture['width']}x{picture['height']}",
            picture.get("rerun_of") or "",
            picture["model"],
            display.short(picture["prompt"], prompt_cells),
        )
        for picture in body["pictures"]
    ]
    names = ("published", "id", "seed", "size", "rerun of", "model", "prompt")
    display.say_rows(names, rows)
    if body["after"]:
        more = ("--limit", str(limit), "--after", body["after"])
        command = run.command("list", *more)
        click.echo(f"\nmore: {display.clean(command)}")


def _listed(run: Run, limit: int, after: str | None) -> dict[str, Any]:
    """Returns so many pictures as one page. The API's own pages may hold fewer, or none."""
    pictures: list[Any] = []
    while True:
        left = limit - len(pictures)
        page = run.call("Listing", partial(Api.list, limit=left, after=after)).body
        pictures += page["pictures"]
        after = page["after"]
        if after is None or len(pictures) >= limit:
            return {"pictures": pictures, "after": after}


def _fields(body: dict[str, Any], content: bytes | None) -> list[tuple[str, object]]:
    manifest = body["manifest"]
    blocked = (manifest.get("guardrail") or {}).get("blocked_by")
    same = None
    if content is not None:
        published = hashlib.sha256(content).hexdigest() == manifest.get("sha256")
        same = "as it was published" if published else "not as it was published"
    rerun = manifest.get("rerun_of")
    return [
        ("id", manifest["id"]),
        ("file", same),
        *display.recipe_fields(manifest["recipe"]),
        ("size", display.size(manifest)) if manifest.get("width") else ("blocked", f"by {blocked}"),
        ("sha256", manifest.get("sha256")),
        ("price", f"${manifest['model']['list_price_usd']:g}"),
        ("published", manifest["published_at"]),
        ("rerun of", f"{rerun['id']}, {rerun['verdict']}" if rerun else None),
        ("execution", manifest["execution_arn"]),
        *display.url_fields(body),
    ]
