"""Policies, evaluated as IAM evaluates them."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from local.aws.policies import may
from local.aws.signatures import Caller

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


class TestPolicies:
    @pytest.fixture
    def caller(self) -> Iterator[Caller]:
        with mock_aws():
            iam = boto3.client(
                "iam", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
            )
            iam.create_role(RoleName="role", AssumeRolePolicyDocument="{}")
            iam.put_role_policy(
                RoleName="role",
                PolicyName="inline",
                PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": STATEMENTS}),
            )
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
