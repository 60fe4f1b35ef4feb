"""`easel models`, and what a shell completes: the catalog as the command line tells it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click
from click.shell_completion import CompletionItem

from easel import display
from easel.api import Api
from easel.exits import CommandError
from easel.run import Run, common_options


@click.command()
@click.argument("id", required=False, shell_complete=lambda *typed: complete_models(*typed))
@common_options
@click.pass_obj
def models(run: Run, id: str | None) -> None:
    """The models that may be asked for: status, price, sizes, styles, regions.

    With ID, all that this one takes. Where the API does not say which it offers, all that Easel
    knows are listed.
    """
    offered = _offered(run)
    rows = [row for row in _rows() if row["id"] in offered]
    if id is not None:
        rows = [row for row in rows if row["id"] == id]
        if not rows:
            raise click.UsageError(f"{id} is not offered here. easel models lists what is.")
    if run.json:
        run.say_json(json.dumps({"models": rows}))
        return
    if id is not None:
        display.say_fields(_fields(rows[0]))
        return
    display.say_rows(
        ("id", "status", "price", "sizes", "styles", "regions"),
        [
            (
                row["id"],
                row["status"],
                f"${row['list_price_usd']:g}",
                _sizes(row),
                f"{len(row['styles'])}{'' if row['own_styles'] else ', as prompt text'}",
                ", ".join(row["regions"]),
            )
            for row in rows
        ],
    )


def _offered(run: Run) -> Sequence[str]:
    """Returns the ids of the models that the API's own description has."""
    from lambdas.common.catalog import CATALOG

    try:
        document = run.call("Asking", Api.described).body
        sent = document["paths"]["/images"]["post"]["requestBody"]["content"]["application/json"]
        fields = _schema(document, sent["schema"])["properties"]
        return list(_schema(document, fields["model"])["enum"])
    except CommandError as error:
        display.note(f"These are all that Easel knows: {error.message}")
    except (KeyError, TypeError):
        display.note("These are all that Easel knows: the API does not say which it offers.")
    return list(CATALOG)


def _schema(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns a schema, also if it stands among the document's components."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


@click.command()
@common_options
@click.pass_obj
def styles(run: Run) -> None:
    """The style presets, and which models have a parameter for each.

    Others get the styles of every model as words added to the prompt.
    """
    from lambdas.common.catalog import STYLE_PRESETS

    rows = _rows()
    found = [
        {
            "id": style,
            "every_model": style in STYLE_PRESETS,
            "models": [row["id"] for row in rows if style in row["own_styles"]],
        }
        for style in sorted({style for row in rows for style in row["styles"]}, key=str.lower)
    ]
    if run.json:
        run.say_json(json.dumps({"styles": found}))
        return
    display.say_rows(
        ("id", "taken by", "as a parameter by"),
        [
            (
                style["id"],
                "every model" if style["every_model"] else " ".join(style["models"]),
                " ".join(style["models"]),
            )
            for style in found
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
    from cdk.models import described
    from lambdas.common.catalog import CATALOG

    return [described(model) for model in CATALOG.values()]


def _fields(row: dict[str, Any]) -> list[tuple[str, object]]:
    """Returns all that a model takes, under the names that requests have for it."""
    parameters = {name: each for name, each in row["parameters"].items() if name != "style_preset"}
    sizes = row["sizes"]
    return [
        ("id", row["id"]),
        ("status", row["status"]),
        ("successor", row["successor"]),
        ("price", f"${row['list_price_usd']:g} by list price"),
        ("regions", " ".join(row["regions"])),
        ("prompt", f"up to {row['prompt_limit']} characters, as negative_prompt"),
        ("seed", f"up to {row['seed_limit']}"),
        ("aspect_ratio", " ".join(row["aspect_ratios"])),
        ("width, height", " ".join(sizes) if isinstance(sizes, list) else sizes),
        ("output_format", " ".join(row["output_formats"])),
        ("style_preset", " ".join(row["own_styles"])),
        (
            "as prompt text",
            " ".join(style for style in row["styles"] if style not in row["own_styles"]),
        ),
        *(
            (name, f"{each['values']}{_default(each['default'])}")
            for name, each in parameters.items()
        ),
    ]


def _default(value: object) -> str:
    return "" if value is None else f"; default {value}"


def _sizes(row: dict[str, Any]) -> str:
    """Returns the ratios, or how many sizes there are; --json has them all."""
    match row["sizes"]:
        case None:
            return " ".join(row["aspect_ratios"])
        case [*sizes]:
            return f"{len(sizes)}, such as {sizes[0]}"
        case limits:
            return str(limits)
