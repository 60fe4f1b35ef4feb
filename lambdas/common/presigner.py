"""Presigned URLs of the bucket's pictures, their times, and the names that they give files."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from lambdas.common.manifest import Manifest

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class Presigner(Protocol):
    def presign(self, key: str, *, content_type: str, file_name: str) -> str: ...

    @property
    def expires_seconds(self) -> int: ...


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


def file_name(manifest: Manifest) -> str:
    """Readable, and without the prompt: the name is part of the URL, and URLs get around."""
    extension = manifest["key"].rpartition(".")[2]
    return f"easel-{manifest['id'][:8]}-seed-{manifest['recipe']['seed']}.{extension}"


def iso(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
