"""What every model family gives back, and the refusals they share."""

from dataclasses import dataclass
from typing import Any

from lambdas.common.errors import ModelFailedError, PictureBlockedError, PromptBlockedError


@dataclass(frozen=True)
class Drawn:
    """A picture in Base64, still unchecked. `seed` is the model's word, None where it has none."""

    encoded: str
    seed: int | None
    finish_reason: str


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
    """The one item of a list of one. ModelFailedError for anything else."""
    if not isinstance(items, list) or len(items) != 1:
        given = len(items) if isinstance(items, list) else type(items).__name__
        raise ModelFailedError(detail=f"expected one of {what}, got {given}")
    return items[0]
