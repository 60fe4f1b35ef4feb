"""Turns a caller's request into a recipe. Every field is checked, none is silently ignored."""

import difflib
import json
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from lambdas.common.catalog import (
    CATALOG,
    STYLE_PRESETS,
    FreeForm,
    Model,
    Range,
    Size,
    offered_models,
)
from lambdas.common.environment import ValidateEnvironment
from lambdas.common.errors import InvalidRequestError, ModelNotFoundError, ModelRetiredError
from lambdas.common.recipe import Recipe

# Field names of older services, and what they are called here.
ALIASES = {"message": "prompt", "stylePreset": "style_preset"}

_OWN_FIELDS = (
    "prompt", "negative_prompt", "text_prompts", "seed", "model", "aspect_ratio", "width",
    "height", "style_preset", "output_format", "samples",
)  # fmt: skip
# The fields of every request, and the inference parameters of the catalog's models.
FIELDS = tuple(
    dict.fromkeys((*_OWN_FIELDS, *(name for each in CATALOG.values() for name in each.parameters)))
)

# Fields that do not affect how one picture looks; the module `plan` reads them.
PLAN_FIELDS = ("count", "recipe", "recipe_in_picture")

EXTRAS_LIMIT = 4_096
TEXT_PROMPTS_LIMIT = 10
_LONGEST_SIDE = 10_000
_WEIGHTS = Range(-100, 100, default=1)
_SHOWN_LIMIT = 60
_NAMED_LIMIT = 10
_KINDS = {
    type(None): "null", bool: "a Boolean", int: "a number", float: "a number", str: "text",
    list: "a list",
}  # fmt: skip


def resolve(
    body: Any, *, environment: ValidateEnvironment, draw_seed: Callable[[int], int]
) -> Recipe:
    """Returns the recipe that a request asks for.

    `body` is the JSON value that the caller sent. `draw_seed(limit)` returns a seed from 1 to
    `limit`, for callers who sent none or 0. A null field counts as not sent. Raises
    InvalidRequestError, ModelNotFoundError or ModelRetiredError.
    """
    fields = _known_fields(body)
    model = _model(fields.pop("model", None), environment)
    parameters: dict[str, Any] = {}

    prompt, negative_prompt = _prompts(fields, model, parameters)
    prompt = _styled(prompt, fields.pop("style_preset", None), model, parameters)
    _shape(fields, model, parameters)
    _output_format(fields.pop("output_format", None), model, parameters)
    seed = _seed(fields.pop("seed", None), model) or draw_seed(model.seed_limit)
    _samples(fields.pop("samples", None), model)
    _inference_parameters(fields, model, parameters)
    return Recipe(
        model=model.id,
        prompt=prompt,
        negative_prompt=negative_prompt,
        seed=seed,
        parameters=parameters,
    )


def must_be(
    name: str, allowed: object, got: str, *, of: Model | None = None
) -> InvalidRequestError:
    """Returns the error for a field: what it must be, for which model, and what was sent."""
    whose = name if of is None else f"{name} of {of.id}"
    return InvalidRequestError(f"{whose} must be {allowed}; got {got}.", param=name)


def object_of(body: Any) -> dict[str, Any]:
    """Returns a request's body. Raises InvalidRequestError unless it is a JSON object."""
    if not isinstance(body, dict):
        raise InvalidRequestError(
            f"The request body must be a JSON object; got {kind(body)}.", param="body"
        )
    return body


