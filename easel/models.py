"""`easel models`, and what a shell completes: the catalog as the command line tells it."""

import json
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from easel import display
from easel.run import Run, common_options

if TYPE_CHECKING:
    from lambdas.common.catalog import Model


@click.command()
@common_options
@click.pass_obj
def models(run: Run) -> None:
    """The models that Easel knows: status, price, sizes, styles, regions."""
    rows = _rows()
    if run.json:
        click.echo(json.dumps({"models": rows}))
        return
    display.say_table(
        ("id", "status", "price", "sizes", "styles", "regions"),
        [
            (
                row["id"],
                row["status"],
                f"${row['list_price_usd']:g}",
                _sizes(row),
                f"{len(row['styles'])}{'' if row['own_styles'] else ', as prompt text'}",
                ", ".join(row["regions"]) or "-",
            )
            for row in rows
        ],
    )


def complete_models(
    context: click.Context, parameter: click.Parameter, typed: str
) -> list[CompletionItem]:
    from lambdas.common.catalog import CATALOG

    return [
        CompletionItem(model.id, help="retired" if model.retired else f"${model.list_price_usd:g}")
        for model in CATALOG.values()
        if model.id.startswith(typed)
    ]


def complete_styles(
    context: click.Context, parameter: click.Parameter, typed: str
) -> list[CompletionItem]:
    return _completed("styles", typed)


def complete_aspects(
    context: click.Context, parameter: click.Parameter, typed: str
) -> list[CompletionItem]:
    return _completed("aspect_ratios", typed)


def _completed(field: str, typed: str) -> list[CompletionItem]:
    words = {word for row in _rows() for word in row[field]}
    return [CompletionItem(word) for word in sorted(words) if word.startswith(typed)]


def _rows() -> list[dict[str, Any]]:
    from lambdas.common.catalog import CATALOG

    return [_row(model) for model in CATALOG.values()]


def _row(model: "Model") -> dict[str, Any]:
    """Returns what the catalog says of a model. Styles of the others are applied as prompt text."""
    from lambdas.common.catalog import STYLE_PRESETS, Choice, ListedSizes

    own = model.parameters.get("style_preset")
    words = own.words if isinstance(own, Choice) else ()
    status, successor = "active", None
    if model.retired:
        status, successor = f"retired {model.retired.date}", model.retired.successor
    elif model.legacy:
        status, successor = f"legacy until {model.legacy.until}", model.legacy.successor
    sizes: object = None if model.sizes is None else str(model.sizes)
    if isinstance(model.sizes, ListedSizes):
        sizes = [f"{width}x{height}" for width, height in model.sizes.sizes]
    return {
        "id": model.id,
        "family": model.family.replace("_", "-"),
        "status": status,
        "successor": successor,
        "list_price_usd": model.list_price_usd,
        "sizes": sizes,
        "aspect_ratios": list(model.aspect_ratios),
        "output_formats": list(model.output_formats),
        "styles": sorted({*words, *STYLE_PRESETS}),
        "own_styles": list(words),
        "regions": list(model.regions),
    }


def _sizes(row: dict[str, Any]) -> str:
    """Returns the ratios, or how many sizes there are; --json has them all."""
    match row["sizes"]:
        case None:
            return " ".join(row["aspect_ratios"])
        case [*sizes]:
            return f"{len(sizes)}, such as {sizes[0]}"
        case limits:
            return str(limits)
