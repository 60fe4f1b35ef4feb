"""Speaks each model family's wire format as the service does: one module each.

Nothing here comes from `lambdas.generate.families`, so that a mistake there is not repeated here.
"""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol, cast

from lambdas.common.catalog import CATALOG, Size
from local.bedrock.painter import encode, paint

# Draws as the painter does by itself; each other model has a hand of its own.
_PLAIN_HAND = "stability.stable-image-core-v1:1"


@dataclass(frozen=True)
class ModelRequest:
    """What a request asks for, whatever its wire format."""

    model: str
    prompt: str
    negative_prompt: str
    seed: int
    size: Size
    style: str | None = None
    output_format: str = "png"

    def picture(self) -> str:
        """Draws the picture and returns its file in Base64."""
        image = paint(
            prompt=self.prompt,
            negative_prompt=self.negative_prompt,
            seed=self.seed,
            style=self.style,
            width=self.size[0],
            height=self.size[1],
            hand="" if self.model == _PLAIN_HAND else self.model,
        )
        return base64.b64encode(encode(image, self.output_format)).decode()


class ModelFamily(Protocol):
    """What a family's module defines."""

    def read(self, model: str, body: Mapping[str, Any]) -> ModelRequest:
        """Returns what a checked body of InvokeModel asks for."""

    def answer(self, request: ModelRequest, pictures: list[str]) -> dict[str, Any]:
        """Returns the answer with these pictures, in Base64. A healthy model gives one."""

    def filtered(self, request: ModelRequest) -> dict[str, Any]:
        """Returns the answer of a model whose content filter blocked the picture."""


def family_of(model: str) -> ModelFamily:
    """Returns the module that the catalog names as a model's family."""
    return cast(ModelFamily, import_module(f"{__name__}.{CATALOG[model].family}"))


def random_seed() -> int:
    return 1 + secrets.randbelow(4_294_967_294)
