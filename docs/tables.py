"""The tables of the documents: settings, alarms, models and what they take, errors, faults."""

import ast
import inspect
from collections.abc import Iterator
from dataclasses import MISSING, astuple, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from cdk.gateway_responses import GATEWAY_ANSWERS
from cdk.settings import Settings, Tags
from docs.markdown import table
from lambdas.common.catalog import CATALOG, Model
from lambdas.common.errors import CLASSES, EaselError
from tests.cdk.combinations import STACK_NAME, properties
from tests.stack.test_faults import CASES

_KINDS = {str: "text", bool: "`true`, `false`", tuple: "a list", Tags: "a JSON object"}


def settings() -> str:
    """Returns the settings with the comments that stand above them in cdk/settings.py."""
    kinds, meanings = get_type_hints(Settings), _comments(Settings)
    return table(
        ("Setting", "Values", "Default", "Meaning"),
        (
            (
                f"`{each.name}`",
                _values(kinds[each.name], each.metadata.get("range")),
                _default(each.default),
                meanings[each.name],
            )
            for each in fields(Settings)
        ),
    )


def alarms() -> str:
    """Returns the alarms of a deployment and their descriptions."""
    name = f"{STACK_NAME}-"
    return table(
        ("Alarm", "What it says"),
        (
            (f"`{alarm['AlarmName'].removeprefix(name)}`", alarm["AlarmDescription"])
            for alarm in properties(Settings(), "AWS::CloudWatch::Alarm")
        ),
    )


def models() -> str:
    return table(
        ("Model", "List price of a picture", "Regions"),
        (
            (f"`{model.id}`", f"${model.list_price_usd:g}", _regions(model))
            for model in CATALOG.values()
        ),
    )


def model_fields() -> str:
    """Returns what each model takes in the fields that depend on it, equal values in one row."""
    takers: dict[tuple[str, str, str], list[str]] = {}
    for model in CATALOG.values():
        for row in _fields_of(model):
            takers.setdefault(row, []).append(_name(model))
    order = list(dict.fromkeys(field for field, _, _ in takers))
    return table(
        ("Field", "Models", "Values", "Default"),
        (
            (f"`{field}`", ", ".join(names), values, default)
            for (field, values, default), names in sorted(
                takers.items(), key=lambda item: order.index(item[0][0])
            )
        ),
    )


def _fields_of(model: Model) -> Iterator[tuple[str, str, str]]:
    """Yields field, values and default."""
    ratios, formats = model.aspect_ratios, model.output_formats
    yield "prompt`, `negative_prompt", f"up to {model.prompt_limit} characters", "-"
    yield "seed", f"up to {model.seed_limit}", "drawn"
    yield "aspect_ratio", ", ".join(ratios), "1:1"
    if model.sizes:
        yield "width`, `height", str(model.sizes), "-"
    yield "output_format", ", ".join(formats), formats[0]
    for name, parameter in model.parameters.items():
        default = parameter.default
        yield name, str(parameter), "the model's own" if default is None else str(default)


def errors() -> str:
    """Returns the workflow's answers to failures. The error classes' docstrings say when."""
    return table(
        ("Status", "`code`", "`type`", "When", "Send it again?"),
        (
            (each.status, f"`{each.code}`", f"`{each.type}`", _one_line(each), _again(each))
            for each in sorted(CLASSES.values(), key=lambda each: each.status)
        ),
    )


def gateway_errors() -> str:
    """Returns the answers that API Gateway gives by itself."""
    return table(
        ("Status", "`code`", "`type`", "Message", "Send it again?"),
        (
            (
                each.status or f"other {'5XX' if each.type == 'server_error' else '4XX'}",
                f"`{each.code}`",
                f"`{each.type}`",
                each.message,
                f"after {each.retry_after_seconds} s" if each.retry_after_seconds else "no",
            )
            for each in sorted(GATEWAY_ANSWERS, key=lambda each: each.status or 600)
        ),
    )


def faults() -> str:
    return table(
        ("Fault", "Status", "`code`", "Retry", "Model calls", "Stores begun",
         "Same request, all healthy", "Paid in all"),
        ((case.name, *astuple(case.expected)) for case in CASES),
    )  # fmt: skip


def _comments(of: type) -> dict[str, str]:
    """Returns the comment above each field of a class. Raises ValueError for one without."""
    source = inspect.getsource(of)
    lines = [line.strip() for line in source.splitlines()]
    found = {}
    for node in ast.parse(source).body[0].body:  # type: ignore[attr-defined]
        if not isinstance(node, ast.AnnAssign):
            continue
        name, first = ast.unparse(node.target), node.lineno - 1
        while lines[first - 1].startswith("# "):
            first -= 1
        found[name] = " ".join(line[2:] for line in lines[first : node.lineno - 1])
        if not found[name]:
            raise ValueError(f"{of.__name__}.{name} has no comment above it")
    return found


def _values(kind: Any, limits: tuple[int, int] | None) -> str:
    if limits:
        return f"{limits[0]} to {limits[1]}"
    if get_origin(kind) is Literal:
        return ", ".join(f"`{each}`" for each in get_args(kind))
    return _KINDS.get(kind) or _KINDS[get_origin(kind) or kind]


def _default(value: object) -> str:
    if value is MISSING or value in ("", ()):
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _name(model: Model) -> str:
    """Returns a model's id without its vendor and version."""
    return model.id.partition(".")[2].partition(":")[0]


def _regions(model: Model) -> str:
    if model.retired:
        return f"retired {model.retired.date}: use `{model.retired.successor}`"
    regions = ", ".join(model.regions)
    return f"{regions}, until {model.legacy.until}" if model.legacy else regions


def _one_line(error: type[EaselError]) -> str:
    """Returns the docstring of an error class. Raises ValueError for one without."""
    if not error.__doc__:
        raise ValueError(f"{error.__name__} has no docstring")
    return " ".join(error.__doc__.split())


def _again(error: type[EaselError]) -> str:
    """Returns whether a retry can help, and whether the message names a seed for it."""
    wait = error.retry_after_seconds
    if wait is None:
        return "later, with its seed" if error.recoverable else "no"
    return f"after {wait} s" + (", with its seed" if error.recoverable else "")
