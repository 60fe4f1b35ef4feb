"""An execution's events as a timeline: when each state was entered, its attempts and its waits.

Events come from GetExecutionHistory or from CloudWatch Logs, where an Express state machine
writes events of the same types with snake-case fields and times in milliseconds. Each event
names the one before it on its own path, which is how iterations that run at once are told apart.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

_STATE = re.compile(r"(?P<type>\w+?)State(?P<what>Entered|Exited)")
_ATTEMPT = re.compile(r"(?:Task|LambdaFunction)(?P<what>Scheduled|Succeeded|\w*Failed|TimedOut)")
_END = re.compile(r"Execution(?P<status>Succeeded|Failed|TimedOut|Aborted)")
# What stands for an error that a log does not name.
_UNNAMED = re.compile(r"\w*Failed|TimedOut")
_STATUSES = {"TimedOut": "TIMED_OUT"}


@dataclass(frozen=True)
class Event:
    id: int
    previous: int
    type: str
    at: datetime
    details: Mapping[str, Any]


@dataclass
class Attempt:
    """`error` None means success, or no end yet."""

    began: datetime
    ended: datetime | None = None
    error: str | None = None
    reason: str | None = None


@dataclass
class State:
    """One visit of a state. `iteration` and `depth` are those of the Map it stands in, `input` and
    `output` JSON texts, None where the log holds no data."""

    name: str
    type: str
    entered: datetime
    input: str | None = None
    output: str | None = None
    depth: int = 0
    iteration: int | None = None
    left: datetime | None = None
    attempts: list[Attempt] = field(default_factory=list)
    within: "State | None" = field(default=None, repr=False)

    @property
    def waits(self) -> list[float]:
        """Seconds between each attempt that failed and the next."""
        return [
            (after.began - before.ended).total_seconds()
            for before, after in zip(self.attempts, self.attempts[1:], strict=False)
            if before.ended
        ]


@dataclass(frozen=True)
class Timeline:
    """`status` is RUNNING where no end was seen. `answer` is what the caller got, where it is
    known: `{"status", "code"}`, the code of an error alone."""

    status: str
    started: datetime
    ended: datetime
    error: str | None
    states: tuple[State, ...]
    answer: Mapping[str, Any] | None = None

    @property
    def seconds(self) -> float:
        return (self.ended - self.started).total_seconds()

    @property
    def lacks_errors(self) -> bool:
        """Whether something failed and the log does not say with what."""
        unnamed = (
            attempt.error is not None and _UNNAMED.fullmatch(attempt.error)
            for state in self.states
            for attempt in state.attempts
        )
        return any(unnamed) or (self.status == "FAILED" and self.error is None)

    def to_dict(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "started_at": self.started.isoformat(),
            "seconds": self.seconds,
            "error": self.error,
            "answer": self.answer,
            "states": [self._state(state) for state in self.states],
        }

    def offset(self, at: datetime) -> float:
        return round((at - self.started).total_seconds(), 3)

    def duration(self, state: State) -> float:
        return round(((state.left or self.ended) - state.entered).total_seconds(), 3)

    def took(self, attempt: Attempt) -> float:
        return self.offset(attempt.ended or self.ended) - self.offset(attempt.began)

    def _state(self, state: State) -> dict[str, Any]:
        return {
            "name": state.name,
            "type": state.type,
            "iteration": state.iteration,
            "entered": self.offset(state.entered),
            "seconds": self.duration(state),
            "depth": state.depth,
            "left": state.left is not None,
            "input": state.input,
            "output": state.output,
            "attempts": [
                {
                    "began": self.offset(attempt.began),
                    "seconds": self.took(attempt),
                    "error": attempt.error,
                    "reason": attempt.reason,
                }
                for attempt in state.attempts
            ],
            "waits": [round(seconds, 3) for seconds in state.waits],
        }


def event_of_history(event: Mapping[str, Any]) -> Event:
    """Reads an event of GetExecutionHistory, whose details are named after its type."""
    details = [value for name, value in event.items() if name.endswith("EventDetails")]
    return Event(
        int(event["id"]),
        int(event.get("previousEventId", 0)),
        event["type"],
        event["timestamp"],
        details[0] if details else {},
    )


def event_of_log(message: str) -> Event:
    event = json.loads(message)
    return Event(
        int(event["id"]),
        int(event["previous_event_id"]),
        event["type"],
        datetime.fromtimestamp(int(event["event_timestamp"]) / 1_000, UTC),
        event.get("details", {}),
    )


def timeline_of(events: Iterable[Event]) -> Timeline:
    """Puts events together. Raises ValueError without events."""
    ordered = sorted(events, key=lambda event: event.id)
    if not ordered:
        raise ValueError("no events")
    states: list[State] = []
    # Event id -> the state and the iteration that it stands in.
    places: dict[int, tuple[State | None, int | None]] = {0: (None, None)}
    status, error, answer = "RUNNING", None, None
    for event in ordered:
        state, iteration = places.get(event.previous, (None, None))
        if entered_or_left := _STATE.fullmatch(event.type):
            if entered_or_left["what"] == "Entered":
                state = State(
                    event.details["name"],
                    entered_or_left["type"],
                    event.at,
                    input=event.details.get("input"),
                    depth=state.depth + 1 if state else 0,
                    iteration=iteration,
                    within=state,
                )
                states.append(state)
            else:
                state, iteration = _leave(state, event)
        elif event.type == "MapIterationStarted":
            iteration = event.details.get("index")
        elif state and (attempt := _ATTEMPT.fullmatch(event.type)):
            _note(state, attempt["what"], event)
        elif end := _END.fullmatch(event.type):
            status = _STATUSES.get(end["status"], end["status"].upper())
            error, answer = event.details.get("error"), _answer(event.details)
        elif event.type.startswith(("Map", "Parallel")):
            state = _enclosing(state, event)
        places[event.id] = (state, iteration)
    return Timeline(status, ordered[0].at, ordered[-1].at, error, tuple(states), answer)


def _answer(details: Mapping[str, Any]) -> dict[str, Any] | None:
    """Reads the answer in an execution's output or, where it failed, in its cause."""
    try:
        answer = json.loads(details.get("output") or details.get("cause") or "")
        body = json.loads(answer["body"])
        code = body["error"]["code"] if "error" in body else None
        return {"status": answer["statusCode"], "code": code}
    except (ValueError, KeyError, TypeError):
        # A log without execution data, a cause that was cut, another's state machine.
        return None


