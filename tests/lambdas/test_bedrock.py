"""InvokeModel's failures, translated by code."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import (
    BotoCoreError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)
from botocore.response import StreamingBody
from botocore.stub import Stubber

from lambdas.common.clients import one_attempt
from lambdas.common.errors import (
    EaselError,
    InternalError,
    InvalidRequestError,
    ModelFailedError,
    ModelNotFoundError,
    ModelRetiredError,
    ModelTimeoutError,
    ModelUnavailableError,
)
from lambdas.common.telemetry import Log
from lambdas.generate.bedrock import _BY_CODE, FoundationModels
from local.faults import modelled_errors
from tests.environments import SILENT

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient

CORE = "stability.stable-image-core-v1:1"
RETIRED = "stability.stable-diffusion-xl-v1"


SILENT_LOG = Log(SILENT, write=lambda line: None, function="generate")


def client() -> "BedrockRuntimeClient":
    return boto3.client(
        "bedrock-runtime",
        region_name="us-west-2",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=one_attempt(connect_timeout=3, read_timeout=30),
    )


@contextmanager
def answering(body: bytes) -> Iterator[FoundationModels]:
    bedrock = client()
    with Stubber(bedrock) as stubber:
        stream = StreamingBody(io.BytesIO(body), len(body))
        stubber.add_response("invoke_model", {"body": stream, "contentType": "application/json"})
        yield FoundationModels(bedrock, quoting=True, log=SILENT_LOG)


def failure(code: str, model: str = CORE, *, quoting: bool = True) -> EaselError:
    bedrock = client()
    with Stubber(bedrock) as stubber:
        stubber.add_client_error("invoke_model", code, "the service's own words")
        with pytest.raises(EaselError) as caught:
            FoundationModels(bedrock, quoting=quoting, log=SILENT_LOG).invoke(model, {})
    return caught.value


def test_the_table_of_codes_is_total_over_the_service_model() -> None:
    assert set(_BY_CODE) == set(modelled_errors())


@pytest.mark.parametrize("code", sorted(_BY_CODE))
def test_every_modelled_error_has_its_class_and_keeps_the_services_words_from_the_caller(
    code: str,
) -> None:
    error = failure(code)

    assert type(error) is _BY_CODE[code]
    assert error.detail == f"{code}: the service's own words"
    assert "own words" not in error.message


@pytest.mark.parametrize("code", sorted(_BY_CODE))
def test_only_the_code_is_kept_where_the_services_words_might_quote_a_prompt(code: str) -> None:
    assert failure(code, quoting=False).detail == code


def test_not_found_means_retired_where_the_catalog_says_so() -> None:
    assert isinstance(failure("ResourceNotFoundException", CORE), ModelNotFoundError)
    assert isinstance(failure("ResourceNotFoundException", RETIRED), ModelRetiredError)


def test_a_refused_request_is_the_callers_to_change() -> None:
    error = failure("ValidationException")

    assert isinstance(error, InvalidRequestError)
    assert error.status == 400


def test_an_unknown_code_is_internal() -> None:
    assert isinstance(failure("UnrecognizedClientException"), InternalError)


@pytest.mark.parametrize(
    ("broken", "meaning"),
    [
        (ConnectTimeoutError(endpoint_url="x"), ModelUnavailableError),
        (EndpointConnectionError(endpoint_url="x"), ModelUnavailableError),
        (ReadTimeoutError(endpoint_url="x"), ModelTimeoutError),
        (ConnectionClosedError(endpoint_url="x"), ModelFailedError),
        (NoCredentialsError(), InternalError),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BotoCoreError) else "",
)
def test_only_what_never_reached_the_service_may_be_tried_again(
    broken: BotoCoreError, meaning: type[EaselError]
) -> None:
    class Broken:
        def invoke_model(self, **request: Any) -> None:
            raise broken

    models = FoundationModels(Broken(), quoting=True, log=SILENT_LOG)  # type: ignore[arg-type]
    with pytest.raises(EaselError) as caught:
        models.invoke(CORE, {})

    assert type(caught.value) is meaning


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'"text"'], ids=repr)
def test_an_answer_that_is_no_json_object_is_the_models_failure(body: bytes) -> None:
    with answering(body) as models, pytest.raises(ModelFailedError):
        models.invoke(CORE, {})


def test_an_answer_is_parsed() -> None:
    with answering(json.dumps({"images": ["QQ=="]}).encode()) as models:
        assert models.invoke(CORE, {"prompt": "é"}) == {"images": ["QQ=="]}


def test_the_client_makes_one_attempt() -> None:
    config = vars(client().meta.config)

    assert config["retries"] == {"mode": "standard", "total_max_attempts": 1}
    assert config["read_timeout"] == 30
