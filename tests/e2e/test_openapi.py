"""The running API against the OpenAPI document that it serves, judged by schemathesis."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from tests.local_client import LocalClient, running

REQUESTS = 1_000
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
def schema(easel: LocalClient) -> Any:
    served = easel.post(b"", path="/openapi.json", method="GET")
    assert served.status == 200
    return schemathesis.openapi.from_dict(served.body)


def test_the_document_needs_the_same_key(easel: LocalClient) -> None:
    answer = easel.post(b"", path="/openapi.json", method="GET", headers={"x-api-key": ""})

    assert answer.status == 403


@pytest.mark.parametrize(
    ("mode", "checks"),
    [
        (GenerationMode.POSITIVE, CHECKS),
        (GenerationMode.NEGATIVE, [*CHECKS, negative_data_rejection]),
    ],
    ids=["as the document allows", "as it does not"],
)
def test_no_generated_request_gets_an_undocumented_answer(
    easel: LocalClient, schema: Any, mode: GenerationMode, checks: list[Any]
) -> None:
    answers: Counter[int] = Counter()

    @settings(
        max_examples=REQUESTS,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=schema["/images"]["POST"].as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        response = case.call(base_url=easel.api_url, headers=KEY)
        answers[response.status_code] += 1
        case.validate_response(response, checks=checks)

    ask()

    print(mode.name, dict(answers))
    assert sum(answers.values()) >= REQUESTS
    assert answers[200] > 0 or mode is GenerationMode.NEGATIVE
    assert answers[400] > 0
