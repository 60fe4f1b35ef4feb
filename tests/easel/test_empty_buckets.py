"""What make destroy does before CloudFormation can delete the buckets."""

import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner
from moto import mock_aws

from easel.empty_buckets import empty, keeps_buckets, main, prepare
from tests.easel.command_line import CommandLine
from tests.easel.stubbed_account import StubbedAccount

OUTPUTS = {"BucketName": "pictures", "LogBucketName": "picture-logs"}


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        resource = boto3.resource("s3", region_name="us-east-1")
        for name in OUTPUTS.values():
            resource.create_bucket(Bucket=name)
            resource.BucketVersioning(name).enable()
        yield resource


def test_every_version_in_both_buckets_goes(s3: Any) -> None:
    for name in OUTPUTS.values():
        s3.Bucket(name).put_object(Key="a", Body=b"1")
        s3.Bucket(name).put_object(Key="a", Body=b"2")
        s3.Object(name, "a").delete()

    emptied = empty(s3, OUTPUTS)

    assert emptied == ("pictures", "picture-logs")
    for name in emptied:
        s3.Bucket(name).delete()


def test_no_access_log_is_delivered_any_more(s3: Any) -> None:
    s3.Bucket("picture-logs").Policy().put(Policy='{"Version": "2012-10-17", "Statement": []}')

    empty(s3, OUTPUTS)

    with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
        s3.Bucket("picture-logs").Policy().load()


def template(*policies: str | None) -> dict[str, Any]:
    """A template with a bucket for each policy; None is a bucket without one."""
    buckets = [{"Type": "AWS::S3::Bucket", "DeletionPolicy": policy} for policy in policies]
    named = {
        f"Bucket{number}": {name: value for name, value in bucket.items() if value}
        for number, bucket in enumerate(buckets)
    }
    kept = {"Type": "AWS::IAM::Role", "DeletionPolicy": "Retain"}
    return {"Resources": {"Role": kept, **named}}


class Deployed(StubbedAccount):
    """An account with the stack easel-dev."""

    def __init__(self, *policies: str) -> None:
        super().__init__()
        outputs = [{"OutputKey": key, "OutputValue": value} for key, value in OUTPUTS.items()]
        stack = {
            "StackName": "easel-dev",
            "CreationTime": datetime.now(UTC),
            "StackStatus": "CREATE_COMPLETE",
            "Outputs": outputs,
        }
        named = {"StackName": "easel-dev"}
        self.answers("cloudformation", "describe_stacks", {"Stacks": [stack]}, named)
        body = json.dumps(template(*policies))
        self.answers("cloudformation", "get_template", {"TemplateBody": body}, named)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("policies", "kept"),
    [
        (("Delete", "Delete"), False),
        ((None, None), False),
        (("Retain", "Retain"), True),
        (("Delete", "RetainExceptOnCreate"), True),
    ],
    ids=str,
)
def test_the_deployed_template_says_whether_pictures_stay(
    policies: tuple[str | None, ...], kept: bool
) -> None:
    assert keeps_buckets(template(*policies)) is kept


def test_what_a_deployment_deletes_is_emptied_after_a_yes(s3: Any) -> None:
    s3.Bucket("pictures").put_object(Key="a", Body=b"1")
    deployed = Deployed("Delete", "Delete")

    prepare("dev", deployed.account, s3, yes=True)

    assert list(s3.Bucket("pictures").object_versions.all()) == []
    deployed.assert_all_asked()


def test_what_a_deployment_retains_stays_whatever_cdk_json_says(s3: Any) -> None:
    s3.Bucket("pictures").put_object(Key="a", Body=b"1")
    deployed = Deployed("Retain", "Retain")

    prepare("dev", deployed.account, s3, yes=True)

    assert len(list(s3.Bucket("pictures").object_versions.all())) == 1


@pytest.mark.parametrize(
    ("stdin", "said"),
    [(io.StringIO("easel-dev\n"), "YES=1"), (Terminal("yes\n"), "Nothing was destroyed.")],
    ids=["no terminal", "another word"],
)
def test_without_a_yes_nothing_is_emptied(
    s3: Any, monkeypatch: pytest.MonkeyPatch, stdin: io.StringIO, said: str
) -> None:
    s3.Bucket("pictures").put_object(Key="a", Body=b"1")
    monkeypatch.setattr("sys.stdin", stdin)

    with pytest.raises(SystemExit, match=re.escape(said)):
        prepare("dev", Deployed("Delete", "Delete").account, s3, yes=False)

    assert len(list(s3.Bucket("pictures").object_versions.all())) == 1


def test_the_stacks_name_is_a_yes(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    s3.Bucket("pictures").put_object(Key="a", Body=b"1")
    monkeypatch.setattr("sys.stdin", Terminal("easel-dev\n"))

    prepare("dev", Deployed("Delete", "Delete").account, s3, yes=False)

    assert list(s3.Bucket("pictures").object_versions.all()) == []


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("ValidationError", "There is no stack easel-dev in eu-central-1."),
        ("ExpiredToken", ". Log in again"),
        ("AccessDenied", "cloudformation:DescribeStacks"),
    ],
)
def test_a_stack_that_cannot_be_asked_is_one_sentence(s3: Any, code: str, said: str) -> None:
    account = StubbedAccount()
    account.fails("cloudformation", "describe_stacks", code)

    with pytest.raises(SystemExit, match=re.escape(said)) as ended:
        prepare("dev", account.account, s3, yes=True)

    assert "\n" not in str(ended.value)


@pytest.mark.parametrize(
    ("environment", "environ", "said"),
    [
        ("nowhere", {"AWS_REGION": "eu-west-1"}, "no environment 'nowhere' in cdk.json"),
        ("dev", {}, "Set AWS_REGION"),
        ("dev", {"AWS_REGION": "eu-west-1", "AWS_PROFILE": "gone"}, "gone"),
        ("dev", {"AWS_REGION": "eu-west-1"}, "credentials"),
    ],
    ids=["no environment", "no region", "no profile", "no credentials"],
)
def test_the_command_says_in_a_sentence_what_is_missing(
    easel: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
    environment: str,
    environ: dict[str, str],
    said: str,
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    ended = CliRunner().invoke(main, [environment, "--yes"])

    assert ended.exit_code == 1
    assert said in ended.output
    assert ended.output.count("\n") == 1
