"""Presigned URLs of the bucket's pictures."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class S3Presigner:
    """Signs with the caller's own credentials, so a URL dies with them at the latest."""

    bucket: str
    client: "S3Client"
    expires_seconds: int

    def presign(self, key: str, *, content_type: str, file_name: str) -> str:
        return self.client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self.bucket,
                "Key": key,
                "ResponseContentType": content_type,
                "ResponseContentDisposition": f'inline; filename="{file_name}"',
            },
            ExpiresIn=self.expires_seconds,
        )
