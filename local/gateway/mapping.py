"""Renders mapping templates as API Gateway does: VTL with as much of $input, $util and $context as
the templates here use.

Source: "Mapping template and access logging variable reference" of the API Gateway guide.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import airspeed
from jsonpath_ng.parser import parse


class MappingError(Exception):
    """A template that cannot be rendered for this input; API Gateway answers 500."""


class _Variable:
    """Fails for what API Gateway may know and this module does not, which VTL would print as it
    stands."""

    def __getattr__(self, name: str) -> Any:
        raise MappingError(f"${type(self).__name__.lower()}.{name} is not known here")


class Input(_Variable):
    """`$input`: the payload and the parameters of a request, or the payload of a response.

    MappingError where the payload is not JSON.
    """

    def __init__(self, body: str, parameters: Mapping[str, Mapping[str, str]]) -> None:
        self.body = body
        self._parameters = parameters
        try:
            self._parsed = json.loads(body) if body.strip() else {}
        except ValueError as error:
            raise MappingError("the payload is not JSON") from error

    def json(self, path: str) -> str:
        """Returns the value at a JSONPath, as JSON without spaces."""
        return json.dumps(self.path(path), ensure_ascii=False, separators=(",", ":"))

    def path(self, path: str) -> Any:
        """Returns the value at a JSONPath as an object, None where there is none."""
        found = _json_path(path).find(self._parsed)
        return found[0].value if found else None

    def params(self, name: str | None = None) -> Any:
        """Returns all parameters by kind; or one, looked for in path, query string and headers."""
        if name is None:
            return self._parameters
        for kind in ("path", "querystring", "header"):
            if name in self._parameters[kind]:
                return self._parameters[kind][name]
        return ""


class Util(_Variable):
    """`$util`."""

    def escapeJavaScript(self, text: Any) -> str:  # noqa: N802 - API Gateway's name
        """Escapes quotes, slashes, controls and all but ASCII, as Apache Commons Lang 2 does."""
        return _ESCAPED.sub(_escapes, str(text))

    def parseJson(self, text: str) -> Any:  # noqa: N802
        return json.loads(text)


class Context(dict[str, Any]):
    """`$context`, or a part of it."""

    def __missing__(self, name: str) -> Any:
        raise MappingError(f"$context.{name} is not known here")


class Overrides(dict[str, Any]):
    """What a template overrides: each parameter once, else API Gateway answers 500."""

    def __setitem__(self, name: str, value: Any) -> None:
        if name in self:
            raise MappingError(f"{name} is overridden twice")
        super().__setitem__(name, value)


def render(template: str, *, input: Input, context: dict[str, Any]) -> str:
    """Returns the rendered text, and changes `context` where the template does. Raises
    MappingError."""
    try:
        text = _template(template).merge({"input": input, "util": Util(), "context": context})
    except (airspeed.TemplateError, ValueError, TypeError, AttributeError, LookupError) as error:
        raise MappingError(f"{type(error).__name__}: {error}") from error
    return str(text)


@cache
def _template(text: str) -> airspeed.Template:
    return airspeed.Template(text)


@cache
def _json_path(path: str) -> Any:
    return parse(path)


_SHORT_ESCAPES = dict(zip(b"\b\t\n\f\r\"'/\\", "btnfr\"'/\\", strict=True))
_ESCAPED = re.compile(r"[\x00-\x1f\"'/\\\x80-\U0010ffff]+")


def _escapes(found: re.Match[str]) -> str:
    # Java's characters: those beyond 16 bits are two.
    units = memoryview(found[0].encode("utf-16-le", "surrogatepass")).cast("H")
    return "".join(f"\\{_SHORT_ESCAPES.get(unit) or f'u{unit:04X}'}" for unit in units)
