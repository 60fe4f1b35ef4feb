"""The running API against the OpenAPI document that it serves, judged by schemathesis."""

from collections import Counter
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

from tests.local_client import LocalClient
from tests.share import share

# With those of the other operations, 2,000.
REQUESTS = 760
# So many, that there are successes among them.
FEWEST = {GenerationMode.POSITIVE: 120, GenerationMode.NEGATIVE: 40}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
KEY = {"x-api-key": "local"}
SMALL = {"model": "amazon.nova-canvas-v1:0", "width": 320, "height": 320, "prompt": "small"}


@pytest.fixture(scope="module")
def earlier(easel: LocalClient) -> tuple[str, ...]:
    """The ids of pictures that are there, each small."""
    drawn = easel.post({**SMALL, "seed": 1, "count": 2}).body["pictures"]
    return tuple(picture["id"] for picture in drawn)


def documented_code(context: Any, response: Any, case: Any) -> None:
    """Checks that an error's code is among those that the document has for its status."""
    if response.status_code >= 400:
        documented = case.operation.schema.raw_schema["components"]["responses"]
        codes = documented[f"Error{response.status_code}"]["description"].split(", ")
        assert response.json()["error"]["code"] in codes


CHECKS.append(documented_code)


@pytest.fixture(scope="module")
def schema(easel: LocalClient) -> Any:
    served = easel.post(b"", path="/openapi.json", method="GET")
    assert served.status == 200
    document = served.body
    # Answers are open for fields that come later. Those that come now are all documented.
    for each in document["components"]["schemas"].values():
        each["additionalProperties"] = False
    return schemathesis.openapi.from_dict(document)


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
    """Returns the answers' statuses. Half of the requests that name an id name one of `ids`."""
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


SUCCESSES: dict[str, tuple[str, str, dict[str, Any] | None]] = {
    "one picture": ("POST", "/images", {**SMALL, "seed": 1}),
    "several": ("POST", "/images", {**SMALL, "seed": 1, "count": 3}),
    "several, one of them filtered": ("POST", "/images", {**SMALL, "seed": 5, "count": 3}),
    "a list": ("GET", "/images", None),
    "a look": ("GET", "/images/{id}", None),
    "a rerun": ("POST", "/images/{id}/rerun", {}),
    "a rerun on another model": (
        "POST",
        "/images/{id}/rerun",
        {"model": "stability.stable-image-core-v1:1"},
    ),
}


@pytest.mark.parametrize(("method", "path", "body"), SUCCESSES.values(), ids=SUCCESSES)
def test_every_kind_of_success_is_as_the_document_says(
    easel: LocalClient,
    schema: Any,
    earlier: tuple[str, ...],
    method: str,
    path: str,
    body: dict[str, Any] | None,
) -> None:
    operation = schema[path][method]
    has_id = {"path_parameters": {"id": earlier[0]}} if "{id}" in path else {}
    has_body = {} if body is None else {"body": body, "media_type": "application/json"}
    case = operation.Case(**has_id, **has_body)
    if body and body.get("seed") == 5:
        easel.fail("filtered")

    response = case.call(base_url=easel.api_url, headers=KEY)

    assert response.status_code == 200
    case.validate_response(response, checks=CHECKS)


@MODES
def test_no_generated_request_gets_an_undocumented_answer(
    easel: LocalClient, schema: Any, mode: GenerationMode, checks: list[Any]
) -> None:
    answers = ask_for(
        schema["/images"]["POST"],
        mode,
        checks,
        easel=easel,
        requests=share(REQUESTS, least=FEWEST[mode]),
    )

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
    operation, requests = schema[path][method], share(requests, least=20)

    answers = ask_for(operation, mode, checks, easel=easel, requests=requests, ids=earlier)

    assert answers[200] > 0 or mode is GenerationMode.NEGATIVE
    assert answers[400] > 0
