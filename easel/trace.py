"""`easel trace`: an execution's timeline."""

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from easel import display
from easel.files import picture_named
from easel.run import Run, common_options

if TYPE_CHECKING:
    from easel.timeline import State, Timeline

_BAR_CELLS, _LEAST_BAR_CELLS = 32, 8
_GAP = "  "


@click.command()
@click.argument("name", metavar="ID|FILE|EXECUTION_ARN")
@click.option(
    "--since",
    metavar="HOURS",
    type=click.FloatRange(min=0, min_open=True),
    default=24,
    show_default=True,
    help="How far back to look in CloudWatch Logs for an ARN.",
)
@common_options
@click.pass_obj
def trace(run: Run, name: str, since: float) -> None:
    """An execution's states, attempts and waits on a timeline.

    A picture's ID or FILE means the execution that drew it. A deployed execution is read from its
    logs, one on this machine from its history. Where the setting log_execution_data is off, the
    logs hold no data: states and times are shown, and errors only as far as the log names them.
    """
    from easel.executions import account_of, events_of, is_execution, region_of
    from easel.timeline import timeline_of

    arn, looked_from = name, datetime.now(UTC) - timedelta(hours=since)
    if not name.startswith("arn:"):
        picture = picture_named(name)
        manifest = run.call("Looking", lambda api: api.show(picture.id)).body["manifest"]
        arn = manifest["execution_arn"]
        looked_from = datetime.fromisoformat(manifest["started_at"]) - timedelta(minutes=1)
    if not is_execution(arn):
        raise click.UsageError(f"{arn} is not the ARN of an execution.")
    with display.progress("Reading its events"):
        account = run.account or account_of(region_of(arn), run.target())
        timeline = timeline_of(events_of(arn, account, since=looked_from))
    if run.json:
        run.say_json(json.dumps({"execution_arn": arn, **timeline.to_dict()}))
    else:
        _say(arn, timeline)


def _say(arn: str, timeline: "Timeline") -> None:
    answer = timeline.answer or {}
    display.say_fields(
        [
            ("execution", arn),
            ("status", " ".join(filter(None, (timeline.status, timeline.error)))),
            ("answer", " ".join(str(each) for each in answer.values() if each)),
            ("started", timeline.started.isoformat(timespec="milliseconds")),
            ("seconds", f"{timeline.seconds:.3f}"),
        ]
    )
    click.echo()
    names = [
        f"{_GAP * each.depth}{display.clean(each.name)}{_number(each)}" for each in timeline.states
    ]
    name_cells = max(map(len, names), default=0)
    # No state begins later, or lasts longer, than the whole.
    time_cells = len(f"+{timeline.seconds:.3f}")
    left = display.terminal_width() - name_cells - 2 * time_cells - 3 * len(_GAP)
    cells = max(_LEAST_BAR_CELLS, min(_BAR_CELLS, left))
    for name, state in zip(names, timeline.states, strict=True):
        at, took = f"+{timeline.offset(state.entered):.3f}", f"{timeline.duration(state):.3f}"
        times = f"{at:>{time_cells}}{_GAP}{name:<{name_cells}}{_GAP}{took:>{time_cells - 1}}{_GAP}"
        click.echo(times + _bar(timeline, state, cells))
        if said := _attempts(timeline, state):
            indent = f"{'':{time_cells}}{_GAP * (state.depth + 1)}"
            click.echo(display.wrapped(said, first=indent, rest=indent))
    if timeline.lacks_errors:
        display.note(
            "The workflow's log names no errors where log_execution_data is off. The functions' "
            "logs name them: look for this execution there."
        )


def _number(state: "State") -> str:
    return "" if state.iteration is None else f" [{state.iteration}]"


def _bar(timeline: "Timeline", state: "State", cells: int) -> str:
    whole = timeline.seconds or 1
    start = int(timeline.offset(state.entered) / whole * (cells - 1))
    length = max(1, round(timeline.duration(state) / whole * cells))
    return f"{' ' * start}{'█' * min(length, cells - start)}"


def _attempts(timeline: "Timeline", state: "State") -> str:
    """Says what failed, after how long, and how long the next attempt waited."""
    said = []
    for number, attempt in enumerate(state.attempts):
        if attempt.error is None:
            continue
        reason = f" ({attempt.reason})" if attempt.reason else ""
        said.append(f"{attempt.error} after {timeline.took(attempt):.3f}{reason}")
        if number < len(state.waits):
            said.append(f"waited {state.waits[number]:.3f}")
    if len(state.attempts) > 1:
        said.insert(0, f"{len(state.attempts)} attempts")
    return "; ".join(said)
