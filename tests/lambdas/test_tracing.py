"""Subsegments of calls to AWS, and that nothing of what was sent is in them."""

import json
import re
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

from lambdas.common.clients import s3_config
from lambdas.common.tracing import send_to_daemon, trace_calls

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SAMPLED = "Root=1-5f84c7a3-0123456789abcdef01234567;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a:0"


class Datagrams:
    """Stands where the socket class does, and keeps what is sent."""

    def __init__(self, error: OSError | None = None) -> None:
        self.sent: list[tuple[bytes, tuple[str, int]]] = []
        self._error = error

    def __call__(self, family: int, kind: int) -> Self:
        assert (family, kind) == (socket.AF_INET, socket.SOCK_DGRAM)
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def setblocking(self, flag: bool) -> None:
        assert not flag

    def sendto(self, data: bytes, address: tuple[str, int]) -> None:
        if self._error is not None:
            raise self._error
        self.sent.append((data, address))


@pytest.fixture
def documents() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch, documents: list[dict[str, Any]]) -> Iterator["S3Client"]:
    """A traced client, in a sampled invocation."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", SAMPLED)
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1", config=s3_config())
        client.create_bucket(Bucket="pictures")
        trace_calls(client, lambda document: documents.append(json.loads(document)))
        yield client


def test_a_call_is_a_subsegment_of_its_invocation(
    s3: "S3Client", documents: list[dict[str, Any]]
) -> None:
    s3.put_object(Bucket="pictures", Key="secret-key", Body=b"secret")

    (document,) = documents
    assert re.fullmatch("[0-9a-f]{16}", document.pop("id"))
    assert document.pop("end_time") >= document.pop("start_time")
    assert document["aws"].pop("request_id")
    assert document == {
        "type": "subsegment",
        "trace_id": "1-5f84c7a3-0123456789abcdef01234567",
        "parent_id": "53995c3f42cd8ad8",
        "name": "S3",
        "namespace": "aws",
        "aws": {"operation": "PutObject", "region": "us-east-1"},
        "http": {"response": {"status": 200}},
    }


@pytest.mark.parametrize(
    "header",
    ["", "Sampled=1", SAMPLED.replace("Sampled=1", "Sampled=0"), "nonsense"],
    ids=["none", "no root", "not sampled", "nonsense"],
)
def test_an_invocation_that_is_not_traced_sends_nothing(
    s3: "S3Client",
    documents: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    header: str,
) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", header)

    s3.list_objects_v2(Bucket="pictures")

    assert documents == []


@pytest.mark.parametrize(
    ("status", "flags"),
    [
        (403, {"error"}),
        (404, set()),
        (412, set()),
        (429, {"error", "throttle"}),
        (503, {"fault"}),
    ],
)
def test_a_refused_call_is_flagged_unless_it_only_says_what_is_there(
    s3: "S3Client", documents: list[dict[str, Any]], status: int, flags: set[str]
) -> None:
    def refuse(request: AWSPreparedRequest, **_: Any) -> Any:
        return AWSResponse(request.url, status, HTTPHeaders(), _Nothing())

    s3.meta.events.register_first("before-send.s3.PutObject", refuse)
    with pytest.raises(ClientError):
        s3.put_object(Bucket="pictures", Key="key", Body=b"")

    (document,) = documents
    assert document["http"] == {"response": {"status": status}}
    assert document.keys() & {"error", "fault", "throttle"} == flags


class _Nothing:
    """An empty answer's body."""

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield b""


def test_a_broken_connection_is_a_fault(s3: "S3Client", documents: list[dict[str, Any]]) -> None:
    def refuse(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://secret")

    s3.meta.events.register_first("before-send.s3.HeadObject", refuse)
    with pytest.raises(EndpointConnectionError):
        s3.head_object(Bucket="pictures", Key="none")

    assert documents[0]["fault"] is True
    assert "secret" not in json.dumps(documents)


@pytest.mark.parametrize(
    "address",
    ["169.254.100.1:2000", "tcp:169.254.100.2:2001 udp:169.254.100.1:2000"],
    ids=["one address", "two protocols"],
)
def test_a_document_goes_to_the_daemon_in_one_datagram(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", address)
    datagrams = Datagrams()

    send_to_daemon(b"{}", connect=datagrams)  # type: ignore[arg-type]

    assert datagrams.sent == [
        (b'{"format": "json", "version": 1}\n{}', ("169.254.100.1", 2000)),
    ]


@pytest.mark.parametrize("address", ["", "no-port"])
def test_without_a_daemon_nothing_is_sent(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", address)
    datagrams = Datagrams()

    send_to_daemon(b"{}", connect=datagrams)  # type: ignore[arg-type]

    assert datagrams.sent == []


def test_a_daemon_that_cannot_be_reached_is_nobodys_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", "169.254.100.1:2000")

    send_to_daemon(b"{}", connect=Datagrams(OSError("no route")))  # type: ignore[arg-type]
