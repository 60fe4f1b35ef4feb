"""Every path of the state machine ends before the gateway gives up."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cdk.definition import (
    CHECK,
    START_SECONDS,
    definition_for,
    draw_seconds,
    first_attempt_at,
    task_of,
    worst_seconds,
)
from cdk.definition import DEFINITION as FILE
from cdk.settings import Settings, SettingsError
from lambdas.common.catalog import CATALOG
from lambdas.validate.plan import COUNT_LIMIT
from tests.cdk.state_machine import STARTED_AT, STATES, filled, states

DEFINITION: dict[str, Any] = json.loads(FILE.read_text())
GATEWAYS = [29, 30, 60, 120, 300]

# Between the workflow's last moment and the gateway's: starting it and mapping its answer.
GATEWAY_MARGIN_SECONDS = 1

# What Store needs beside the guardrail: its start, and three calls of S3 in a row.
STORE_SECONDS = 3

# The slowest model that can be called: its usual call has to fit, however long Validate took.
SLOWEST = max(model.usual_seconds for model in CATALOG.values() if not model.retired)

START = datetime.fromisoformat(STARTED_AT).timestamp() * 1_000
DRAW_UNTIL = START + draw_seconds(DEFINITION) * 1_000


def fits(definition: dict[str, Any], gateway: int) -> bool:
    """Whether all ends within the workflow's time, and that within the gateway's, with time enough
    for drawing."""
    left = draw_seconds(definition) - first_attempt_at(definition)
    limit: int = definition["TimeoutSeconds"]
    return limit <= gateway - GATEWAY_MARGIN_SECONDS and left >= SLOWEST + START_SECONDS


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_all_fits_into_what_a_gateway_waits(gateway: int) -> None:
    assert fits(definition_for(Settings(gateway_timeout_seconds=gateway)), gateway)


@pytest.mark.parametrize("check", range(1, 16))
@pytest.mark.parametrize("gateway", GATEWAYS)
def test_the_pictures_check_gets_its_time_as_long_as_drawing_keeps_enough(
    gateway: int, check: int
) -> None:
    settings = Settings(gateway_timeout_seconds=gateway, picture_check_seconds=check)
    most = gateway - 23

    if check > most:
        with pytest.raises(SettingsError, match=f"picture_check_seconds must be {most} at most"):
            definition_for(settings)
        return
    definition = definition_for(settings)

    assert fits(definition, gateway)
    for operation in ("publish", "show"):
        task = task_of(definition, "Store", operation)
        assert task["TimeoutSeconds"] == check + STORE_SECONDS
        assert worst_seconds(task) <= definition["TimeoutSeconds"]


def test_drawing_gets_all_that_store_does_not_need() -> None:
    assert (
        draw_seconds(DEFINITION)
        == 28 - worst_seconds(task_of(DEFINITION, "Store", "publish"))
        == 19
    )


def test_a_longer_wait_of_the_gateway_goes_to_drawing() -> None:
    longer = definition_for(Settings(gateway_timeout_seconds=60))

    assert draw_seconds(longer) == draw_seconds(DEFINITION) + 31


def test_without_the_guardrail_its_time_is_for_drawing() -> None:
    without = definition_for(Settings(guardrail="off"))

    assert CHECK not in without["States"]
    assert "Verdict" not in without["States"]
    assert without["States"]["Accepted"]["Choices"][0]["Next"] == "DrawEach"
    assert first_attempt_at(without) < first_attempt_at(DEFINITION)
    assert fits(without, 29)


def _numbers() -> dict[str, Callable[[dict[str, Any]], None]]:
    """Every number of the file that time depends on, with a change that raises it by one."""

    def raising(path: list[Any]) -> Callable[[dict[str, Any]], None]:
        def change(definition: dict[str, Any]) -> None:
            place = definition
            for step in path[:-1]:
                place = place[step]
            place[path[-1]] += 1

        return change

    paths: list[list[Any]] = [["TimeoutSeconds"]]
    for path, state in _tasks(DEFINITION, []):
        paths.append([*path, "TimeoutSeconds"])
        for index, _ in enumerate(state.get("Retry", [])):
            paths.append([*path, "Retry", index, "MaxAttempts"])
            paths.append([*path, "Retry", index, "IntervalSeconds"])
    return {"/".join(map(str, path)): raising(path) for path in paths}


def _tasks(machine: dict[str, Any], at: list[Any]) -> Iterator[tuple[list[Any], dict[str, Any]]]:
    """Every task of the drawing path that has numbers, with the way to it."""
    for name, state in machine["States"].items():
        path = [*at, "States", name]
        is_number = isinstance(state.get("TimeoutSeconds"), int)
        if is_number and name not in ("Library", "Show", "Delete"):
            yield path, state
        if "ItemProcessor" in state:
            yield from _tasks(state["ItemProcessor"], [*path, "ItemProcessor"])


NUMBERS = _numbers()


@pytest.mark.parametrize("number", sorted(NUMBERS))
def test_any_number_raised_by_one_is_found_out(number: str) -> None:
    definition = deepcopy(DEFINITION)
    NUMBERS[number](definition)

    assert not fits(definition, 29)


@pytest.mark.parametrize(
    "task", [("Library",), ("Store", "show"), ("Delete",)], ids=["list", "show", "delete"]
)
def test_what_is_done_with_earlier_pictures_ends_in_time_too(task: tuple[str, ...]) -> None:
    assert worst_seconds(task_of(DEFINITION, *task)) <= DEFINITION["TimeoutSeconds"]


def test_all_pictures_of_a_request_are_drawn_side_by_side() -> None:
    assert DEFINITION["States"]["DrawEach"]["MaxConcurrency"] >= COUNT_LIMIT


def draw_until() -> str:
    """What Validate assigns, as the later states read it."""
    given = states(result={"Payload": {}})
    return str(filled(STATES["Validate"]["Assign"]["draw_until"], {"states": given}))


def timeout_at(moment: float) -> int:
    """The TimeoutSeconds of Generate where it is entered at this millisecond."""
    variables = {"draw_until": draw_until(), "millis": lambda: int(moment)}
    return int(filled(STATES["Generate"]["TimeoutSeconds"], variables))


def test_what_validate_assigns_is_the_moment_by_which_drawing_ends() -> None:
    assert datetime.fromisoformat(draw_until()).timestamp() * 1_000 == DRAW_UNTIL


def test_every_first_attempt_ends_in_time_for_store() -> None:
    for elapsed in range(0, first_attempt_at(DEFINITION) * 1_000 + 1, 37):
        seconds = timeout_at(START + elapsed)

        assert START + elapsed + seconds * 1_000 <= DRAW_UNTIL
        assert seconds >= SLOWEST + START_SECONDS


def test_it_is_never_told_to_end_before_it_begins() -> None:
    assert timeout_at(DRAW_UNTIL + 5_000) == 1


class Attempts:
    """Generate, TimeLeft and Wait as the file has them, by a clock that only they move."""

    def __init__(self, now: float, usual_seconds: int = 5, *, entering: float = 0) -> None:
        """`entering` is what each way into Generate takes of its own, in milliseconds."""
        self.now = now
        self._entering = entering
        self.entered: list[float] = []
        self.waits: list[float] = []
        self.sources: list[str] = []
        self._plan = {"usual_seconds": usual_seconds}
        self._input: dict[str, Any] = {"attempt": 1}

    def attempt(self, error: str, took: float, random: float) -> bool:
        """One entry of Generate that fails after a share of its time. Whether another follows."""
        self.now += self._entering
        seconds = timeout_at(self.now)
        assert self.now + seconds * 1_000 <= DRAW_UNTIL
        self.entered.append(self.now)
        self.now += took * seconds * 1_000
        return self._again("Generate", error, random)

    def store(self, source: str, error: str, took: float, random: float) -> bool:
        """Generate finds or draws the picture in no time, and Store fails after a share of its
        time. Whether both are tried again."""
        result = {"Payload": {"source": source}}
        self._input = self._filled(STATES["Generate"]["Output"], random, result=result)
        self.sources.append(self._input["staged"]["source"])
        self.now += took * STATES["Store"]["TimeoutSeconds"] * 1_000
        return self._again("Store", error, random)

    def _again(self, failed: str, error: str, random: float) -> bool:
        catch = STATES[failed]["Catch"][0]
        assert error in catch["ErrorEquals"]
        assert catch["Next"] == "TimeLeft"
        self._input = self._filled(catch["Output"], random, errorOutput={"Error": error})
        (left,) = STATES["TimeLeft"]["Choices"]
        if not self._filled(left["Condition"], random):
            return False
        waits_until = datetime.fromisoformat(self._filled(STATES["Wait"]["Timestamp"], random))
        # The service cuts off what is below a second; this machine's stand-in does too.
        cut = waits_until.replace(microsecond=0).timestamp() * 1_000
        self.waits.append(max(0.0, cut - self.now))
        self.now = max(self.now, cut)
        return True

    def _filled(self, part: Any, random: float, **more: Any) -> Any:
        variables = {
            "states": states(input=self._input, **more),
            "plan": self._plan,
            "draw_until": draw_until(),
            "millis": lambda: int(self.now),
            "random": lambda: random,
        }
        return filled(part, variables)


ERRORS = ("ThrottledError", "ModelUnavailableError", "BeingDrawnError",
          "Lambda.TooManyRequestsException")  # fmt: skip
_attempts = st.lists(
    st.tuples(
        st.sampled_from(ERRORS),
        st.floats(0, 1) | st.just(0.01),
        st.floats(0, 1, exclude_max=True),
    ),
    min_size=30,
    max_size=30,
)


@given(
    elapsed=st.integers(0, first_attempt_at(DEFINITION) * 1_000),
    usual=st.integers(1, SLOWEST),
    entering=st.integers(0, 500),
    attempts=_attempts,
)
@example(elapsed=0, usual=5, entering=0, attempts=[("ThrottledError", 0.0, 0.0)] * 40)
@example(elapsed=8_000, usual=1, entering=500, attempts=[("BeingDrawnError", 0.0, 0.999)] * 40)
def test_attempts_go_on_while_a_call_would_end_in_time_and_never_longer(
    elapsed: int, usual: int, entering: int, attempts: list[tuple[str, float, float]]
) -> None:
    run = Attempts(START + elapsed, usual, entering=entering)

    for error, took, random in attempts:
        if not run.attempt(error, took, random):
            needs = 2 if error == "BeingDrawnError" else usual + 1
            longest_wait = 3_000
            assert run.now + longest_wait + needs * 1_000 > DRAW_UNTIL
            break
    store = worst_seconds(task_of(DEFINITION, "Store", "publish"))
    limit = START + DEFINITION["TimeoutSeconds"] * 1_000
    assert run.now <= DRAW_UNTIL
    assert DRAW_UNTIL + store * 1_000 <= limit


@pytest.mark.parametrize("random", [0.0, 0.999])
@pytest.mark.parametrize("error", STATES["Store"]["Catch"][0]["ErrorEquals"])
def test_store_gets_a_second_attempt_and_no_third_and_the_picture_stays_new(
    error: str, random: float
) -> None:
    run = Attempts(START + 8_000)

    assert run.store("model", error, 0.5, random)
    assert not run.store("staged", error, 0.1, random)
    assert run.sources == ["model", "model"]


def test_after_a_look_at_what_is_there_store_has_all_its_time_again() -> None:
    """The latest failure of Store after which both are tried again."""
    again = [
        at
        for at in range(0, 19_001, 100)
        if Attempts(START + at).store("staged", "StorageError", 0, 0.0)
    ]

    assert max(again) == 16_000


@pytest.mark.parametrize("random", [0.0, 0.5, 0.999])
def test_a_model_that_throttles_four_times_gets_a_fifth_call(random: float) -> None:
    """Also where each task, Validate and CheckPrompt included, takes 700 ms longer."""
    usual = CATALOG[Settings().default_model].usual_seconds
    run = Attempts(START + 1_600, usual)

    for _ in range(4):
        assert run.attempt("ThrottledError", 750 / (timeout_at(run.now) * 1_000), random)


def test_waits_grow_and_differ() -> None:
    early, late = Attempts(START, 1), Attempts(START, 1)

    for _ in range(4):
        early.attempt("ThrottledError", 0, 0.0)
        late.attempt("ThrottledError", 0, 0.999)
    assert sum(early.waits) < sum(late.waits)
    assert late.waits[0] < late.waits[-1] <= 3_000
    assert datetime.fromtimestamp(late.now / 1_000, UTC).microsecond == 0
