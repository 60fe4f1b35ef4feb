"""One adapter for each model family: recipe to request body, response body to drawn picture."""

from collections.abc import Mapping
from typing import Any, Protocol

from lambdas.common.catalog import Family
from lambdas.common.recipe import Recipe
from lambdas.generate.families import canvas, sdxl, stability_image
from lambdas.generate.families.drawn import Drawn


class Adapter(Protocol):
    def request(self, recipe: Recipe) -> dict[str, Any]:
        """The body of InvokeModel for this recipe."""

    def read(self, response: Mapping[str, Any]) -> Drawn:
        """The picture in a response; raises PromptBlockedError, PictureBlockedError or
        ModelFailedError where there is none."""


ADAPTERS: Mapping[Family, Adapter] = {
    Family.STABILITY_IMAGE: stability_image,
    Family.SDXL: sdxl,
    Family.CANVAS: canvas,
}
