"""Lambda's Invoke API over HTTP."""

import pytest
from werkzeug.test import Client

from local.functions import InvokeApi
from tests.local.functions.running import ACCOUNT, Running

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def client(running: Running) -> Client:
    return Client(InvokeApi(running.host))


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("acting", {}),
        ("acting:$LATEST", {}),
        (f"{ACCOUNT}:acting", {}),
        ("123456789012:function:acting", {}),
        ("acting", {"Qualifier": "$LATEST"}),
    ],
    ids=["name", "version", "arn", "partial arn", "qualifier"],
)
def test_a_result_is_the_body_of_a_200(client: Client, name: str, query: dict[str, str]) -> None:
    response = client.post(
        f"/2015-03-31/functions/{name}/invocations", query_string=query, data=b'{"tea": 1}'
    )

    assert response.status_code == 200
    assert response.get_json()["event"] == {"tea": 1}
    assert response.headers["X-Amz-Executed-Version"] == "$LATEST"
    assert "X-Amz-Function-Error" not in response.headers


def test_a_failed_function_is_a_200_with_a_header(client: Client) -> None:
    response = client.post("/2015-03-31/functions/acting/invocations", data=b'{"raise": "steam"}')

    assert response.status_code == 200
    assert response.headers["X-Amz-Function-Error"] == "Unhandled"
    assert response.headers["x-amzn-RequestId"] == response.get_json()["requestId"]
    assert response.get_json()["errorMessage"] == "steam"


def test_no_body_is_an_empty_event(client: Client) -> None:
    response = client.post("/2015-03-31/functions/acting/invocations")

    result = response.get_json()
    assert result["event"] == {}
    assert result["request_id"] == response.headers["x-amzn-RequestId"]


@pytest.mark.parametrize(
    ("name", "body", "headers", "status", "error", "message"),
    [
        (
            "missing",
            b"{}",
            {},
            404,
            "ResourceNotFoundException",
            f"Function not found: {ACCOUNT}:missing",
        ),
        (
            "acting:7",
            b"{}",
            {},
            404,
            "ResourceNotFoundException",
            f"Function not found: {ACCOUNT}:acting:7",
        ),
        (
            "acting",
            b'"' + b"x" * 6_291_455 + b'"',
            {},
            413,
            "RequestEntityTooLargeException",
            "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
        ),
        (
            "acting",
            b"{",
            {},
            400,
            "InvalidRequestContentException",
            "Could not parse request body into json: Could not parse payload into json: "
            "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        ),
        (
            "acting",
            b"{}",
            {"X-Amz-Client-Context": "e30="},
            400,
            "InvalidParameterValueException",
            "A client context is not supported on this machine.",
        ),
        (
            "acting",
            b"{}",
            {"X-Amz-Invocation-Type": "Event"},
            400,
            "InvalidParameterValueException",
            "Invocation type 'Event' is not supported on this machine.",
        ),
    ],
    ids=["unknown", "unknown version", "too large", "no json", "client context", "event"],
)
def test_an_error_of_the_api_has_its_type_in_a_header(
    client: Client,
    name: str,
    body: bytes,
    headers: dict[str, str],
    status: int,
    error: str,
    message: str,
) -> None:
    response = client.post(f"/2015-03-31/functions/{name}/invocations", data=body, headers=headers)

    assert response.status_code == status
    assert response.headers["x-amzn-ErrorType"] == error
    answer = response.get_json()
    assert answer.get("Message", answer.get("message")) == message


def test_the_largest_payload_reaches_the_function(client: Client) -> None:
    body = b'{"response_bytes": 5, "padding": "'.ljust(6_291_454, b"x") + b'"}'

    response = client.post("/2015-03-31/functions/acting/invocations", data=body)

    assert len(body) == 6_291_456
    assert (response.status_code, response.data) == (200, b'"xxx"')


def test_only_post_invokes(client: Client) -> None:
    assert client.get("/2015-03-31/functions/acting/invocations").status_code == 405
    assert client.post("/2015-03-31/functions").status_code == 404
