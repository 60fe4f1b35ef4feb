"""JSON schemas by name. Those of requests are made from the catalog and the fields that validate
knows, those of answers from their types."""

from collections.abc import Iterable, Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints, is_typeddict

from lambdas.common import answers
from lambdas.common.catalog import CATALOG, STYLE_PRESETS, Choice, Range
from lambdas.validate.plan import COUNT_LIMIT
from lambdas.validate.request import ALIASES, FIELDS, PLAN_FIELDS, TEXT_PROMPTS_LIMIT

Schema = dict[str, Any]

_MODELS = CATALOG.values()
_PROMPT_LIMIT = max(model.prompt_limit for model in _MODELS)
_SEED_LIMIT = max(model.seed_limit for model in _MODELS)

_PLAIN_TYPES = {str: "string", int: "integer", bool: "boolean", Mapping: "object"}

# Lengths and ranges for the names in `lambdas.common.answers`.
_BOUNDS = {
    "id": {"minLength": 32, "maxLength": 32},
    "seed": {"minimum": 1, "maximum": _SEED_LIMIT},
    "sha256": {"minLength": 64, "maxLength": 64},
}


def reference(name: str) -> Schema:
    """Returns the schema that refers to the one of this name."""
    return {"$ref": f"#/components/schemas/{name}"}


def answer_schemas() -> dict[str, Schema]:
    """Returns the schemas of all types of answers, which may get more fields some day."""
    types = {name: each for name, each in vars(answers).items() if is_typeddict(each)}
    schemas = {}
    for name, each in types.items():
        hints = get_type_hints(each, include_extras=True)
        fields = {field: schema_of(hint) for field, hint in hints.items()}
        schemas[name] = {"type": "object", "properties": fields, "required": list(fields)}
    return schemas


def schema_of(hint: Any) -> Schema:
    """Returns a type hint's schema. Raises TypeError for a kind of hint that no answer uses."""
    if is_typeddict(hint):
        return reference(hint.__name__)
    kind, arguments = get_origin(hint) or hint, get_args(hint)
    if kind in _PLAIN_TYPES:
        return {"type": _PLAIN_TYPES[kind]}
    if kind is Annotated:
        return schema_of(arguments[0]) | _BOUNDS[arguments[1]]
    if kind is Literal:
        return {"type": "string", "enum": list(arguments)}
    if kind is list:
        return {"type": "array", "items": schema_of(arguments[0])}
    if arguments[1:] == (NoneType,):
        return schema_of(arguments[0]) | {"nullable": True}
    if kind is UnionType:
        return {"oneOf": [schema_of(each) for each in arguments]}
    raise TypeError(f"no schema is known for {hint}")


def request_schemas(models: Iterable[str]) -> dict[str, Schema]:
    """Returns the schemas of requests, which may have no other fields. `models` are those that may
    be asked for."""
    text_prompt: dict[str, Schema] = {
        "text": {"type": "string", "minLength": 1},
        "weight": {"type": "number"},
    }
    rerun = {"model": schema_of(str | None), "recipe_in_picture": schema_of(bool | None)}
    return {
        "DrawRequest": _object(_fields_of_draw(models)),
        "TextPrompt": _object(text_prompt, required=["text"]),
        "RerunRequest": _object(rerun),
    }


def _fields_of_draw(models: Iterable[str]) -> dict[str, Schema]:
    """Returns what any model takes. A model that takes less says so in its error."""
    side = {"type": "integer", "minimum": 1}
    known: dict[str, Schema] = {
        "prompt": {"type": "string", "minLength": 1, "maxLength": _PROMPT_LIMIT},
        "negative_prompt": {"type": "string", "maxLength": _PROMPT_LIMIT},
        "text_prompts": {
            "type": "array",
            "minItems": 1,
            "maxItems": TEXT_PROMPTS_LIMIT,
            "items": reference("TextPrompt"),
        },
        "seed": {"type": "integer", "minimum": 0, "maximum": _SEED_LIMIT},
        "model": {"type": "string", "enum": list(models)},
        "aspect_ratio": _one_of(ratio for model in _MODELS for ratio in model.aspect_ratios),
        "width": side,
        "height": side,
        "style_preset": _one_of((*STYLE_PRESETS, *_widest("style_preset")["enum"])),
        "output_format": _one_of(each for model in _MODELS for each in model.output_formats),
        "samples": {"type": "integer", "minimum": 1, "maximum": 1},
        "extras": {"type": "object"},
        "count": {"type": "integer", "minimum": 1, "maximum": COUNT_LIMIT},
        "recipe": {"type": "object"},
        "recipe_in_picture": {"type": "boolean"},
    }
    fields = {name: known.get(name) or _widest(name) for name in (*FIELDS, *PLAN_FIELDS)}
    fields |= {alias: fields[name] for alias, name in ALIASES.items()}
    return {
        name: schema if "enum" in schema else {**schema, "nullable": True}
        for name, schema in fields.items()
    }


def _widest(name: str) -> Schema:
    """Returns the schema of a parameter's values that any model takes."""
    parameters = [model.parameters[name] for model in _MODELS if name in model.parameters]
    ranges = [each for each in parameters if isinstance(each, Range)]
    if ranges:
        return {
            "type": "integer" if ranges[0].whole else "number",
            "minimum": min(each.minimum for each in ranges),
            "maximum": max(each.maximum for each in ranges),
        }
    choices = [each for each in parameters if isinstance(each, Choice)]
    return _one_of(word for choice in choices for word in choice.words)


def _one_of(words: Iterable[str]) -> Schema:
    return {"type": "string", "enum": sorted(set(words))}


def _object(fields: Mapping[str, Schema], **keywords: Any) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": fields,
        **keywords,
    }
