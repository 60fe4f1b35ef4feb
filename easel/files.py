"""Pictures' files: read by name, written whole or not at all, never over another by accident."""

import hashlib
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from easel.api import Answer
from easel.exits import CommandError, Exit

_FORMATS = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg"}
_EXTENSIONS = {"png": "png", "jpeg": "jpg"}

# A name that the server suggests is a bare name, not a path.
_SUGGESTED = re.compile(r'filename="(?P<name>[A-Za-z0-9][\w.-]{0,200})"')


@dataclass(frozen=True)
class Output:
    """Where one command's pictures go. `path` None or a directory takes the server's names."""

    path: Path | None
    count: int = 1
    force: bool = False

    @property
    def names_files(self) -> bool:
        return self.path is not None and not self.path.is_dir()

    def check(self) -> None:
        """Raises CommandError where files cannot be written, before anything is paid."""
        for number in range(self.count):
            path = self._path(number, "")
            if not path.parent.is_dir():
                raise CommandError(Exit.USAGE, f"There is no directory {path.parent}.")
            if self.names_files and path.exists() and not self.force:
                raise _there_already(path)

    def save(self, download: Answer, picture: Mapping[str, Any], number: int = 0) -> Path:
        """Writes the file. Raises CommandError where the download is not the picture answered."""
        content = download.content
        if hashlib.sha256(content).hexdigest() != picture["sha256"]:
            raise CommandError(
                Exit.FAILED,
                "The download is not the picture that was answered (another SHA-256). Try again.",
            )
        path = self._path(number, _suggested_name(download, picture))
        if path.exists() and not self.force:
            if not self.names_files and path.is_file() and path.read_bytes() == content:
                return path
            raise _there_already(path)
        _write(path, content)
        return path

    def _path(self, number: int, suggested: str) -> Path:
        if self.path is None or self.path.is_dir():
            return (self.path or Path()) / suggested
        if self.count == 1:
            return self.path
        return self.path.with_stem(f"{self.path.stem}-{number + 1}")


def format_of(path: Path | None) -> str | None:
    """Returns the format that a file's name asks for."""
    return _FORMATS.get(path.suffix.lower()) if path is not None else None


@dataclass(frozen=True)
class NamedPicture:
    """A picture that a command names by its id, or by a file, which carries its recipe."""

    id: str
    content: bytes | None = None
    recipe: dict[str, Any] | None = None


def picture_named(name: str) -> NamedPicture:
    """Raises CommandError where a file is no picture with a recipe."""
    path = Path(name)
    if not (path.is_file() or os.sep in name or path.suffix.lower() in _FORMATS):
        return NamedPicture(name)
    from easel.picture_file import read_recipe
    from lambdas.common.recipe import Recipe

    try:
        content = path.read_bytes()
        recipe = read_recipe(content)
    except OSError as error:
        raise CommandError(Exit.HERE, f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise CommandError(Exit.HERE, f"{name}: {error}") from error
    return NamedPicture(Recipe.from_dict(recipe).id, content, recipe)


def _suggested_name(download: Answer, picture: Mapping[str, Any]) -> str:
    found = _SUGGESTED.search(download.headers.get("content-disposition", ""))
    if found:
        return found["name"]
    extension = _EXTENSIONS.get(picture["output_format"], "png")
    return f"easel-{picture['id'][:8]}-seed-{picture['seed']}.{extension}"


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as file:
            file.write(content)
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise CommandError(Exit.HERE, f"{path} cannot be written: {error.strerror}.") from error


def _there_already(path: Path) -> CommandError:
    return CommandError(Exit.USAGE, f"{path} is there already: --force overwrites it.")
