"""The playground's server: its page, and what the page asks for, all under one prefix.

Under it are the page, its files in `web/`, and below `web/api/` the API, whose calls get the key or
signature on the way. The rest is for the page alone: `web/config` says where the API is,
`web/trace` what an execution did, `web/running` which one runs for a request, `web/recipe` reads a
picture's file, `web/download` gives one, and `web/faults` are those of a local stack.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.client import responses
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote

import web
from easel.api import Answer, Api, Http, NoAnswerError, send
from easel.aws import Account
from easel.executions import (
    account_of,
    definition_of,
    events_of,
    is_execution,
    region_of,
    running_with,
)
from easel.exits import CommandError, Exit
from easel.picture_file import PictureFileError, read_recipe
from easel.target import Target
from easel.timeline import timeline_of
from lambdas.store.publishing import Execution

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

FILES = Path(web.__file__).parent
BODY_LIMIT = 32 * 1024 * 1024

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
_JSON = "application/json"
# What browsers say of the requests of other pages, those of other ports among them.
_ELSEWHERE = ("cross-site", "same-site")
_RETURNED = ("retry-after", "x-should-retry")
_STATUSES = {Exit.USAGE: 400, Exit.REFUSED: 404}
# How far back the log of a deployed execution is searched.
_LOOKED_BACK = timedelta(days=1)


@dataclass(frozen=True)
class _Request:
    method: str
    path: str
    query: Mapping[str, str]
    idempotency_key: str | None
    body: bytes


@dataclass(frozen=True)
class _Reply:
    status: int
    content: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": _JSON})


class Playground:
    """A WSGI application. All that it serves is below `prefix`. It calls `target`, and asks for the
    pictures and executions of that alone."""

    def __init__(
        self,
        target: Target,
        *,
        prefix: str = "/",
        http: Http = send,
        account_for: Callable[[str | None], Account] | None = None,
    ) -> None:
        self._target = target
        self._prefix = prefix
        self._http = http
        self._api = Api(target, http, 0, lambda seconds: None)
        self._account = cache(account_for or (lambda region: account_of(region, target)))
        self._policy = _content_security_policy(target)

    def serves(self, environ: "WSGIEnvironment") -> bool:
        """Returns whether a request is for the page or what belongs to it."""
        path = str(environ["PATH_INFO"])
        is_page = path == self._prefix and environ["REQUEST_METHOD"] == "GET"
        return is_page or path.startswith(f"{self._prefix}web/")

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        reply = self._reply(environ)
        headers = {
            "cache-control": "no-store",
            "content-security-policy": self._policy,
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
            "content-length": str(len(reply.content)),
            **reply.headers,
        }
        # An API's own statuses need not be HTTP's.
        phrase = responses.get(reply.status, "Unknown")
        start_response(f"{reply.status} {phrase}", list(headers.items()))
        return [reply.content]

    def _reply(self, environ: "WSGIEnvironment") -> _Reply:
        if not self.serves(environ):
            return _error(404, "There is nothing here. The command that serves it says where.")
        is_page = environ["PATH_INFO"] == self._prefix
        if not is_page and environ.get("HTTP_SEC_FETCH_SITE") in _ELSEWHERE:
            return _error(403, "This answers to its own page alone.")
        length = environ.get("CONTENT_LENGTH") or "0"
        size = int(length) if length.isdecimal() else BODY_LIMIT + 1
        if size > BODY_LIMIT:
            return _error(413, f"The body is too large: {BODY_LIMIT} bytes at most.")
        # WSGI hands paths over as bytes in Latin-1.
        path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
        query = environ.get("QUERY_STRING", "")
        request = _Request(
            environ["REQUEST_METHOD"],
            "index.html" if path == self._prefix else path.removeprefix(f"{self._prefix}web/"),
            {name: values[0] for name, values in parse_qs(query).items()},
            environ.get("HTTP_IDEMPOTENCY_KEY"),
            environ["wsgi.input"].read(size),
        )
        try:
            return self._answer(request, query)
        except CommandError as error:
            content = error.answer or error.json
            return _Reply(error.status or _STATUSES.get(error.exit, 502), content.encode())
        except NoAnswerError as error:
            return _error(502, f"The local stack gives no answer: {error}.")

    def _answer(self, request: _Request, query: str) -> _Reply:
        name, _, rest = request.path.partition("/")
        match request.method, name:
            case "GET" | "POST", "api" if rest:
                return self._called(request, rest, query)
            case "GET", "config":
                return _json(self._config())
            case "GET", "trace":
                return _json(self._trace(request.query))
            case "GET", "running" if self._target.local:
                return _json({"execution_arn": self._running(request.query.get("key", ""))})
            case "GET" | "PUT", "faults" if self._target.local:
                return self._faults(request)
            case "GET", "download":
                return self._download(rest)
            case "POST", "recipe":
                return _recipe(request.body)
            case "GET", _:
                return _file(request.path)
        return _error(405, f"{request.method} is not for this.")

    def _called(self, request: _Request, path: str, query: str) -> _Reply:
        """Hands a call to the API, with what proves who calls."""
        if {".", "..", ""} & set(path.split("/")):
            return _error(404, "There is no such route.")
        route = f"/{quote(path)}{'?' if query else ''}{query}"
        key = request.idempotency_key
        headers = {"idempotency-key": key} if key else None
        body = request.body if request.method == "POST" else None
        return _passed_on(self._api.request(request.method, route, body, headers))

    def _config(self) -> dict[str, Any]:
        target = self._target
        options = {"--endpoint": None if target.local else target.url, "--profile": target.profile}
        return {
            "endpoint": target.url,
            "local": target.local,
            "signed": target.api_key is None,
            "region": target.region,
            "options": [word for name, value in options.items() if value for word in (name, value)],
        }

    def _trace(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Returns an execution's state machine and timeline. Raises CommandError.

        Its log is searched from `since`, when it was started, or for a day.
        """
        arn = query.get("execution", "")
        if not is_execution(arn):
            raise CommandError(Exit.USAGE, f"{arn[:200]} is not the ARN of an execution.")
        region = region_of(arn)
        if self._target.local != (region is None):
            raise CommandError(Exit.REFUSED, f"No execution of {self._target.url} has this ARN.")
        account = self._account(region)
        since = datetime.now(UTC) - _LOOKED_BACK
        with suppress(ValueError):
            since = datetime.fromisoformat(query.get("since", "")) - timedelta(minutes=1)
        events = events_of(arn, account, since=since)
        if not events:
            raise CommandError(Exit.REFUSED, f"{arn} has no events yet.")
        timeline = timeline_of(events)
        console = Execution(arn, timeline.started.isoformat()).trace_url
        return {
            "execution_arn": arn,
            "console_url": None if self._target.local else console,
            "lacks_errors": timeline.lacks_errors,
            "definition": definition_of(arn, account),
            **timeline.to_dict(),
        }

    def _running(self, key: str) -> str | None:
        return running_with(key, self._account(None)) if key else None

    def _faults(self, request: _Request) -> _Reply:
        url = f"{self._target.aws_url}/easel/faults"
        key = {"x-api-key": self._target.api_key or ""}
        body = request.body if request.method == "PUT" else None
        return _passed_on(self._http(request.method, url, key, body))

    def _download(self, id: str) -> _Reply:
        """Gives a picture as a file to keep."""
        shown = self._api.show(id).body
        if shown["image_url"] is None:
            return _error(404, f"There is no file of the picture {id}: it was blocked or deleted.")
        picture = self._api.download(shown["image_url"])
        format = shown["manifest"]["output_format"]
        return _Reply(
            200,
            picture.content,
            {
                "content-type": f"image/{format}",
                "content-disposition": f'attachment; filename="{shown["manifest"]["id"]}.{format}"',
            },
        )


