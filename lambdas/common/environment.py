"""The environment variables of each function: the stack writes them, the function reads them.

A field's variable has its name in capitals.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Self, get_origin


@dataclass(frozen=True, kw_only=True)
class Environment:
    """The variables that every function has. `log_execution_data` says whether the log may hold
    prompts, and texts of services that may quote them."""

    bucket: str
    stack_name: str
    log_execution_data: bool

    @classmethod
    def read(cls) -> Self:
        """Reads the variables of this process. Raises KeyError if one is missing."""
        return cls(**{each.name: _value(each.type, each.name) for each in fields(cls)})

    @classmethod
    def variables(cls, values: Mapping[str, Any]) -> dict[str, str]:
        """Returns the environment variables for the values that this function reads."""
        names = [each.name for each in fields(cls) if each.name in values]
        return {name.upper(): _text(values[name]) for name in names}


@dataclass(frozen=True, kw_only=True)
class ValidateEnvironment(Environment):
    default_model: str
    allowed_models: tuple[str, ...]
    allow_retired_models: bool
    bedrock_region: str
    recipe_in_picture: bool
    visibility: str


@dataclass(frozen=True, kw_only=True)
class GenerateEnvironment(Environment):
    bedrock_region: str
    model_timeout_seconds: int
    function_timeout_seconds: int


@dataclass(frozen=True, kw_only=True)
class LibraryEnvironment(Environment):
    """The library function's. The state machine waits `list_seconds` for a page."""

    list_seconds: int
    visibility: str


@dataclass(frozen=True, kw_only=True)
class DeleteEnvironment(Environment):
    visibility: str


@dataclass(frozen=True, kw_only=True)
class StoreEnvironment(Environment):
    """The store function's. Guardrail id and version are empty if the guardrail is off."""

    url_expires_seconds: int
    guardrail_id: str
    guardrail_version: str
    picture_check_seconds: int
    visibility: str


ENVIRONMENTS: Mapping[str, type[Environment]] = {
    "validate": ValidateEnvironment,
    "generate": GenerateEnvironment,
    "store": StoreEnvironment,
    "library": LibraryEnvironment,
    "delete": DeleteEnvironment,
}


def at_start(connect: Callable[[], object]) -> None:
    """Calls `connect` if Lambda is starting this process: making clients takes a fifth of a second,
    which the first request need not spend. Anywhere else their first use makes them."""
    if "AWS_LAMBDA_RUNTIME_API" in os.environ:
        connect()


def _value(kind: Any, name: str) -> Any:
    text = os.environ[name.upper()]
    if get_origin(kind) is tuple:
        return tuple(text.split())
    return text == "true" if kind is bool else kind(text)


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return " ".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
