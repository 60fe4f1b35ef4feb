"""`easel delete`: deletes pictures and all that is kept of them."""

import json
import sys
from functools import partial
from typing import Any

import click

from easel import display
from easel.api import Api
from easel.exits import CommandError, Exit
from easel.files import picture_named
from easel.run import Run, common_options


@click.command()
@click.argument("names", metavar="ID|FILE...", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
@common_options
@click.pass_obj
def delete(run: Run, names: tuple[str, ...], yes: bool) -> None:
    """Delete pictures for good: files, records and entries, in all versions.

    A FILE means the picture that it carries the recipe of; the file itself stays here.
    """
    ids = list(dict.fromkeys(picture_named(name).id for name in names))
    if not yes:
        _ask(ids)
    deleted: list[str] = []
    failed: list[tuple[str, CommandError]] = []
    for id in ids:
        try:
            deleted.append(run.call("Deleting", partial(Api.delete, id=id)).body["id"])
        except CommandError as error:
            failed.append((id, error))
            # The others would fail as well.
            if error.code != "picture_not_found":
                break
    if run.json:
        run.say_json(json.dumps({"deleted": deleted, "failed": [_told(*each) for each in failed]}))
    else:
        for id in deleted:
            display.say_fields([("deleted", id)])
    if failed:
        id, last = failed[-1]
        left = f" {len(deleted)} of {len(ids)} were deleted." if len(ids) > 1 else ""
        raise CommandError(last.exit, f"{id}: {last.message}{left}")


def _ask(ids: list[str]) -> None:
    if not sys.stdin.isatty():
        raise CommandError(
            Exit.USAGE, "Nothing was deleted: there is no terminal to ask on. --yes says yes."
        )
    what = f"picture {ids[0]}" if len(ids) == 1 else f"{len(ids)} pictures"
    if not click.confirm(f"Delete {what} for good?", err=True):
        raise CommandError(Exit.INTERRUPTED, "Nothing was deleted.")


def _told(id: str, error: CommandError) -> dict[str, Any]:
    return {"id": id, **json.loads(error.answer or error.json)}