def _content_security_policy(target: Target) -> str:
    """Allows the page its own files and the pictures of presigned URLs, no more."""
    pictures = "https://*.amazonaws.com https://*.amazonaws.com.cn"
    if target.local:
        pictures = target.aws_url
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        f"font-src 'self'; img-src 'self' blob: {pictures}; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _file(path: str) -> _Reply:
    """Returns a file of the page: those that lie in the directory itself, and are no Python."""
    file = FILES / path
    if file.parent != FILES or file.suffix not in _TYPES or not file.is_file():
        return _error(404, "There is no such file.")
    headers = {"content-type": _TYPES[file.suffix], "cache-control": "no-cache"}
    return _Reply(200, file.read_bytes(), headers)


def _recipe(file: bytes) -> _Reply:
    try:
        return _json({"recipe": read_recipe(file)})
    except PictureFileError as error:
        return _error(400, str(error))


def _passed_on(answer: Answer) -> _Reply:
    """Returns an answer as JSON, whatever it says it is: it is never a page."""
    headers = {name: answer.headers[name] for name in _RETURNED if name in answer.headers}
    return _Reply(answer.status, answer.content, {"content-type": _JSON, **headers})


def _json(body: Mapping[str, Any]) -> _Reply:
    return _Reply(200, json.dumps(body, ensure_ascii=False).encode())


def _error(status: int, message: str) -> _Reply:
    """Returns an error in the form that the API's own have."""
    error = {"message": message, "type": "playground_error", "param": None, "code": "playground"}
    return _Reply(status, json.dumps({"error": error, "execution_arn": None}).encode())
