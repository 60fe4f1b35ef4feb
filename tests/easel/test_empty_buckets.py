"""What make destroy does before CloudFormation can delete the buckets."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from easel.empty_buckets import empty

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