def _known_fields(body: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for sent, value in object_of(body).items():
        name = ALIASES.get(sent, sent)
        if name not in FIELDS:
            raise InvalidRequestError(
                f"Unknown field {shown(sent)}.{_suggestion(sent)} Known fields: "
                f"{', '.join((*FIELDS, *PLAN_FIELDS))}; also {' and '.join(ALIASES)}.",
                param=sent,
                code="unknown_parameter",
            )
        if value is None:
            continue
        if name in fields:
            alias = next(alias for alias, target in ALIASES.items() if target == name)
            raise InvalidRequestError(
                f"{alias} and {name} are two names of one field: send one of them.", param=alias
            )
        fields[name] = value
    return fields


def _model(model_id: Any, environment: ValidateEnvironment) -> Model:
    if model_id is None:
        model_id = environment.default_model
    if not isinstance(model_id, str):
        raise must_be("model", "a model id", kind(model_id))
    offered = offered_models(
        environment.bedrock_region,
        allow_retired=environment.allow_retired_models,
        allowed=environment.allowed_models,
    )
    model = CATALOG.get(model_id)
    if model is None:
        raise ModelNotFoundError(
            f"There is no model {shown(model_id)}. Models: {', '.join(offered)}.",
            param="model",
        )
    if model.retired and not environment.allow_retired_models:
        raise ModelRetiredError(f"{model.id} {model.retired}", param="model")
    if environment.allowed_models and model.id not in environment.allowed_models:
        raise ModelNotFoundError(
            f"{model.id} is not allowed here. Models: {', '.join(offered)}.", param="model"
        )
    if model.id not in offered:
        raise ModelNotFoundError(
            f"{model.id} is not offered in {environment.bedrock_region}, only in "
            f"{', '.join(model.regions)}.",
            param="model",
        )
    return model


def _prompts(fields: dict[str, Any], model: Model, parameters: dict[str, Any]) -> tuple[str, str]:
    """Returns prompt and negative prompt. Adds text_prompts to `parameters` if they say more."""
    text_prompts = fields.pop("text_prompts", None)
    if text_prompts is None:
        if "prompt" not in fields:
            raise InvalidRequestError(
                "prompt is missing: say what to draw.", param="prompt", code="missing_parameter"
            )
        empty = "prompt is empty: say what to draw."
        prompt = _prompt(fields.pop("prompt"), "prompt", model, if_empty=empty)
        return prompt, _prompt(fields.pop("negative_prompt", ""), "negative_prompt", model)
    if not model.weighted_prompts:
        raise _unsupported("text_prompts", model, "Send prompt and negative_prompt.")
    for name in ("prompt", "negative_prompt"):
        if name in fields:
            raise InvalidRequestError(
                f"text_prompts already holds the prompts: leave {name} out.", param=name
            )
    weighted = _weighted_prompts(text_prompts, model)
    positive = [item["text"] for item in weighted if item["weight"] > 0]
    negative = [item["text"] for item in weighted if item["weight"] < 0]
    plain = [{"text": text, "weight": 1} for text in positive[:1]] + [
        {"text": text, "weight": -1} for text in negative[:1]
    ]
    if weighted != plain:
        parameters["text_prompts"] = weighted
    return "\n".join(positive), "\n".join(negative)


def _weighted_prompts(text_prompts: Any, model: Model) -> list[dict[str, Any]]:
    if not isinstance(text_prompts, list) or not 1 <= len(text_prompts) <= TEXT_PROMPTS_LIMIT:
        given = f"{len(text_prompts)}" if isinstance(text_prompts, list) else kind(text_prompts)
        allowed = f'a list of 1 to {TEXT_PROMPTS_LIMIT} objects {{"text", "weight"}}'
        raise must_be("text_prompts", allowed, given)
    weighted = []
    for index, item in enumerate(text_prompts):
        where = f"text_prompts[{index}]"
        if not isinstance(item, dict) or not {"text"} <= item.keys() <= {"text", "weight"}:
            fields = f" with {named(item)}" if isinstance(item, dict) else ""
            allowed = 'an object with "text" and, if wanted, "weight"'
            raise must_be(where, allowed, f"{kind(item)}{fields}")
        empty = f"{where}.text is empty."
        text = _prompt(item["text"], f"{where}.text", model, if_empty=empty)
        weight = item.get("weight", 1)
        if not _WEIGHTS.accepts(weight) or weight == 0:
            raise must_be(f"{where}.weight", f"{_WEIGHTS}, but not 0", shown(weight))
        weighted.append({"text": text, "weight": _plain_number(weight)})
    if all(item["weight"] < 0 for item in weighted):
        raise InvalidRequestError(
            "text_prompts needs at least one text with a weight above 0.", param="text_prompts"
        )
    return weighted


def _styled(prompt: str, preset: Any, model: Model, parameters: dict[str, Any]) -> str:
    """Returns the prompt. Adds the style to it if the model has no parameter for that style."""
    if preset is None:
        return prompt
    own = model.parameters.get("style_preset")
    if own is not None and own.accepts(preset):
        parameters["style_preset"] = preset
        return prompt
    if isinstance(preset, str) and preset in STYLE_PRESETS:
        styled = f"{prompt}, {preset.replace('-', ' ')} style"
        if len(styled) > model.prompt_limit:
            raise InvalidRequestError(
                f"prompt of {model.id} may have {model.prompt_limit} characters at most, the "
                f"{len(styled) - len(prompt)} that style_preset adds included; got {len(prompt)}.",
                param="prompt",
            )
        return styled
    allowed = list(dict.fromkeys([*getattr(own, "words", ()), *STYLE_PRESETS]))
    raise must_be("style_preset", f"one of {', '.join(allowed)}", shown(preset))


def _shape(fields: dict[str, Any], model: Model, parameters: dict[str, Any]) -> None:
    """Adds aspect ratio, or width and height, to `parameters`, whichever the model takes."""
    ratio = fields.pop("aspect_ratio", None)
    sides: dict[str, Any] = {
        name: fields.pop(name) for name in ("width", "height") if name in fields
    }
    if sides and ratio is not None:
        raise InvalidRequestError(
            "aspect_ratio and width with height exclude each other: send one of them.",
            param="aspect_ratio",
        )
    if sides:
        parameters["width"], parameters["height"] = _size(sides, model)
        return
    ratio = "1:1" if ratio is None else ratio
    if not isinstance(ratio, str) or ratio not in model.aspect_ratios:
        allowed = f"one of {', '.join(model.aspect_ratios)} for {model.id}"
        raise must_be("aspect_ratio", allowed, shown(ratio))
    size = model.aspect_ratios[ratio]
    if size is None:
        parameters["aspect_ratio"] = ratio
    else:
        parameters["width"], parameters["height"] = size


def _size(sides: Mapping[str, Any], model: Model) -> Size:
    if model.sizes is None:
        name = next(iter(sides))
        raise _unsupported(
            name, model, f"Send aspect_ratio: one of {', '.join(model.aspect_ratios)}."
        )
    for name, other in (("width", "height"), ("height", "width")):
        if name not in sides:
            raise InvalidRequestError(
                f"{other} without {name}: send both.", param=name, code="missing_parameter"
            )
        if not Range(1, _LONGEST_SIDE, default=1, whole=True).accepts(sides[name]):
            allowed = f"a whole number of pixels up to {_LONGEST_SIDE}"
            raise must_be(name, allowed, shown(sides[name]))
    size = (int(sides["width"]), int(sides["height"]))
    if not model.sizes.accepts(size):
        raise InvalidRequestError(
            f"width and height of {model.id} must be {model.sizes}; got {size[0]}x{size[1]}.",
            param="width",
        )
    return size


def _output_format(output_format: Any, model: Model, parameters: dict[str, Any]) -> None:
    if output_format is None:
        output_format = model.output_formats[0]
    if not isinstance(output_format, str) or output_format not in model.output_formats:
        allowed = f"one of {', '.join(model.output_formats)}"
        raise must_be("output_format", allowed, shown(output_format), of=model)
    parameters["output_format"] = output_format


def _seed(seed: Any, model: Model) -> int:
    if seed is None:
        return 0
    if not Range(0, model.seed_limit, default=0, whole=True).accepts(seed):
        allowed = f"a whole number from 0 to {model.seed_limit} (0 draws one)"
        raise must_be("seed", allowed, shown(seed), of=model)
    return int(seed)


def _samples(samples: Any, model: Model) -> None:
    if samples is None:
        return
    if not model.weighted_prompts:
        raise _unsupported("samples", model, "Every request draws one picture.")
    if isinstance(samples, bool) or samples != 1:
        raise must_be("samples", "1, one picture for each request", shown(samples))


def _inference_parameters(
    fields: Mapping[str, Any], model: Model, parameters: dict[str, Any]
) -> None:
    """Adds the fields that are left to `parameters`, and defaults for those that were not sent."""
    for name, value in fields.items():
        parameter = model.parameters.get(name)
        if parameter is None:
            taken = ", ".join(model.parameters)
            advice = f"It takes {taken}." if taken else "Leave it out or choose another model."
            raise _unsupported(name, model, advice)
        if not parameter.accepts(value):
            raise must_be(name, parameter, shown(value), of=model)
        if isinstance(parameter, FreeForm):
            _check_size(name, value)
        parameters[name] = _plain_number(value)
    for name, parameter in model.parameters.items():
        if parameter.default is not None:
            parameters.setdefault(name, parameter.default)


def _check_size(name: str, value: Any) -> None:
    _text(json.dumps(value, ensure_ascii=False), name)
    size = len(json.dumps(value))
    if size > EXTRAS_LIMIT:
        raise InvalidRequestError(
            f"{name} may be {EXTRAS_LIMIT} characters of JSON at most; got {size}.", param=name
        )


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise must_be(name, "text", kind(value))
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidRequestError(
            f"{name} holds half of a surrogate pair, which is no character.", param=name
        ) from None
    return value


def _prompt(value: Any, name: str, model: Model, *, if_empty: str = "") -> str:
    _text(value, name)
    if if_empty and not value.strip():
        raise InvalidRequestError(if_empty, param=name)
    if len(value) > model.prompt_limit:
        raise InvalidRequestError(
            f"{name} of {model.id} may have {model.prompt_limit} characters at most; "
            f"got {len(value)}.",
            param=name,
        )
    return str(value)


def _unsupported(name: str, model: Model, advice: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"{model.id} takes no {name}. {advice}", param=name, code="unsupported_parameter"
    )


def _plain_number(value: Any) -> Any:
    """Returns 7 for 7.0, so that equal requests have equal recipes."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def kind(value: Any) -> str:
    """Returns a value's type in words, for messages that must not quote the value itself."""
    return _KINDS.get(type(value), "an object")


def shown(value: Any) -> str:
    """Returns a value as JSON, or its beginning if that is long, for messages."""
    text = json.dumps(value)
    return text if len(text) <= _SHOWN_LIMIT else text[:_SHOWN_LIMIT] + "... (cut)"


def named(fields: Mapping[str, Any]) -> str:
    """Returns the names of an object's fields, or the first few if there are many."""
    names = ", ".join(map(shown, islice(fields, _NAMED_LIMIT)))
    return names if len(fields) <= _NAMED_LIMIT else f"{names} and others"


def _suggestion(sent: str) -> str:
    close = difflib.get_close_matches(sent, [*FIELDS, *PLAN_FIELDS, *ALIASES], n=1)
    return f" Did you mean {close[0]}?" if close else ""
