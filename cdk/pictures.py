"""The bucket of pictures, their manifests and what is staged for them; who reads it is logged."""

from typing import Any

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_s3 as s3
from constructs import Construct

from cdk.settings import Settings

STAGING_DAYS = 1
NONCURRENT_DAYS = 30


class Pictures(Construct):
    """Private, encrypted, TLS only, versioned. Exposes `bucket` and `log_bucket`."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings) -> None:
        super().__init__(scope, id)
        private: dict[str, Any] = {
            "block_public_access": s3.BlockPublicAccess.BLOCK_ALL,
            # S3 delivers server access logs to buckets with SSE-S3 only, not with SSE-KMS.
            "encryption": s3.BucketEncryption.S3_MANAGED,
            "enforce_ssl": True,
            "versioned": True,
            "object_ownership": s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            "removal_policy": RemovalPolicy(settings.removal_policy.upper()),
        }
        self.log_bucket = s3.Bucket(
            self,
            "LogBucket",
            **private,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="logs",
                    expiration=Duration.days(settings.log_retention_days),
                    noncurrent_version_expiration=Duration.days(STAGING_DAYS),
                    abort_incomplete_multipart_upload_after=Duration.days(STAGING_DAYS),
                )
            ],
        )
        retention = (
            Duration.days(settings.image_retention_days) if settings.image_retention_days else None
        )
        rules = [
            s3.LifecycleRule(
                id="staging",
                prefix="staging/",
                expiration=Duration.days(STAGING_DAYS),
                noncurrent_version_expiration=Duration.days(STAGING_DAYS),
                abort_incomplete_multipart_upload_after=Duration.days(STAGING_DAYS),
            ),
            s3.LifecycleRule(
                id="idempotency",
                prefix="idempotency/",
                expiration=Duration.days(STAGING_DAYS),
                noncurrent_version_expiration=Duration.days(STAGING_DAYS),
            ),
            s3.LifecycleRule(
                id="pictures",
                prefix="output-images/",
                expiration=retention,
                noncurrent_version_expiration=Duration.days(NONCURRENT_DAYS),
            ),
            s3.LifecycleRule(
                id="index",
                prefix="index/",
                expiration=retention,
                noncurrent_version_expiration=Duration.days(STAGING_DAYS),
            ),
        ]
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            **private,
            lifecycle_rules=rules,
            server_access_logs_bucket=self.log_bucket,
            server_access_logs_prefix="pictures/",
        )
