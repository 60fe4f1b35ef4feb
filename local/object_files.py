"""The content of moto's S3 objects: each in a file that is open only while it is used.

moto itself keeps a file open for every object above a size, and smaller ones in memory.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from moto.s3 import models


@contextmanager
def objects_in_files() -> Iterator[None]:
    """While it lasts, moto keeps objects in files of a directory that goes with it."""
    with tempfile.TemporaryDirectory(prefix="easel-objects-") as directory:
        vars(models)["tempfile"] = ObjectFiles(Path(directory))
        try:
            yield
        finally:
            vars(models)["tempfile"] = tempfile


class ObjectFiles:
    """Stands in for the `tempfile` module where moto makes an object's buffer."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def SpooledTemporaryFile(self, max_size: int = 0) -> "ObjectFile":  # noqa: N802 - its name
        return ObjectFile(self._directory)

    def __getattr__(self, name: str) -> Any:
        return getattr(tempfile, name)


class ObjectFile:
    """As much of a file as moto uses."""

    def __init__(self, directory: Path) -> None:
        handle, name = tempfile.mkstemp(dir=directory)
        os.close(handle)
        self._path = Path(name)
        self._position = 0

    def seek(self, position: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position}
        self._position = position + (base[whence] if whence in base else self._path.stat().st_size)
        return self._position

    def tell(self) -> int:
        return self._position

    def read(self, size: int = -1) -> bytes:
        with self._path.open("rb") as file:
            file.seek(self._position)
            content = file.read(size)
        self._position += len(content)
        return content

    def write(self, content: bytes) -> int:
        with self._path.open("r+b") as file:
            file.seek(self._position)
            written = file.write(content)
        self._position += written
        return written

    def truncate(self, size: int | None = None) -> int:
        size = self._position if size is None else size
        os.truncate(self._path, size)
        return size

    def close(self) -> None:
        self._path.unlink(missing_ok=True)
