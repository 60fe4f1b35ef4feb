"""The wire formats of the model families: one module for each, with the family's name.

A new family is a module here, a module of the same name in `local.bedrock.families`, an entry in
the catalog and a schema in `local/bedrock/request_schemas`. A new model needs only the last two.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol, cast

from lambdas.common.catalog import CATALOG
from lambdas.common.errors import ModelFailedError, PictureBlockedError, PromptBlockedError
from lambdas.common.recipe import Recipe


@dataclass(frozen=True)
class Drawn:
    """A picture in Base64, not yet checked. `seed` is the one that the model returned, if any."""

    encoded: str
    seed: int | None = None


class Adapter(Protocol):
    """The functions of a family's module."""

    def request(self, recipe: Recipe) -> dict[str, Any]:
        """Returns the body of InvokeModel for this recipe."""

    def read(self, response: Mapping[str, Any]) -> Drawn:
        """Returns the picture in a response. Raises PromptBlockedError, PictureBlockedError or
        ModelFailedError if there is none."""


def adapter_of(model: str) -> Adapter:
    """Returns the module that the catalog names as a model's family."""
    return cast(Adapter, import_module(f"{__name__}.{CATALOG[model].family}"))


def prompt_blocked(reason: str) -> PromptBlockedError:
    return PromptBlockedError(
        "The model's content filter blocked the prompt. Change the prompt and try again.",
        param="prompt",
        detail=reason,
    )


def picture_blocked(reason: str) -> PictureBlockedError:
    return PictureBlockedError(
        "The model's content filter blocked the picture. Change the prompt or the seed.",
        param="prompt",
        detail=reason,
    )


def only(items: Any, what: str) -> Any:
    """Returns the only item of a list. Raises ModelFailedError unless it has exactly one."""
    if not isinstance(items, list) or len(items) != 1:
        given = len(items) if isinstance(items, list) else type(items).__name__
        raise ModelFailedError(detail=f"expected one of {what}, got {given}")
    return items[0]
