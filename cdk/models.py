"""The models of the catalog as programs read them: the OpenAPI document and the command line."""

from typing import Any

from lambdas.common.catalog import STYLE_PRESETS, Choice, ListedSizes, Model, Parameter, Range


def described(model: Model) -> dict[str, Any]:
    """Returns what a model takes and costs. Styles of the others are applied as prompt text."""
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
        "usual_seconds": model.usual_seconds,
        "sizes": sizes,
        "aspect_ratios": list(model.aspect_ratios),
        "output_formats": list(model.output_formats),
        "styles": sorted({*words, *STYLE_PRESETS}),
        "own_styles": list(words),
        "regions": list(model.regions),
        "prompt_limit": model.prompt_limit,
        "seed_limit": model.seed_limit,
        "parameters": {
            name: {"values": str(each), "default": each.default, **_schema(each)}
            for name, each in model.parameters.items()
        },
    }


def _schema(parameter: Parameter) -> dict[str, Any]:
    """Returns the keywords of JSON Schema for a parameter's values."""
    match parameter:
        case Range(minimum, maximum):
            kind = "integer" if parameter.whole else "number"
            return {"type": kind, "minimum": minimum, "maximum": maximum}
        case Choice(words):
            return {"type": "string", "enum": list(words)}
    return {"type": "object"}
