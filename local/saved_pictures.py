"""Keeps the bucket's objects in a directory, so that pictures outlive the local stack."""

import hashlib
import json
import os
import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import S3Backend, s3_backends

from local.aws.signatures import PARTITION

_METADATA = "x-amz-meta-"
_HEADERS = ".headers"
# Keys that are paths of files as they stand, such as all that Easel writes. The files of others are
# named by a hash: no key leads out of the directory or to the file of another one.
_PLAIN = re.compile(rf"[a-z-]+/(?!.*\{_HEADERS}$)[a-z0-9][a-z0-9.-]{{0,199}}")


@dataclass(frozen=True)
class SavedPictures:
    """Each object is a file under `directory`, what else S3 knows of it another beside it, and the
    file's date is the object's. Thread-safe."""

    directory: Path
    bucket: str
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def update(self, key: str) -> None:
        """Saves an object as the bucket has it now, or removes it where it is gone."""
        path, headers = self._files(key)
        with self._lock:
            found = _s3().get_object(self.bucket, key)
            if found is None:
                headers.unlink(missing_ok=True)
                path.unlink(missing_ok=True)
                return
            metadata = {
                name.removeprefix(_METADATA): value
                for name, value in found.metadata.items()
                if name.startswith(_METADATA)
            }
            content_type = found.metadata["content-type"]
            described = {"Key": key, "ContentType": content_type, "Metadata": metadata}
            path.parent.mkdir(parents=True, exist_ok=True)
            self._write(path, found.value)
            date = found.last_modified.replace(tzinfo=UTC).timestamp()
            os.utime(path, (date, date))
            self._write(headers, json.dumps(described).encode())

    def restore(self) -> int:
        """Puts every saved object into the bucket. Returns how many there were."""
        saved = sorted(self.directory.rglob(f"*{_HEADERS}"))
        for headers in saved:
            path = headers.with_suffix("")
            described = json.loads(headers.read_text())
            key = described.get("Key") or path.relative_to(self.directory).as_posix()
            restored = _s3().put_object(self.bucket, key, path.read_bytes())
            metadata = {_METADATA + name: value for name, value in described["Metadata"].items()}
            restored.set_metadata({"Content-Type": described["ContentType"], **metadata})
            date = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            restored.last_modified = date.replace(tzinfo=None)
        return len(saved)

    def _files(self, key: str) -> tuple[Path, Path]:
        """Returns the paths of an object's content and of what else is known of it."""
        name = key if _PLAIN.fullmatch(key) else f"_/{hashlib.sha256(key.encode()).hexdigest()}"
        return self.directory / name, self.directory / (name + _HEADERS)

    def _write(self, path: Path, content: bytes) -> None:
        """Writes a file whole or not at all."""
        writing = self.directory / ".writing"
        writing.write_bytes(content)
        writing.replace(path)


def _s3() -> S3Backend:
    return s3_backends[DEFAULT_ACCOUNT_ID][PARTITION]
