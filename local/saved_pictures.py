"""Keeps the bucket's objects in a directory, so that pictures outlive the local stack."""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from werkzeug.datastructures import Headers

_METADATA = "x-amz-meta-"
_HEADERS = ".headers"


@dataclass(frozen=True)
class SavedPictures:
    """Each object is a file under `directory`, what else S3 knows of it another beside it."""

    directory: Path

    def check(self) -> None:
        """Raises OSError where nothing can be written there."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self.directory):
            pass

    def save(self, key: str, content: bytes, headers: Headers) -> None:
        path = self.directory / key
        if not path.resolve().is_relative_to(self.directory.resolve()):
            return
        metadata = {
            name.lower().removeprefix(_METADATA): value
            for name, value in headers.items()
            if name.lower().startswith(_METADATA)
        }
        content_type = headers.get("Content-Type", "binary/octet-stream")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        Path(f"{path}{_HEADERS}").write_text(
            json.dumps({"ContentType": content_type, "Metadata": metadata})
        )

    def delete(self, key: str) -> None:
        for name in (key, key + _HEADERS):
            (self.directory / name).unlink(missing_ok=True)

    def restore(self, s3: Any, bucket: str) -> int:
        """Puts every saved object into the bucket. Returns how many there were."""
        saved = sorted(self.directory.rglob(f"*{_HEADERS}"))
        for headers in saved:
            path = Path(str(headers).removesuffix(_HEADERS))
            key = str(path.relative_to(self.directory))
            content = path.read_bytes()
            saved_with = json.loads(headers.read_text())
            s3.put_object(Bucket=bucket, Key=key, Body=content, IfNoneMatch="*", **saved_with)
        return len(saved)
