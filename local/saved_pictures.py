"""Keeps the bucket's objects in a directory, so that pictures outlive the local stack."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from werkzeug.datastructures import Headers

_METADATA = "x-amz-meta-"


@dataclass(frozen=True)
class SavedPictures:
    """Each object is a file under `directory`, its headers another beside it."""

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
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        described = {
            "ContentType": headers.get("Content-Type", "binary/octet-stream"),
            "Metadata": {
                name.lower().removeprefix(_METADATA): value
                for name, value in headers.items()
                if name.lower().startswith(_METADATA)
            },
        }
        self._headers_path(path).write_text(json.dumps(described))

    def delete(self, key: str) -> None:
        path = self.directory / key
        path.unlink(missing_ok=True)
        self._headers_path(path).unlink(missing_ok=True)

    def restore(self, s3: Any, bucket: str) -> int:
        """Put every saved object into the bucket. How many there were."""
        count = 0
        for path, described in self._saved():
            s3.put_object(
                Bucket=bucket,
                Key=str(path.relative_to(self.directory)),
                Body=path.read_bytes(),
                **described,
            )
            count += 1
        return count

    def _saved(self) -> Iterator[tuple[Path, Mapping[str, Any]]]:
        for path in sorted(self.directory.rglob("*")):
            headers = self._headers_path(path)
            if path.is_file() and headers.exists():
                yield path, json.loads(headers.read_text())

    @staticmethod
    def _headers_path(path: Path) -> Path:
        return path.with_name(path.name + ".headers")
