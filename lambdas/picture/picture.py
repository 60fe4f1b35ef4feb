"""A parsed picture file, whatever its format."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, Self

from lambdas.common.recipe import Recipe
from lambdas.picture.infotext import infotext

# A picture is held once: its parts are views of the file.
Bytes = bytes | memoryview


@dataclass(frozen=True)
class Part:
    """A chunk of a PNG or a segment of a JPEG. `raw` is all of its bytes in the file."""

    name: bytes
    content: Bytes
    raw: Bytes

    def begins(self, name: bytes, content: bytes) -> bool:
        return self.name == name and self.content[: len(content)] == content


@dataclass(frozen=True)
class Picture(ABC):
    """A parsed file: its signature and its parts.

    `width` and `height` are in pixels. `is_signed` says whether the file has Content Credentials,
    which any change to the file makes invalid.
    """

    output_format: ClassVar[str]
    signature: ClassVar[bytes]

    width: int
    height: int
    is_signed: bool
    parts: tuple[Part, ...]

    @cached_property
    def content(self) -> bytes:
        return b"".join([self.signature, *(part.raw for part in self.parts)])

    @cached_property
    def pixels_sha256(self) -> str:
        """A digest that is equal for files with the same pixels in the same encoding.

        Raises ValueError if the pixels are broken.
        """
        digest = hashlib.sha256()
        for name, length, pieces in self._pixels():
            digest.update(name + length.to_bytes(8))
            for piece in pieces:
                digest.update(piece)
                length -= len(piece)
            if length:
                raise ValueError("the picture has too few pixels")
        return digest.hexdigest()

    def with_recipe(self, recipe: Recipe) -> Self:
        """Returns the file with a recipe, which replaces an earlier one. Pixels do not change.

        Raises ValueError for text that cannot be encoded.
        """
        bare = self.without_recipe()
        at = bare._recipe_place().start
        own = bare._recipe_parts(recipe.canonical_json, infotext(recipe, self.width, self.height))
        return replace(bare, parts=(*bare.parts[:at], *own, *bare.parts[at:]))

    def without_recipe(self) -> Self:
        """Undoes `with_recipe`, to the byte. Returns a file without a recipe unchanged."""
        own = self._recipe_place()
        return replace(self, parts=self.parts[: own.start] + self.parts[own.stop :])

    @abstractmethod
    def recipe_json(self) -> str | None:
        """Returns the recipe, even if another tool moved it, or None. ValueError if broken."""

    @abstractmethod
    def _pixels(self) -> Iterable[tuple[bytes, int, Iterable[Bytes]]]:
        """Yields name, length and content, in pieces, of all that makes the pixels."""

    @abstractmethod
    def _recipe_place(self) -> slice:
        """Returns the parts that `with_recipe` added, or an empty slice where it would add them."""

    @abstractmethod
    def _recipe_parts(self, recipe_json: str, text: str) -> Iterable[Part]: ...
