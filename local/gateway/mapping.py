"""Renders mapping templates as API Gateway does: VTL with $input, $util and $context.

Source: "Mapping template and access logging variable reference" of the API Gateway guide.
"""

import base64
import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import quote_plus, unquote_plus

import airspeed
from jsonpath_ng.parser import parse


class MappingError(Exception):
    """A template that cannot be rendered for this input; API Gateway answers 500."""


class Input:
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
        """The value at a JSONPath, as JSON without spaces."""
        return json.dumps(self.path(path), ensure_ascii=False, separators=(",", ":"))

    def path(self, path: str) -> Any:
        """The value at a JSONPath as an object, None where there is none."""
        found = _json_path(path).find(self._parsed)
        return found[0].value if found else None

    def params(self, name: str | None = None) -> Any:
        """All parameters by kind; or one, looked for in path, query string and headers."""
        if name is None:
            return self._parameters
        for kind in ("path", "querystring", "header"):
            if name in self._parameters[kind]:
                return self._parameters[kind][name]
        return ""


class Util:
    """`$util`."""

    def escapeJavaScript(self, text: Any) -> str:  # noqa: N802 - API Gateway's name
        """As Apache Commons Lang 2 escapes: quotes, slashes, controls, and all but ASCII."""
        return _ESCAPED.sub(_escapes, str(text))

    def parseJson(self, text: str) -> Any:  # noqa: N802
        return json.loads(text)

    def urlEncode(self, text: str) -> str:  # noqa: N802
        return quote_plus(text)

    def urlDecode(self, text: str) -> str:  # noqa: N802
        return unquote_plus(text)

    def base64Encode(self, text: str) -> str:  # noqa: N802
        return base64.b64encode(text.encode()).decode()

    def base64Decode(self, text: str) -> str:  # noqa: N802
        return base64.b64decode(text).decode()


class Overrides(dict[str, Any]):
    """What a template overrides: each parameter once, or API Gateway answers 500."""

    def __setitem__(self, name: str, value: Any) -> None:
        if name in self:
            raise MappingError(f"{name} is overridden twice")
        super().__setitem__(name, value)


def render(template: str, *, input: Input, context: dict[str, Any]) -> str:
    """The rendered text. The template may change `context`, as `responseOverride`.

    Raises MappingError.
    """
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


_SHORT_ESCAPES = {
    0x08: "\\b",
    0x09: "\\t",
    0x0A: "\\n",
    0x0C: "\\f",
    0x0D: "\\r",
    0x22: '\\"',
    0x27: "\\'",
    0x2F: "\\/",
    0x5C: "\\\\",
}


_ESCAPED = re.compile(r"[\x00-\x1f\"'/\\\x80-\U0010ffff]+")


def _escapes(found: re.Match[str]) -> str:
    return "".join(_SHORT_ESCAPES.get(unit) or f"\\u{unit:04X}" for unit in _utf16_units(found[0]))


def _utf16_units(text: str) -> memoryview:
    """Java's characters: astral ones are two."""
    return memoryview(text.encode("utf-16-le", "surrogatepass")).cast("H")
