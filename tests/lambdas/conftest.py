"""A bucket in memory: real boto3, moto's S3, no sockets."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from lambdas.common.bucket import Bucket
from lambdas.common.clients import s3_config

BUCKET_NAME = "pictures"


@pytest.fixture(scope="session")
def client() -> Any:
    session = boto3.session.Session(aws_access_key_id="test", aws_secret_access_key="test")
    return session.client("s3", region_name="eu-west-1", config=s3_config())


@pytest.fixture
def moto_bucket(client: Any) -> Iterator[Bucket]:
    with mock_aws():
        client.create_bucket(
            Bucket=BUCKET_NAME, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        client.put_bucket_versioning(
            Bucket=BUCKET_NAME, VersioningConfiguration={"Status": "Enabled"}
        )
        yield Bucket(BUCKET_NAME, client)


@pytest.fixture
def bucket(moto_bucket: Bucket) -> Bucket:
    return moto_bucket
