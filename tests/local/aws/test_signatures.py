"""Signatures, checked as AWS checks them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from local.aws.signatures import OPERATOR_KEY, OPERATOR_SECRET, Caller, RefusedError, authenticate

OPERATOR = Credentials(OPERATOR_KEY, OPERATOR_SECRET)
HOST = "127.0.0.1:8081"


def signed(
    credentials: Credentials = OPERATOR, *, service: str = "states", body: bytes = b"{}"
) -> tuple[str, dict[str, str]]:
    path = "/bucket/a%20key?x=1" if service == "s3" else "/"
    request = AWSRequest("POST", f"http://{HOST}{path}", {"Content-Type": "x/y"}, body)
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    signer(credentials, service, "us-east-1").add_auth(request)
    return path, dict(request.headers.items())


def received(
    path: str, headers: dict[str, str], body: bytes = b"{}", *, method: str = "POST"
) -> Request:
    environ = EnvironBuilder(
        method=method, path=path, data=body, headers=list(headers.items())
    ).get_environ()
    return Request({**environ, "RAW_URI": path, "HTTP_HOST": HOST})


def accepted(
    path: str, headers: dict[str, str], body: bytes = b"{}", *, now: datetime | None = None
) -> Caller:
    return authenticate(received(path, headers, body), body, now=now or datetime.now(UTC))


class TestSignatures:
    @pytest.mark.parametrize("service", ["states", "s3", "bedrock", "execute-api"])
    def test_a_request_that_botocore_signed_is_accepted(self, service: str) -> None:
        caller = accepted(*signed(service=service))

        assert (caller.role, caller.service, caller.region) == (None, service, "us-east-1")

    @pytest.mark.parametrize("service", ["states", "s3"])
    def test_a_tampered_body_is_refused(self, service: str) -> None:
        path, headers = signed(service=service)

        with pytest.raises(RefusedError):
            accepted(path, headers, b'{"x":1}')

    def test_a_tampered_path_is_refused(self) -> None:
        _, headers = signed(service="s3")

        with pytest.raises(RefusedError) as caught:
            accepted("/bucket/another%20key?x=1", headers)

        assert caught.value.code == "SignatureDoesNotMatch"

    def test_a_wrong_secret_is_refused(self) -> None:
        with pytest.raises(RefusedError) as caught:
            accepted(*signed(Credentials(OPERATOR_KEY, "wrong")))

        assert caught.value.code == "InvalidSignatureException"

    def test_an_unknown_key_is_refused_with_the_keys_to_use(self) -> None:
        with pytest.raises(RefusedError, match="AWS_ACCESS_KEY_ID=local"):
            accepted(*signed(Credentials("AKIAUNKNOWN", "x")))

    def test_a_plain_date_header_changes_nothing(self) -> None:
        path, headers = signed()

        assert accepted(path, {**headers, "Date": "Sat, 21 Nov 2026 14:00:00 GMT"}).role is None

    def test_an_old_signature_is_refused(self) -> None:
        with pytest.raises(RefusedError, match="Signature expired"):
            accepted(*signed(), now=datetime.now(UTC) + timedelta(minutes=16))

    @pytest.mark.parametrize(
        "headers",
        [{}, {"Authorization": "Basic x"}, {"Authorization": "AWS4-HMAC-SHA256 Credential=x"}],
        ids=["none", "basic", "half"],
    )
    def test_no_whole_signature_is_refused(self, headers: dict[str, str]) -> None:
        with pytest.raises(RefusedError):
            accepted("/", headers)

    @pytest.mark.parametrize("date", ["20261340T000000Z", "yesterday", ""], ids=repr)
    def test_a_date_that_is_none_is_no_whole_signature(self, date: str) -> None:
        path, headers = signed()

        with pytest.raises(RefusedError) as caught:
            accepted(path, {**headers, "X-Amz-Date": date})

        assert caught.value.code == "IncompleteSignature"

    def test_a_refusal_can_leave_a_context_manager(self) -> None:
        @contextmanager
        def anything() -> Iterator[None]:
            yield

        with pytest.raises(RefusedError), anything():
            accepted("/", {})


class TestPresignedUrls:
    @pytest.fixture
    def url(self) -> str:
        client = boto3.client(
            "s3",
            endpoint_url=f"http://{HOST}",
            region_name="us-east-1",
            aws_access_key_id=OPERATOR_KEY,
            aws_secret_access_key=OPERATOR_SECRET,
            config=Config(signature_version="s3v4"),
        )
        url: str = client.generate_presigned_url(
            "get_object",
            Params={"Bucket": "b", "Key": "k é.png", "ResponseContentType": "image/png"},
            ExpiresIn=60,
        )
        return url.removeprefix(f"http://{HOST}")

    def opened(self, url: str, after: timedelta = timedelta()) -> Caller:
        return authenticate(
            received(url, {}, b"", method="GET"), b"", now=datetime.now(UTC) + after
        )

    def test_it_opens(self, url: str) -> None:
        assert self.opened(url).service == "s3"

    def test_it_expires(self, url: str) -> None:
        with pytest.raises(RefusedError, match="Request has expired"):
            self.opened(url, timedelta(seconds=61))

    def test_it_is_not_valid_before_it_is_signed(self, url: str) -> None:
        with pytest.raises(RefusedError, match="Request is not valid yet"):
            self.opened(url, timedelta(minutes=-16))

    def test_it_is_for_a_week_at_most(self, url: str) -> None:
        with pytest.raises(RefusedError) as caught:
            self.opened(url.replace("X-Amz-Expires=60", "X-Amz-Expires=604801"))

        assert caught.value.code == "AuthorizationQueryParametersError"

    @pytest.mark.parametrize(
        ("part", "changed"),
        [
            ("X-Amz-Expires=60", "X-Amz-Expires=61"),
            ("image%2Fpng", "text%2Fhtml"),
            ("/b/", "/other/"),
            ("X-Amz-Signature=", "X-Amz-Signature=0"),
        ],
        ids=["expiry", "content type", "bucket", "signature"],
    )
    def test_any_change_closes_it(self, url: str, part: str, changed: str) -> None:
        assert part in url

        with pytest.raises(RefusedError):
            self.opened(url.replace(part, changed))
