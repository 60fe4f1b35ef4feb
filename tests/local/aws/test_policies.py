"""Policies, evaluated as IAM evaluates them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, ClassVar

import boto3
import pytest
from moto import mock_aws

from local.aws.policies import authorise
from local.aws.signatures import Caller, RefusedError

STATEMENTS: list[dict[str, Any]] = [
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/staging/*"},
    {
        "Effect": "Allow",
        "Action": ["bedrock:Invoke*"],
        "Resource": ["arn:aws:bedrock:::x", "arn:aws:bedrock:::y[1]"],
    },
    {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"},
    {"Effect": "Deny", "Action": "SQS:deletequeue", "Resource": "*"},
    {
        "Effect": "Allow",
        "Action": "kms:Decrypt",
        "Resource": "*",
        "Condition": {"StringEquals": {"kms:ViaService": "s3"}},
    },
    {"Effect": "Allow", "NotAction": "iam:*", "Resource": "arn:aws:ec2:::only"},
]


def may(*asked: Any) -> bool:
    try:
        authorise(*asked)
    except RefusedError:
        return False
    return True


@contextmanager
def role(document: dict[str, Any]) -> Iterator[None]:
    """A role with a policy."""
    with mock_aws():
        iam = boto3.client(
            "iam", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        iam.create_role(RoleName="role", AssumeRolePolicyDocument="{}")
        iam.put_role_policy(
            RoleName="role",
            PolicyName="inline",
            PolicyDocument=json.dumps({"Version": "2012-10-17", **document}),
        )
        yield


class TestPolicies:
    @pytest.fixture
    def caller(self) -> Iterator[Caller]:
        with role({"Statement": STATEMENTS}):
            yield Caller("arn:role", "role", "us-east-1", "s3")

    @pytest.mark.parametrize(
        ("action", "resource", "allowed"),
        [
            ("s3:GetObject", "arn:aws:s3:::b/staging/1", True),
            ("s3:getobject", "arn:aws:s3:::b/staging/1", True),
            ("s3:GetObject", "arn:aws:s3:::b/output-images/1", False),
            ("s3:GetObjectVersion", "arn:aws:s3:::b/staging/1", False),
            ("s3:PutObject", "arn:aws:s3:::b/staging/1", False),
            ("bedrock:InvokeModel", "arn:aws:bedrock:::x", True),
            ("bedrock:InvokeModel", "arn:aws:bedrock:::y[1]", True),
            ("bedrock:InvokeModel", "arn:aws:bedrock:::y1", False),
            ("sqs:SendMessage", "arn:any", True),
            ("sqs:DeleteQueue", "arn:any", False),
            ("kms:Decrypt", "arn:any", False),
            ("ec2:Anything", "arn:aws:ec2:::only", True),
            ("iam:Anything", "arn:aws:ec2:::only", False),
        ],
    )
    def test_statements_are_evaluated_by_action_and_resource(
        self, caller: Caller, action: str, resource: str, allowed: bool
    ) -> None:
        assert may(caller, action, resource) is allowed

    def test_a_condition_holds_by_its_context(self, caller: Caller) -> None:
        assert may(caller, "kms:Decrypt", "arn:any", {"kms:ViaService": "s3"})
        assert not may(caller, "kms:Decrypt", "arn:any", {"kms:ViaService": "sqs"})

    def test_the_operator_may_do_anything(self, caller: Caller) -> None:
        assert may(replace(caller, role=None), "iam:Anything", "arn:any")


class TestResourcePolicies:
    BUCKET = "arn:aws:s3:::b"
    STATEMENTS: ClassVar[list[dict[str, Any]]] = [
        {
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": "s3:*",
            "Resource": [BUCKET, f"{BUCKET}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:PutObject",
            "Resource": f"{BUCKET}/output-images/*",
            "Condition": {"Null": {"s3:if-none-match": "true", "s3:if-match": "true"}},
        },
        {
            "Effect": "Allow",
            "Principal": {"Service": "logging.s3.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"{BUCKET}/*",
        },
    ]

    @pytest.fixture(params=[None, "role"])
    def caller(self, request: pytest.FixtureRequest) -> Iterator[Caller]:
        """The operator, and a role that may do anything."""
        document = {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
        with role(document):
            yield Caller("arn:caller", request.param, "us-east-1", "s3")

    @pytest.mark.parametrize(
        ("sent", "key", "allowed"),
        [
            ({}, "output-images/1", False),
            ({"s3:if-none-match": "*"}, "output-images/1", True),
            ({"s3:if-match": "etag"}, "output-images/1", True),
            ({}, "staging/1", True),
            ({"s3:if-match": "etag", "aws:SecureTransport": "false"}, "output-images/1", False),
        ],
    )
    def test_an_explicit_deny_is_for_everybody(
        self, caller: Caller, sent: dict[str, str], key: str, allowed: bool
    ) -> None:
        context = {"aws:SecureTransport": "true", **sent}
        asked = (caller, "s3:PutObject", f"{self.BUCKET}/{key}", context, self.STATEMENTS)

        assert may(*asked) is allowed
        if not allowed:
            with pytest.raises(RefusedError, match="explicit deny"):
                authorise(*asked)

    def test_what_is_allowed_a_service_is_not_allowed_a_role(self) -> None:
        nothing = {"Effect": "Allow", "Action": "none:None", "Resource": "*"}
        with role({"Version": "2012-10-17", "Statement": [nothing]}):
            caller = Caller("arn:caller", "role", "us-east-1", "s3")

            assert not may(caller, "s3:PutObject", f"{self.BUCKET}/1", {}, self.STATEMENTS)

    def test_a_principal_that_is_not_known_here_is_an_error(self) -> None:
        caller = Caller("arn:caller", None, "us-east-1", "s3")
        (statement,) = [{**self.STATEMENTS[0], "Principal": {"AWS": "arn:somebody"}}]

        with pytest.raises(NotImplementedError):
            may(caller, "s3:PutObject", f"{self.BUCKET}/1", {}, [statement])
