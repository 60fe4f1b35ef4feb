"""Pictures' files: read by name, written whole or not at all, never over another by accident."""

import hashlib
import json
import os
import re
import sys
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

STDOUT = "-"


@dataclass(frozen=True)
class Output:
    """Where one command's pictures go: a file, a directory, stdout (`-`), or None.

    A directory and None, which is the working directory, take the server's names.
    """

    name: str | None
    count: int = 1
    force: bool = False

    @property
    def is_stdout(self) -> bool:
        return self.name == STDOUT

    @property
    def names_files(self) -> bool:
        return self.name is not None and not self.is_stdout and not Path(self.name).is_dir()

    @property
    def format(self) -> str | None:
        """The format that the file's name asks for."""
        return _FORMATS.get(Path(str(self.name)).suffix.lower()) if self.names_files else None

    def check(self, format: str | None = None) -> None:
        """Raises CommandError where files cannot be written, before anything is paid.

        `format` is what will be drawn, where that is known.
        """
        if self.is_stdout:
            if sys.stdout.isatty():
                raise CommandError(Exit.USAGE, "--out - is for a pipe, and stdout is a terminal.")
            if self.count > 1:
                raise CommandError(Exit.USAGE, "--out - takes one picture: leave --count out.")
            return
        if self.names_files:
            self._check_name(format)
        for number in range(self.count):
            path = self._path(number, "picture")
            directory = _target(path).parent
            if not directory.is_dir():
                raise CommandError(Exit.USAGE, f"There is no directory {directory}.")
            if not os.access(directory, os.W_OK):
                raise CommandError(Exit.HERE, f"Nothing can be written in {directory}.")
            if self.names_files:
                self._check_free(path)

    def save(self, download: Answer, picture: Mapping[str, Any], number: int = 0) -> Path | None:
        """Writes the file, and returns its path unless that is stdout.

        Raises CommandError where the download is not the picture that was answered.
        """
        content = download.content
        if hashlib.sha256(content).hexdigest() != picture["sha256"]:
            raise CommandError(
                Exit.FAILED,
                "The download is not the picture that was answered (another SHA-256). Try again.",
            )
        if self.is_stdout:
            sys.stdout.buffer.write(content)
            return None
        path = self._path(number, _suggested_name(download, picture))
        # The same picture under the server's name is no conflict.
        if self.names_files or not path.is_file() or path.read_bytes() != content:
            self._check_free(path)
            _write(_target(path), content)
        return path

    def _check_name(self, format: str | None) -> None:
        name = Path(str(self.name))
        if str(self.name).endswith(("/", os.sep)):
            raise CommandError(Exit.USAGE, f"There is no directory {name}.")
        if name.suffix and self.format is None:
            known = ", ".join(_FORMATS)
            raise CommandError(
                Exit.USAGE, f"Easel draws no {name.suffix}: end the name in one of {known}."
            )
        if format and self.format not in (None, format):
            raise CommandError(Exit.USAGE, f"The picture is {format}, which does not fit {name}.")

    def _check_free(self, path: Path) -> None:
        # A link that leads to itself does not exist, but is there.
        if (path.exists() and not path.is_file()) or _target(path).is_symlink():
            raise CommandError(
                Exit.USAGE, f"{path} is not a regular file. --out - writes to standard output."
            )
        if path.exists() and not self.force:
            raise CommandError(Exit.USAGE, f"{path} is there already: --force overwrites it.")

    def _path(self, number: int, suggested: str) -> Path:
        path = Path(self.name or "")
        if not self.names_files:
            return path / suggested
        return path if self.count == 1 else path.with_stem(f"{path.stem}-{number + 1}")


@dataclass(frozen=True)
class NamedPicture:
    """A picture that a command names by its id, or by a file, which carries its recipe."""

    id: str
    content: bytes | None = None
    recipe: dict[str, Any] | None = None


def picture_named(name: str) -> NamedPicture:
    """Raises CommandError where a file is no picture with a recipe, or OSError."""
    path = Path(name)
    if not (path.is_file() or os.sep in name or path.suffix.lower() in _FORMATS):
        if not name.isalnum():
            raise CommandError(Exit.USAGE, f"{name!r} is neither a picture's id nor a file.")
        return NamedPicture(name)
    from easel.picture_file import read_recipe
    from lambdas.common.recipe import Recipe

    try:
        content = path.read_bytes()
        recipe = read_recipe(content)
    except ValueError as error:
        raise CommandError(Exit.HERE, f"{name}: {error}") from error
    return NamedPicture(Recipe.from_dict(recipe).id, content, recipe)


def recipe_in(path: Path) -> dict[str, Any]:
    """Returns the recipe in a picture, or in JSON: a recipe, a manifest, or an answer with one.

    Raises CommandError where there is none, or OSError.
    """
    from easel.picture_file import read_recipe, recipe_of

    try:
        content = path.read_bytes()
        if not content.lstrip().startswith(b"{"):
            return read_recipe(content)
        found: Any = json.loads(content)
        found = found.get("manifest") or found
        return recipe_of(json.dumps(found.get("recipe") or found))
    except ValueError as error:
        raise CommandError(Exit.HERE, f"{path}: {error}") from error
    except AttributeError:
        raise CommandError(Exit.HERE, f"{path}: There is no recipe in this JSON.") from None


def _suggested_name(download: Answer, picture: Mapping[str, Any]) -> str:
    found = _SUGGESTED.search(download.headers.get("content-disposition", ""))
    if found:
        return found["name"]
    extension = _EXTENSIONS.get(picture["output_format"], "png")
    return f"easel-{picture['id'][:8]}-seed-{picture['seed']}.{extension}"


def _target(path: Path) -> Path:
    """Returns what a path leads to, through symlinks."""
    return Path(os.path.realpath(path))


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as file:
            file.write(content)
        part.replace(path)
    except OSError as error:
        raise CommandError(Exit.HERE, f"{path} cannot be written: {error.strerror}.") from error
    finally:
        with suppress(OSError):
            part.unlink()
