"""The recipe: everything that decides a picture, fully resolved, and the id it gives it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

RECIPE_VERSION = 1


@dataclass(frozen=True)
class Recipe:
    """A fully resolved request for one picture.

    `seed` is never 0, because every model family reads 0 as "draw one" or as a fixed default.
    `parameters` holds the inference parameters that the model takes, defaults filled in, under
    the names of Easel's API.
    """

    model: str
    prompt: str
    negative_prompt: str
    seed: int
    parameters: Mapping[str, Any] = field(default_factory=dict)
    version: int = RECIPE_VERSION

    @classmethod
    def from_dict(cls, recipe: Mapping[str, Any]) -> "Recipe":
        """Read a recipe as `to_dict` writes it. ValueError where its version is not known."""
        if recipe["version"] != RECIPE_VERSION:
            raise ValueError(f"recipe version {recipe['version']!r} is not known")
        return cls(**recipe)

    def to_dict(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "model": self.model,
            "prompt": self.prompt,
            "negative_prompt": self.negative_prompt,
            "seed": self.seed,
            "parameters": dict(sorted(self.parameters.items())),
        }

    @property
    def id(self) -> str:
        """First 32 hex digits of the SHA-256 of the canonical JSON: equal recipes, equal ids."""
        return hashlib.sha256(self.canonical_json.encode()).hexdigest()[:32]

    @property
    def canonical_json(self) -> str:
        """The one way to write this recipe: sorted, without spaces, all but controls as it is."""
        return json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
