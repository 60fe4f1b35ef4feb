"""Who may call the API, and how often: each way to prove oneself, and each way to fail at it."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sts.models import sts_backends

from local.assembly import synthesized
from local.aws.signatures import OPERATOR_KEY, OPERATOR_SECRET, PARTITION
from local.gateway.app import ADMITTED
from local.stack import REGION
from tests.local_client import (
    Answer,
    Document,
    LocalClient,
    resources,
    running,
    throttled_to,
)
from tests.share import WHOLE

BODY = json.dumps({"prompt": "who may call", "seed": 1}).encode()
OPERATOR = Credentials(OPERATOR_KEY, OPERATOR_SECRET)
CALLER = "caller-of-the-api"
SIGNED = {"auth": "iam", "waf": True}


def signed(
    easel: LocalClient,
    credentials: Credentials = OPERATOR,
    *,
    body: bytes = BODY,
    path: str = "/images",
    method: str = "POST",
    region: str = REGION,
    service: str = "execute-api",
    age: timedelta = timedelta(),
) -> dict[str, str]:
    """The headers of a request that was signed so long ago."""
    request = AWSRequest(method, easel.api_url + path, {"content-type": "application/json"}, body)
    signed_at = datetime.now(UTC) - age
    with patch("botocore.auth.get_current_datetime", lambda: signed_at):
        SigV4Auth(credentials, service, region).add_auth(request)
    return {"x-api-key": "", **dict(request.headers.items())}


def refused(answer: Answer) -> str:
    """The code of a 403 that is whole: in the envelope, and not to be retried."""
    assert answer.status == 403
    assert answer.body.keys() == {"error", "execution_arn"}
    assert answer.error["type"] == "authentication_error"
    assert answer.headers["x-should-retry"] == "false"
    return str(answer.error["code"])


class TestSigned:
    @pytest.fixture(scope="class")
    @classmethod
    def easel(cls) -> Iterator[LocalClient]:
        with running(settings=SIGNED) as client:
            yield client

    def session(self, easel: LocalClient, *actions: str) -> Credentials:
        """Credentials of a role that may do this on the API and nothing else."""
        iam = easel.aws("iam")
        name = f"{CALLER}-{len(actions)}"
        if name not in {role["RoleName"] for role in iam.list_roles()["Roles"]}:
            iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")
            statement = {
                "Effect": "Allow",
                "Action": [*actions, "none:None"],
                "Resource": f"arn:aws:execute-api:{REGION}:{DEFAULT_ACCOUNT_ID}:*/v1/POST/images",
            }
            iam.put_role_policy(
                RoleName=name,
                PolicyName="invoke",
                PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
            )
        role = iam.get_role(RoleName=name)["Role"]["Arn"]
        assumed = easel.aws("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        return Credentials(
            assumed["AccessKeyId"], assumed["SecretAccessKey"], assumed["SessionToken"]
        )

    def test_a_signed_request_is_answered(self, easel: LocalClient) -> None:
        assert easel.post(BODY, headers=signed(easel)).status == 200

    def test_the_stack_runs_here_without_its_firewall(self) -> None:
        assert resources(dict(synthesized(settings=SIGNED).document), "AWS::WAFv2::WebACL")

    def test_a_role_that_may_invoke_the_route_is_answered(self, easel: LocalClient) -> None:
        credentials = self.session(easel, "execute-api:Invoke")

        assert easel.post(BODY, headers=signed(easel, credentials)).status == 200

    def test_a_role_that_may_not_is_refused(self, easel: LocalClient) -> None:
        headers = signed(easel, self.session(easel))

        assert refused(easel.post(BODY, headers=headers)) == "access_denied"

    def test_a_role_is_refused_on_a_route_that_it_may_not_invoke(self, easel: LocalClient) -> None:
        headers = signed(easel, self.session(easel, "execute-api:Invoke"), path="/image")

        assert refused(easel.post(BODY, path="/image", headers=headers)) == "access_denied"

    def test_a_role_that_may_draw_may_not_delete(self, easel: LocalClient) -> None:
        path, drawing = f"/images/{'0' * 32}", self.session(easel, "execute-api:Invoke")

        def delete(credentials: Credentials) -> Answer:
            headers = signed(easel, credentials, body=b"", path=path, method="DELETE")
            return easel.post(b"", path=path, method="DELETE", headers=headers)

        assert refused(delete(drawing)) == "access_denied"
        assert delete(OPERATOR).error["code"] == "picture_not_found"

    @pytest.mark.parametrize("key", ["", "local"], ids=["nothing", "an api key"])
    def test_no_signature_is_refused(self, easel: LocalClient, key: str) -> None:
        assert refused(easel.post(BODY, headers={"x-api-key": key})) == "not_found"

    def test_a_wrong_secret_is_refused(self, easel: LocalClient) -> None:
        headers = signed(easel, Credentials(OPERATOR_KEY, "wrong"))

        assert refused(easel.post(BODY, headers=headers)) == "invalid_signature"

    def test_unknown_credentials_are_refused(self, easel: LocalClient) -> None:
        headers = signed(easel, Credentials("AKIAUNKNOWN", "wrong"))

        assert refused(easel.post(BODY, headers=headers)) == "invalid_signature"

    @pytest.mark.parametrize(
        ("minutes", "status"), [(14, 200), (16, 403), (-16, 403)], ids=["14", "16", "-16"]
    )
    def test_a_signature_holds_for_15_minutes(
        self, easel: LocalClient, minutes: int, status: int
    ) -> None:
        answer = easel.post(BODY, headers=signed(easel, age=timedelta(minutes=minutes)))

        assert answer.status == status
        if status == 403:
            assert refused(answer) == "invalid_signature"

    def test_an_expired_session_is_refused(self, easel: LocalClient) -> None:
        credentials = self.session(easel, "execute-api:Invoke")
        (session,) = [
            each
            for each in sts_backends[DEFAULT_ACCOUNT_ID][PARTITION].assumed_roles
            if each.access_key_id == credentials.access_key
        ]
        session.expiration -= timedelta(hours=2)

        answer = easel.post(BODY, headers=signed(easel, credentials))

        assert refused(answer) == "expired_token"

    @pytest.mark.parametrize(
        ("region", "service"),
        [("eu-west-1", "execute-api"), (REGION, "states")],
        ids=["region", "service"],
    )
    def test_a_signature_for_elsewhere_is_refused(
        self, easel: LocalClient, region: str, service: str
    ) -> None:
        headers = signed(easel, region=region, service=service)

        assert refused(easel.post(BODY, headers=headers)) == "invalid_signature"

    def test_a_tampered_body_is_refused_and_costs_nothing(self, easel: LocalClient) -> None:
        headers = signed(easel)
        before = easel.model_calls()

        answer = easel.post(BODY.replace(b"who", b"you"), headers=headers)

        assert refused(answer) == "invalid_signature"
        assert easel.model_calls() == before

    @pytest.mark.parametrize(
        ("method", "path", "status"), [("PUT", "/images", 405), ("GET", "/pictures", 404)]
    )
    def test_another_method_or_route_is_told_to_who_signs_alone(
        self, easel: LocalClient, method: str, path: str, status: int
    ) -> None:
        def answer(headers: dict[str, str]) -> Answer:
            return easel.post(b"", path=path, method=method, headers=headers)

        answered = answer(signed(easel, body=b"", path=path, method=method))
        unsigned = answer({"x-api-key": ""})

        assert (answered.status, answered.error["code"]) == (status, "not_found")
        assert refused(unsigned) == "not_found"
        assert unsigned.error["message"].startswith("The request is not signed: sign it")

    def test_a_signature_for_another_route_is_refused(self, easel: LocalClient) -> None:
        answer = easel.post(BODY, path="/image", headers=signed(easel))

        assert refused(answer) == "invalid_signature"

    def test_the_document_is_for_signed_requests_too(self, easel: LocalClient) -> None:
        headers = signed(easel, body=b"", path="/openapi.json", method="GET")

        opened = easel.post(b"", path="/openapi.json", method="GET", headers=headers)
        closed = easel.post(b"", path="/openapi.json", method="GET", headers={"x-api-key": ""})

        assert opened.status == 200
        assert refused(closed) == "not_found"


class TestWithKey:
    def test_the_key_is_answered(self, easel: LocalClient) -> None:
        assert easel.post(BODY).status == 200

    @pytest.mark.parametrize("path", ["/images", "/image", "/"])
    @pytest.mark.parametrize("key", ["", "wrong", "LOCAL"], ids=repr)
    def test_no_right_key_is_refused(self, easel: LocalClient, key: str, path: str) -> None:
        answer = easel.post(BODY, path=path, headers={"x-api-key": key})

        assert refused(answer) == "invalid_api_key"

    def test_a_signature_is_no_key(self, easel: LocalClient) -> None:
        assert refused(easel.post(BODY, headers=signed(easel))) == "invalid_api_key"


class TestHowOften:
    @pytest.mark.parametrize("auth", ["iam", "api_key"] if WHOLE else ["iam"])
    def test_over_the_throttle_is_a_429_to_retry_later(self, auth: str) -> None:
        settings = SIGNED if auth == "iam" else {}
        with running(settings=settings, change=throttled_to(rate=0.001, burst=3)) as easel:
            headers = signed(easel) if auth == "iam" else {}
            answers = [easel.post(BODY, headers=headers) for _ in range(5)]
            headers = signed(easel, path="/image") if auth == "iam" else {}
            another = easel.post(BODY, path="/image", headers=headers)

        assert [answer.status for answer in answers] == [200] * 3 + [429] * 2
        assert another.status == 200
        for answer in answers[3:]:
            assert answer.error["code"] == "rate_limit_exceeded"
            assert answer.headers["Retry-After"] == "5"
            assert "x-should-retry" not in answer.headers

    def test_over_the_throttle_is_refused_at_once_while_others_are_drawn_for(self) -> None:
        throttled = throttled_to(rate=1, burst=ADMITTED)
        bodies = [{"prompt": "all at once", "seed": seed} for seed in range(1, ADMITTED + 11)]
        with (
            running(change=throttled, latency_seconds=4) as easel,
            ThreadPoolExecutor(len(bodies)) as callers,
        ):
            first, *others = as_completed([callers.submit(easel.post, body) for body in bodies])

        assert first.result().status == 429
        assert {each.result().status for each in others} == {200, 429}

    def test_over_the_quota_is_a_429_that_no_retry_helps(self) -> None:
        def change(document: Document) -> None:
            (plan,) = resources(document, "AWS::ApiGateway::UsagePlan")
            plan["Quota"]["Limit"] = 2

        with running(change=change) as easel:
            first, second, third = (easel.post(BODY) for _ in range(3))
            refused_without_key = easel.post(BODY, headers={"x-api-key": "wrong"})
            calls = easel.model_calls()

        assert (first.status, second.status, third.status) == (200, 200, 429)
        assert third.error["code"] == "quota_exceeded"
        assert third.headers["x-should-retry"] == "false"
        assert "Retry-After" not in third.headers
        assert refused_without_key.error["code"] == "invalid_api_key"
        assert calls == 1
