"""The running API against the OpenAPI document that it serves, judged by schemathesis."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings, strategies
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from tests.local_client import LocalClient, running

REQUESTS = 400
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
KEY = {"x-api-key": "local"}


@pytest.fixture(scope="module")
def easel() -> Iterator[LocalClient]:
    with running() as client:
        yield client


@pytest.fixture(scope="module")
def earlier(easel: LocalClient) -> tuple[str, ...]:
    """The ids of pictures that are there, each small."""
    small = {"model": "amazon.nova-canvas-v1:0", "width": 320, "height": 320, "prompt": "small"}
    drawn = easel.post({**small, "seed": 1, "count": 2}).body["pictures"]
    return tuple(picture["id"] for picture in drawn)


@pytest.fixture(scope="module")
def schema(easel: LocalClient) -> Any:
    served = easel.post(b"", path="/openapi.json", method="GET")
    assert served.status == 200
    return schemathesis.openapi.from_dict(served.body)


def test_the_document_needs_the_same_key(easel: LocalClient) -> None:
    answer = easel.post(b"", path="/openapi.json", method="GET", headers={"x-api-key": ""})

    assert answer.status == 403


MODES = pytest.mark.parametrize(
    ("mode", "checks"),
    [
        (GenerationMode.POSITIVE, CHECKS),
        (GenerationMode.NEGATIVE, [*CHECKS, negative_data_rejection]),
    ],
    ids=["as the document allows", "as it does not"],
)


def ask_for(
    operation: Any,
    mode: GenerationMode,
    checks: list[Any],
    *,
    easel: LocalClient,
    requests: int,
    ids: tuple[str, ...] = (),
) -> Counter[int]:
    """The answers' statuses. Half of the requests that name an id name one of `ids`."""
    answers: Counter[int] = Counter()

    @settings(
        max_examples=requests,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=operation.as_strategy(generation_mode=mode),
        id=strategies.none() | strategies.sampled_from(ids) if ids else strategies.none(),
    )
    def ask(case: Any, id: str | None) -> None:
        if id and mode is GenerationMode.POSITIVE:
            case.path_parameters["id"] = id
        response = case.call(base_url=easel.api_url, headers=KEY)
        answers[response.status_code] += 1
        case.validate_response(response, checks=checks)

    ask()

    print(mode.name, dict(answers))
    assert sum(answers.values()) >= requests
    return answers


@MODES
def test_no_generated_request_gets_an_undocumented_answer(
    easel: LocalClient, schema: Any, mode: GenerationMode, checks: list[Any]
) -> None:
    answers = ask_for(schema["/images"]["POST"], mode, checks, easel=easel, requests=REQUESTS)

    assert answers[200] > 0 or mode is GenerationMode.NEGATIVE
    assert answers[400] > 0


@MODES
@pytest.mark.parametrize(
    ("method", "path", "requests"),
    [
        ("GET", "/images", 100),
        ("GET", "/images/{id}", 80),
        ("POST", "/images/{id}/rerun", 60),
    ],
)
def test_earlier_pictures_get_no_undocumented_answer(
    easel: LocalClient,
    schema: Any,
    earlier: tuple[str, ...],
    method: str,
    path: str,
    requests: int,
    mode: GenerationMode,
    checks: list[Any],
) -> None:
    operation = schema[path][method]

    answers = ask_for(operation, mode, checks, easel=easel, requests=requests, ids=earlier)

    assert answers[200] > 0 or mode is GenerationMode.NEGATIVE
    assert answers[400] > 0
