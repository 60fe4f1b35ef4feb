"""The recipe: everything that determines a picture, fully resolved, and the picture's id."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lambdas.common.keys import id_of

RECIPE_VERSION = 1


@dataclass(frozen=True)
class Recipe:
    """A fully resolved request for one picture.

    `seed` is never 0, because every model family takes 0 as "choose one" or as a fixed default.
    `parameters` holds the model's inference parameters, with defaults filled in, under the names
    of Easel's API.
    """

    model: str
    prompt: str
    negative_prompt: str
    seed: int
    parameters: Mapping[str, Any] = field(default_factory=dict)
    version: int = RECIPE_VERSION

    @classmethod
    def from_dict(cls, recipe: Mapping[str, Any]) -> "Recipe":
        """Reads a recipe that `to_dict` wrote. Raises ValueError if its version is not known."""
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
        """The first 32 hex digits of the SHA-256 of the canonical JSON: equal for equal recipes."""
        return id_of(self.canonical_json)

    @property
    def canonical_json(self) -> str:
        """The recipe as JSON with sorted keys, no spaces, and only control characters escaped."""
        return json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
