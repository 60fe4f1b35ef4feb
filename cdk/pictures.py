"""The bucket for pictures, their manifests and staged files, and the bucket for its access log."""

from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from cdk.log_groups import removal_policy
from cdk.settings import Settings
from lambdas.common.keys import PICTURES, PREFIXES


class Pictures(Construct):
    """Two private, encrypted, versioned, TLS-only buckets: exposes `bucket` and `log_bucket`."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings) -> None:
        super().__init__(scope, id)
        private: dict[str, Any] = {
            "block_public_access": s3.BlockPublicAccess.BLOCK_ALL,
            "encryption": s3.BucketEncryption.S3_MANAGED,
            "enforce_ssl": True,
            "versioned": True,
            "object_ownership": s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            "removal_policy": removal_policy(settings),
        }
        # S3 delivers server access logs to buckets with SSE-S3 only, not with SSE-KMS.
        self.log_bucket = s3.Bucket(
            self,
            "LogBucket",
            **private,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="logs",
                    expiration=Duration.days(settings.log_retention_days),
                    noncurrent_version_expiration=Duration.days(1),
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                )
            ],
        )
        retention = (
            Duration.days(settings.image_retention_days) if settings.image_retention_days else None
        )
        rules = [
            s3.LifecycleRule(
                id=prefix.name,
                prefix=str(prefix),
                expiration=retention if prefix.days is None else Duration.days(prefix.days),
                noncurrent_version_expiration=Duration.days(prefix.noncurrent_days),
                abort_incomplete_multipart_upload_after=Duration.days(1),
            )
            for prefix in PREFIXES
        ]
        if settings.kms_key_arn:
            private |= {
                "encryption": s3.BucketEncryption.KMS,
                "encryption_key": kms.Key.from_key_arn(self, "Key", settings.kms_key_arn),
                "bucket_key_enabled": True,  # one call of KMS serves many objects
            }
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            **private,
            lifecycle_rules=rules,
            server_access_logs_bucket=self.log_bucket,
            server_access_logs_prefix="pictures/",
            # Pages that may call the API may also read the pictures that its URLs open.
            cors=[
                s3.CorsRule(
                    allowed_methods=[s3.HttpMethods.GET, s3.HttpMethods.HEAD],
                    allowed_origins=list(settings.allowed_origins),
                )
            ]
            if settings.allowed_origins
            else None,
        )
        # What was published is never overwritten unseen ("Enforce conditional writes on Amazon S3
        # buckets", S3 guide). Uploads in parts, which nothing makes here, are denied as well:
        # s3:ObjectCreationOperation would exempt them.
        self.bucket.add_to_resource_policy(
            iam.PolicyStatement(
                effect=iam.Effect.DENY,
                principals=[iam.AnyPrincipal()],
                actions=["s3:PutObject"],
                resources=[self.bucket.arn_for_objects(f"{PICTURES}*")],
                conditions={"Null": {"s3:if-none-match": "true", "s3:if-match": "true"}},
            )
        )
