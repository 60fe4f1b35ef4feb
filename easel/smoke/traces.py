"""The first picture's request in the workflow's log, in the API's, and in X-Ray.

That the header x-amz-apigw-id has `$context.extendedRequestId`: "Set up CloudWatch logging for
REST APIs" of the API Gateway guide. Segments: "X-Ray segment documents" of its guide, and
BatchGetTraces of its API reference.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cdk.definition import definition_for, draw_seconds, states_of
from easel.api import Answer
from easel.executions import events_of
from easel.exits import CommandError
from easel.findings import Finding, Level, not_checked
from easel.smoke.check import check, require, require_in_time
from easel.smoke.deployed import Deployed
from easel.stack import API, STAGE, ids_of
from easel.timeline import Timeline, timeline_of

# The states that every drawing enters, with the guardrail off too.
_STATES = frozenset(("Operation", "Validate", "DrawEach", "Generate", "Store", "Answer"))
_STEPS = ("validate", "generate", "store")
# Origins of segments begin with these.
_SERVICES = ("AWS::ApiGateway", "AWS::StepFunctions", "AWS::Lambda")
# Names of the subsegments that lambdas/common/tracing.py sends.
_CALLS = ("S3", "Bedrock Runtime")


def examine(deployed: Deployed) -> Iterator[Finding]:
    """Yields findings on what there is to see of the first picture's request."""
    if deployed.first is None:
        yield not_checked("logs and traces", "no picture was drawn")
        return
    yield check_timeline(deployed, deployed.first.body["execution_arn"])
    yield check_access_log(deployed, deployed.first)
    yield check_trace(deployed, deployed.first)


@check("easel trace rebuilds the execution, and no task came near its timeout")
def check_timeline(deployed: Deployed, execution: str) -> str:
    def timeline() -> Timeline | CommandError:
        try:
            return timeline_of(events_of(execution, account, since=deployed.started))
        except CommandError as error:
            return error

    account = deployed.environment.account
    found = deployed.eventually(
        timeline, lambda found: isinstance(found, Timeline) and found.status != "RUNNING"
    )
    if isinstance(found, CommandError):
        raise found
    absent = _STATES - {state.name for state in found.states}
    require(
        found.status == "SUCCEEDED" and not absent,
        f"{execution} is {found.status}, without {', '.join(sorted(absent)) or 'its end'}",
        "the state machine has to log at level ALL: make deploy",
    )
    spent = _spent(found, definition_for(deployed.environment.settings))
    what, seconds, limit = max(spent, key=lambda each: each[1] / each[2])
    require_in_time(what, seconds, limit, f"see what is slow: easel trace {execution}")
    return f"{len(found.states)} states; nearest to its limit: {what}, {seconds:.2f} of {limit:g} s"


@check("the API's log has the request", not_local="no access log is written on this machine")
def check_access_log(deployed: Deployed, first: Answer) -> str:
    entry = _log_entry(deployed, first)
    require(
        (entry["status"], entry["path"]) == ("200", "/images"),
        f"it has another: {json.dumps(entry)}",
        "compare the stage's log format with cdk/gateway_logs.py; make deploy",
    )
    return f"{entry['method']} {entry['path']} {entry['status']}, {entry['latency_ms']} ms"


@check("X-Ray follows the request to S3 and Bedrock", not_local="X-Ray is not on this machine")
def check_trace(deployed: Deployed, first: Answer) -> str:
    """Looks where BatchGetTraces does: Transaction Search keeps traces elsewhere."""
    trace = _log_entry(deployed, first)["trace_id"].removeprefix("Root=")
    require(
        deployed.ask("xray", "get_trace_segment_destination")["Destination"] == "XRay",
        f"Transaction Search is on in this account, so CloudWatch has trace {trace}",
        "look at it there: it has to lead from the stage to S3 and Bedrock",
        Level.NOT_CHECKED,
    )
    lacking = deployed.eventually(lambda: _lacking(deployed, trace), lambda lacking: not lacking)
    require(
        not lacking,
        f"trace {trace} lacks {', '.join(lacking)}",
        "stage, state machine and functions have to trace (make deploy), and the account's "
        "sampling rules have to take requests of this API",
    )
    return f"trace {trace} has {', '.join((*_SERVICES, *_STEPS, *_CALLS))}"


def _spent(timeline: Timeline, definition: Mapping[str, Any]) -> Iterator[tuple[str, float, float]]:
    """Yields what took time, its seconds, and the seconds that it has. A drawing's limit counts
    from the execution's start."""
    limits = {name: state.get("TimeoutSeconds") for name, state in states_of(definition)}
    for state in timeline.states:
        limit = limits.get(state.name)
        if isinstance(limit, int):
            for attempt in state.attempts:
                yield state.name, timeline.took(attempt), limit
        elif limit is not None:
            ended = timeline.offset(state.left or timeline.ended)
            yield f"all up to the end of {state.name}", ended, draw_seconds(definition)
    yield "the execution", timeline.seconds, definition["TimeoutSeconds"]


def _log_entry(deployed: Deployed, first: Answer) -> dict[str, str]:
    """Returns what the API's log says of a request."""
    (api,) = ids_of(deployed.resources, API)
    (name,) = ids_of(deployed.resources, STAGE)
    stage = deployed.ask("apigateway", "get_stage", restApiId=api, stageName=name)
    group = stage["accessLogSettings"]["destinationArn"].partition(":log-group:")[2]
    request_id = first.headers["x-amz-apigw-id"]
    asked = {
        "logGroupName": group.removesuffix(":*"),
        "startTime": int(deployed.started.timestamp() * 1_000),
        "filterPattern": f'{{ $.request_id = "{request_id}" }}',
    }
    events = deployed.eventually(
        lambda: deployed.ask_all("logs", "filter_log_events", "events", **asked)
    )
    require(
        events,
        f"{group} has no line of request {request_id}",
        "see the role that API Gateway writes logs with, one for account and region; make deploy",
    )
    return dict(json.loads(events[0]["message"]))


def _lacking(deployed: Deployed, trace: str) -> list[str]:
    """Returns what a request's trace has to have and does not yet."""
    traces = deployed.ask_all("xray", "batch_get_traces", "Traces", TraceIds=[trace])
    segments = [json.loads(each["Document"]) for found in traces for each in found["Segments"]]
    documents = [inner for segment in segments for inner in _with_inner(segment)]
    names = {each["name"] for each in documents}
    origins = " ".join(each.get("origin", "") for each in documents)
    return [
        *(service for service in _SERVICES if service not in origins),
        *(step for step in _STEPS if deployed.functions[step]["FunctionName"] not in names),
        *(call for call in _CALLS if call not in names),
    ]


def _with_inner(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield document
    for inner in document.get("subsegments", []):
        yield from _with_inner(inner)
