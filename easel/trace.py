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
# Times, an iteration's number, and the gaps between.
_OTHER_CELLS = 27


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
    from rich.table import Table

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
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for justify in ("right", "left", "right", "left", "left"):
        table.add_column(justify=justify, no_wrap=justify == "right")
    names = max((2 * each.depth + len(each.name) for each in timeline.states), default=0)
    cells = max(_LEAST_BAR_CELLS, min(_BAR_CELLS, display.terminal_width() - names - _OTHER_CELLS))
    for state in timeline.states:
        number = "" if state.iteration is None else f" [{state.iteration}]"
        table.add_row(
            f"+{timeline.offset(state.entered):.3f}",
            f"{'  ' * state.depth}{display.clean(state.name)}{number}",
            f"{timeline.duration(state):.3f}",
            _bar(timeline, state, cells),
            _attempts(timeline, state),
        )
    click.echo()
    display.say(table)
    if timeline.lacks_errors:
        display.note(
            "The workflow's log names no errors where log_execution_data is off. The functions' "
            "logs name them: look for this execution there."
        )


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
        reason = f" ({display.short(attempt.reason)})" if attempt.reason else ""
        said.append(f"{display.clean(attempt.error)} after {timeline.took(attempt):.3f}{reason}")
        if number < len(state.waits):
            said.append(f"waited {state.waits[number]:.3f}")
    if len(state.attempts) > 1:
        said.insert(0, f"{len(state.attempts)} attempts")
    return "; ".join(said)
