"""A bucket in memory: real boto3, moto's S3, no sockets."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from lambdas.common.bucket import Bucket, s3_config

BUCKET_NAME = "pictures"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        client = boto3.client("s3", region_name="eu-west-1", config=s3_config())
        client.create_bucket(
            Bucket=BUCKET_NAME, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        yield Bucket(BUCKET_NAME, client)
