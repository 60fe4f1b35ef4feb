"""What a request for pictures asks for: the options that `draw` and `batch` share."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import click

from easel.models import complete_aspects, complete_models, complete_styles

_COUNT_LIMIT = 4
_LARGEST_SEED = 4_294_967_295
# Every model takes a seed up to here, and those that follow it.
_SEED_LIMIT = 2_147_483_646 - _COUNT_LIMIT + 1

# The options have the names of the request's fields.
_OPTIONS = (
    click.option("--seed", type=click.IntRange(0, _LARGEST_SEED), help="0 or none draws one."),
    click.option(
        "--model", shell_complete=complete_models, help="A model id; easel models lists them."
    ),
    click.option(
        "--style",
        "style_preset",
        shell_complete=complete_styles,
        help="A style preset, such as origami; easel styles lists them.",
    ),
    click.option(
        "--aspect",
        "aspect_ratio",
        metavar="W:H",
        shell_complete=complete_aspects,
        help="Such as 16:9.",
    ),
    click.option("--width", type=click.IntRange(min=1), help="Pixels, with --height."),
    click.option("--height", type=click.IntRange(min=1), help="Pixels, with --width."),
    click.option("--negative", "negative_prompt", metavar="TEXT", help="What not to draw."),
    click.option("--steps", type=int, help="Of models that take them: easel models ID."),
    click.option("--cfg-scale", type=float, help="How closely to follow the prompt."),
    click.option("--quality", help="Such as premium."),
    click.option("--count", type=click.IntRange(1, _COUNT_LIMIT), help="Pictures, 1 to 4."),
    click.option(
        "--format",
        "output_format",
        type=click.Choice(("png", "jpeg")),
        help="The kind of file, if no name says it.",
    ),
    click.option(
        "--no-recipe",
        "recipe_in_picture",
        flag_value=False,
        default=None,
        help="Keep recipe and prompt out of the file.",
    ),
)


def request_options(command: click.decorators.FC) -> click.decorators.FC:
    """Gives a command the options that become fields of its requests."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def request_of(fields: Mapping[str, Any], *, seed: Callable[[int], int | None]) -> dict[str, Any]:
    """Returns a request's body. `seed(limit)` gives the seed where there is none.

    A seed that is known before the request is sent finds the picture again whatever becomes of the
    answer. Raises UnicodeEncodeError for what no request can hold.
    """
    request = {name: value for name, value in fields.items() if value is not None}
    if request.get("count") == 1:
        del request["count"]
    if "recipe" not in request:
        request["seed"] = request.get("seed") or seed(_SEED_LIMIT)
    request = {name: value for name, value in request.items() if value is not None}
    # Here, where nothing is sent yet.
    json.dumps(request, ensure_ascii=False).encode()
    return request