def _leave(state: State | None, event: Event) -> tuple[State | None, int | None]:
    """Returns where an execution is after a state was left: in the one around it."""
    while state and state.name != event.details["name"]:
        state = state.within
    if state is None:
        return None, None
    state.left, state.output = event.at, event.details.get("output")
    return state.within, state.iteration


def _enclosing(state: State | None, event: Event) -> State | None:
    """Returns the Map or Parallel that an event of it, or of an iteration or branch, is about."""
    while state and not event.type.startswith(state.type):
        state = state.within
    return state


def _note(state: State, what: str, event: Event) -> None:
    if what == "Scheduled":
        state.attempts.append(Attempt(event.at))
        return
    if not state.attempts or state.attempts[-1].ended:
        state.attempts.append(Attempt(event.at))
    attempt = state.attempts[-1]
    attempt.ended = event.at
    if what != "Succeeded":
        # A log without execution data names no error.
        attempt.error = event.details.get("error", what)
        attempt.reason = _reason(event.details.get("cause", ""))


def _reason(cause: str) -> str | None:
    """Returns a function's words: the operator's detail, else the caller's message, or the text."""
    said: Any = cause
    for name in ("errorMessage", "detail", "error", "message"):
        try:
            said = json.loads(said) if isinstance(said, str) else said
        except ValueError:
            break
        if not isinstance(said, dict):
            break
        said = said.get(name) or said
    return said if isinstance(said, str) and said else None
