"""Speaks each model family's wire format as the service does: one module each.

Nothing here comes from `lambdas.generate.families`, so that a mistake there is not repeated here.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol, cast

from lambdas.common.catalog import CATALOG, Size


@dataclass(frozen=True)
class ModelRequest:
    """What a request asks for, whatever its wire format.

    `steps` and `guidance` are None where the request leaves them to the model.
    """

    model: str
    prompt: str
    negative_prompt: str
    seed: int
    size: Size
    style: str | None = None
    steps: int | None = None
    guidance: float | None = None
    output_format: str = "png"


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
