"""The command `easel`: draws, shows, reruns, lists and traces pictures of one API.

What takes long to import is imported by the commands that need it.
"""

import json
import os
import random
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import get_completion_class

from easel import __version__, completions, display
from easel.api import Answer, error_code
from easel.exits import MEANINGS, CommandError, Exit
from easel.picture_output import (
    Output,
    checked,
    format_of,
    looks_like_file,
    read_file,
    suggested_name,
)
from easel.run import COMPLETE_VARIABLE, CommandGroup, Run, Seams
from easel.target import API_KEY, AWS_ENDPOINT, ENDPOINT, LOCAL_URL, Asked

if TYPE_CHECKING:
    from easel.picture_file import Comparison

PATIENCE_SECONDS = 30
# Every model takes a seed up to here.
_SEED_LIMIT = 2_147_483_646
_LARGEST_SEED = 4_294_967_295

_EPILOG = "\b\nExit codes:\n" + "\n".join(
    f"  {int(exit)}  {meaning}" for exit, meaning in MEANINGS.items()
)


@click.group(
    cls=CommandGroup, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.option("--endpoint", metavar="URL", help=f"The API ({ENDPOINT}); default {LOCAL_URL}.")
@click.option("--api-key", metavar="KEY", help=f"Its key ({API_KEY}); without one, SigV4.")
@click.option("--profile", metavar="NAME", help="AWS profile for SigV4 and logs (AWS_PROFILE).")
@click.option("--region", metavar="NAME", help="AWS region, where the URL does not name it.")
@click.option("--aws-endpoint", metavar="URL", help=f"The local stack's AWS ({AWS_ENDPOINT}).")
@click.option(
    "--wait",
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    default=PATIENCE_SECONDS,
    show_default=True,
    help="Retry once where the service asks to wait for no longer; 0 never.",
)
@click.option("--json", "as_json", is_flag=True, help="The API's JSON on stdout, nothing else.")
@click.version_option(__version__, message="easel %(version)s")
@click.pass_context
def main(
    context: click.Context,
    endpoint: str | None,
    api_key: str | None,
    profile: str | None,
    region: str | None,
    aws_endpoint: str | None,
    wait: float,
    as_json: bool,
) -> None:
    """Pictures from prompts, by the local stack (make run) or a deployment (--endpoint).

    These options may stand before or behind the command. easel completion SHELL prints what
    completes commands, models and styles.
    """
    context.obj = Run(
        seams=context.obj or Seams(),
        asked=Asked(endpoint, api_key, profile, region, aws_endpoint),
        json=as_json,
        patience_seconds=wait,
    )


@main.command()
@click.argument("words", metavar="PROMPT", nargs=-1, required=True)
@click.option("--seed", type=click.IntRange(0, _LARGEST_SEED), help="0 or none draws one.")
@click.option(
    "--model", shell_complete=completions.models, help="A model id; easel models lists them."
)
@click.option("--style", shell_complete=completions.styles, help="A style preset, such as origami.")
@click.option("--aspect", metavar="W:H", shell_complete=completions.aspects, help="Such as 16:9.")
@click.option("--negative", metavar="TEXT", help="What not to draw.")
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
@click.pass_obj
def draw(
    run: Run,
    words: tuple[str, ...],
    seed: int | None,
    model: str | None,
    style: str | None,
    aspect: str | None,
    negative: str | None,
    count: int,
    output_format: str | None,
    out: Path | None,
    force: bool,
    opens: bool,
) -> None:
    """Draw PROMPT and write the picture to a file.

    With --json a file is written only where --out says so.
    """
    output = Output(out, count, force)
    wanted = format_of(out)
    if output_format and wanted and output_format != wanted:
        raise click.UsageError(f"--format {output_format} does not fit {out}.")
    if opens and run.json and out is None:
        raise click.UsageError("--open with --json needs --out.")
    output.check()
    request: dict[str, Any] = {
        "prompt": " ".join(words),
        # Drawn here, so that a picture can be found again whatever becomes of the answer.
        "seed": seed or random.randint(1, _SEED_LIMIT),
        "model": model,
        "style_preset": style,
        "aspect_ratio": aspect,
        "negative_prompt": negative,
        "output_format": output_format or wanted,
        "count": count if count > 1 else None,
    }
    request = {name: value for name, value in request.items() if value is not None}
    with run.findable(request, out):
        answer = run.call(f"Drawing {_pictures(count)}", lambda api: api.draw(request))
        body = answer.body
        pictures = body.get("pictures", [body])
        if run.json:
            click.echo(answer.text)
        for number, picture in enumerate(pictures):
            if run.json and out is None:
                continue
            # The seeds follow each other: a file keeps its number where one before it failed.
            path = _fetch(run, picture, output, picture["seed"] - request["seed"])
            if not run.json:
                _say_drawn(path, picture, first=number == 0)
            if opens and run.seams.launch(str(path)) != 0:
                display.note(f"No program opens {path}.")
        _raise_for_failed(body.get("failed", []), count)


@main.command()
@click.argument("name", metavar="ID|FILE")
@click.pass_obj
def show(run: Run, name: str) -> None:
    """What is known of a picture: its recipe, when it was drawn, and a fresh URL."""
    content = read_file(Path(name)) if looks_like_file(name) else None
    recipe = None if content is None else _recipe_in(name, content)
    id = name if recipe is None else _id_of(recipe)
    try:
        answer = run.call("Looking", lambda api: api.show(id))
    except CommandError as error:
        if recipe is None or error_code(error) != "picture_not_found":
            raise
        if run.json:
            click.echo(json.dumps({"id": id, "recipe": recipe, "manifest": None}))
            return
        display.say_fields([("id", id), *display.recipe_fields(recipe)])
        display.note("There is no record of it: this is what the file says.")
        return
    if run.json:
        click.echo(answer.text)
        return
    _say_manifest(answer.body, content)


@main.command()
@click.argument("name", metavar="ID|FILE")
@click.option(
    "--model", shell_complete=completions.models, help="Another model: then no verdict fails."
)
@click.option("--key", metavar="KEY", help="Of a rerun that did not finish: goes on with it.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Keep the new one.")
@click.option("--force", is_flag=True, help="Overwrite files.")
@click.pass_obj
def rerun(
    run: Run, name: str, model: str | None, key: str | None, out: Path | None, force: bool
) -> None:
    """Draw a picture again from its recipe, and compare the two.

    A FILE carries its recipe; where the server has no record of it, the recipe is sent and the
    two files are compared here.
    """
    output = Output(out, force=force)
    output.check()
    first = read_file(Path(name)) if looks_like_file(name) else None
    recipe = None if first is None else _recipe_in(name, first)
    id = name if recipe is None else _id_of(recipe)
    change = {"model": model} if model else {}
    try:
        body = _rerun(run, id, change, key)
    except CommandError as error:
        if recipe is None or error_code(error) != "picture_not_found":
            raise
        body = _drawn_anew(run, {**recipe, **change})
        body["rerun"] = {"of": id, "verdict": None, "model": recipe["model"]}
    verdict = body["rerun"]["verdict"]
    again = None
    if out is not None or verdict in (None, "different"):
        again = _download(run, body["image_url"])
    distance = None
    if again is not None and verdict in (None, "different"):
        before = first or _published(run, id)
        found = _compare(before, again.content) if before else None
        if verdict is None and found:
            verdict = body["rerun"]["verdict"] = found.verdict
        if verdict == "different" and found:
            distance = body["rerun"]["distance"] = round(found.distance, 4)
    path = None
    if out is not None and again is not None:
        path = output.save(checked(again, body), 0, suggested_name(again, body))
    if run.json:
        click.echo(json.dumps(body, ensure_ascii=False))
    else:
        display.say_fields(
            [
                ("file", path),
                ("verdict", verdict.replace("_", " ")),
                ("distance", distance),
                ("rerun of", body["rerun"]["of"]),
                *display.picture_fields(body),
                *(display.url_fields(body) if path is None else ()),
            ]
        )
    if verdict == "different" and model is None:
        raise CommandError(
            Exit.DIFFERENT, "The same recipe gave a different picture: the model has changed."
        )


@main.command("list")
@click.option("--limit", type=click.IntRange(1, 100), help="1 to 100; default 20.")
@click.option("--after", metavar="CURSOR", help="Go on where a list ended.")
@click.pass_obj
def list_(run: Run, limit: int | None, after: str | None) -> None:
    """The pictures, newest first."""
    answer = run.call("Listing", lambda api: api.list(limit=limit, after=after))
    if run.json:
        click.echo(answer.text)
        return
    body = answer.body
    if not body["pictures"]:
        display.note('No pictures yet: easel draw "a cat running a marathon"')
        return
    display.say_pictures(body["pictures"])
    if body["after"]:
        more = ["--limit", str(limit)] if limit else []
        click.echo(f"\nmore: {run.command('list', *more, '--after', body['after'])}")


@main.command()
@click.argument("name", metavar="ID|EXECUTION_ARN")
@click.option(
    "--since",
    metavar="HOURS",
    type=click.FloatRange(min=0, min_open=True),
    default=24,
    show_default=True,
    help="How far back to look in CloudWatch Logs for an ARN.",
)
@click.pass_obj
def trace(run: Run, name: str, since: float) -> None:
    """An execution's states, attempts and waits on a timeline.

    A picture's ID means the execution that drew it. A deployed execution is read from its logs,
    one on this machine from its history.
    """
    from easel.executions import events_of, is_execution
    from easel.timeline import timeline_of

    arn, looked_from = name, datetime.now(UTC) - timedelta(hours=since)
    if not name.startswith("arn:"):
        manifest = run.call("Looking", lambda api: api.show(name)).body["manifest"]
        arn = manifest["execution_arn"]
        looked_from = datetime.fromisoformat(manifest["started_at"]) - timedelta(minutes=1)
    if not is_execution(arn):
        raise click.UsageError(f"{arn} is no ARN of an execution.")
    with display.progress("Reading its events"):
        account = run.seams.account_of(arn, run.target())
        timeline = timeline_of(events_of(arn, account, since=looked_from))
    if run.json:
        click.echo(json.dumps({"execution_arn": arn, **timeline.to_dict()}))
    else:
        display.say_timeline(arn, timeline)


@main.command()
@click.pass_obj
def models(run: Run) -> None:
    """The models that Easel knows: status, price, sizes, styles, regions."""
    from lambdas.common.catalog import CATALOG

    if run.json:
        rows = [display.model_row(model) for model in CATALOG.values()]
        click.echo(json.dumps({"models": rows}))
    else:
        display.say_models(CATALOG.values())


@main.command()
@click.argument("environment", default="local")
@click.option("--settings", metavar="JSON", help="Settings to change for once.")
@click.pass_obj
def doctor(run: Run, environment: str, settings: str | None) -> None:
    """Whether ENVIRONMENT (of cdk.json; default local) can draw."""
    from easel.doctor import report, settings_from_json

    if run.asked.profile:
        os.environ["AWS_PROFILE"] = run.asked.profile
    if run.asked.region:
        os.environ["AWS_REGION"] = run.asked.region
    try:
        changed = settings_from_json(settings or "{}")
    except ValueError as error:
        raise click.UsageError(f"--settings is {error}.") from None
    problems = report(
        environment, local_endpoint=run.target().aws_url, changed=changed, as_json=run.json
    )
    if problems:
        click.get_current_context().exit(Exit.HERE)


@main.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def completion(shell: str) -> None:
    """Print SHELL's completion: eval "$(easel completion bash)"."""
    completes = get_completion_class(shell)
    if completes is None:
        raise click.UsageError(f"There is no completion for {shell}.")
    click.echo(completes(main, {}, "easel", COMPLETE_VARIABLE).source())


def _fetch(run: Run, picture: Mapping[str, Any], output: Output, number: int) -> Path:
    download = _download(run, picture["image_url"])
    return output.save(checked(download, picture), number, suggested_name(download, picture))


def _say_drawn(path: Path, picture: Mapping[str, Any], *, first: bool) -> None:
    if not first:
        click.echo()
    display.say_fields([("file", path), *display.picture_fields(picture)])


def _say_manifest(body: Mapping[str, Any], content: bytes | None) -> None:
    import hashlib

    manifest = body["manifest"]
    blocked = (manifest.get("guardrail") or {}).get("blocked_by")
    same = None
    if content is not None:
        published = hashlib.sha256(content).hexdigest() == manifest.get("sha256")
        same = "as it was published" if published else "not as it was published"
    rerun = manifest.get("rerun_of")
    display.say_fields(
        [
            ("id", manifest["id"]),
            ("file", same),
            *display.recipe_fields(manifest["recipe"]),
            ("size", f"{manifest['width']}x{manifest['height']} {manifest['output_format']}")
            if manifest.get("width")
            else ("blocked", f"by {blocked}"),
            ("sha256", manifest.get("sha256")),
            ("price", f"${manifest['model']['list_price_usd']:g}"),
            ("published", manifest["published_at"]),
            ("rerun of", f"{rerun['id']}, {rerun['verdict']}" if rerun else None),
            ("execution", manifest["execution_arn"]),
            *display.url_fields(body),
        ]
    )
    if body["image_url"] is None:
        display.note("Its picture is not there, its recipe is: easel rerun draws it again.")


def _recipe_in(name: str, content: bytes) -> dict[str, Any]:
    from easel.picture_file import read_recipe

    try:
        return read_recipe(content)
    except ValueError as error:
        raise CommandError(Exit.HERE, f"{name}: {error}") from error


def _id_of(recipe: Mapping[str, Any]) -> str:
    from lambdas.common.recipe import Recipe

    try:
        return Recipe.from_dict(recipe).id
    except (KeyError, TypeError, ValueError) as error:
        raise CommandError(
            Exit.HERE, f"The recipe in the file is not one that this version knows: {error}."
        ) from error


def _drawn_anew(run: Run, recipe: Mapping[str, Any]) -> dict[str, Any]:
    """A picture of a recipe without a record. One that was still staged has not been drawn again,
    but has a record now."""
    picture = run.call("Drawing it again", lambda api: api.draw({"recipe": recipe})).body
    if not picture["reused"]:
        return picture
    return _rerun(run, picture["id"], {}, None)


def _rerun(run: Run, id: str, change: Mapping[str, Any], key: str | None) -> dict[str, Any]:
    sent = key or secrets.token_hex(16)
    return run.call("Drawing it again", lambda api: api.rerun(id, change, key=sent)).body


def _published(run: Run, id: str) -> bytes | None:
    """The first picture, where it is still there."""
    url = run.api().show(id).body["image_url"]
    return _download(run, url).content if url else None


def _download(run: Run, url: str) -> Answer:
    with display.progress("Fetching it"):
        return run.api().download(url)


def _compare(first: bytes, again: bytes) -> "Comparison":
    from easel.picture_file import compare

    try:
        return compare(first, again)
    except ValueError as error:
        raise CommandError(Exit.HERE, f"The pictures cannot be compared: {error}") from error


def _raise_for_failed(failed: Sequence[Mapping[str, Any]], count: int) -> None:
    """Some pictures of several are missing: the worst of their statuses decides."""
    if not failed:
        return
    worst = max(failed, key=lambda each: int(each["status"]))
    status = int(worst["status"])
    exit = Exit.FAILED if status >= 500 else Exit.REFUSED
    if status in (429, 503):
        exit = Exit.LATER
    seeds = ", ".join(str(each["seed"]) for each in failed)
    raise CommandError(
        exit,
        f"{len(failed)} of {_pictures(count)} failed (seed {seeds}): {worst['error']['message']}",
    )


def _pictures(count: int) -> str:
    return "a picture" if count == 1 else f"{count} pictures"
