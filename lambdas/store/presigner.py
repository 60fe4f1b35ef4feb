"""Presigned URLs of the bucket's pictures, with their expiry times and file names."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from lambdas.common.manifest import Manifest

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Presigner:
    """Signs URLs with the client's credentials, so a URL expires with them at the latest."""

    bucket: str
    client: "S3Client"
    expires_seconds: int

    def presign(self, key: str, manifest: Manifest, *, now: datetime) -> tuple[str, str]:
        """Returns the URL of one of a picture's files, and when it expires (ISO 8601)."""
        url = self.client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self.bucket,
                "Key": key,
                "ResponseContentType": manifest["content_type"],
                "ResponseContentDisposition": f'inline; filename="{file_name(manifest)}"',
            },
            ExpiresIn=self.expires_seconds,
        )
        return url, iso(now + timedelta(seconds=self.expires_seconds))


def file_name(manifest: Manifest) -> str:
    """Returns a readable name without the prompt: it is part of the URL, and URLs get shared."""
    extension = manifest["key"].rpartition(".")[2]
    return f"easel-{manifest['id'][:8]}-seed-{manifest['recipe']['seed']}.{extension}"


def iso(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
