"""The API as a client calls it: one request, one answer, and errors that say what to do."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from easel.exits import CommandError, Exit
from easel.target import API_KEY, ENDPOINT, Target

CONNECT_SECONDS = 10
# Longer than any API Gateway waits, whose answer is better than none.
READ_SECONDS = 310

_LATER = frozenset({429, 503})

# What the answer of the API cannot know: how this command line mends it.
_CURES: Mapping[str, str] = {
    "invalid_api_key": f"Give it with --api-key or {API_KEY}.",
    "invalid_signature": "--region and --profile say which credentials sign, and for where.",
    "expired_token": "Log in again, or choose another --profile.",
    "model_not_found": "easel models lists them.",
    "model_retired": "easel models lists them.",
    "picture_not_found": "easel list shows what is there.",
}


@dataclass(frozen=True)
class Answer:
    """`headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode(errors="replace")

    @property
    def body(self) -> dict[str, Any]:
        """Raises CommandError where it is no JSON object, so no answer of Easel's."""
        try:
            return dict(json.loads(self.content))
        except (ValueError, TypeError):
            raise _not_easels(self, Exit.FAILED) from None

    @property
    def code(self) -> str | None:
        """The code of an error in Easel's form, or None. Raises CommandError as `body` does."""
        try:
            return str(self.body["error"]["code"])
        except (LookupError, TypeError):
            return None


class NoAnswerError(Exception):
    """The text says why. `sent` is whether the request may have arrived."""

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.sent = sent


# Method, URL, headers, body -> answer. Raises NoAnswerError.
Http = Callable[[str, str, Mapping[str, str], bytes | None], Answer]


def send(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
    """Sends a request. Redirects are not followed: they could take a key to another host."""
    import urllib3
    from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

    try:
        answer = urllib3.request(
            method,
            url,
            headers=dict(headers),
            body=body,
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
            retries=False,
            redirect=False,
        )
    except HTTPError as error:
        sent = not isinstance(error, NewConnectionError | ConnectTimeoutError)
        raise NoAnswerError(_reason(error), sent=sent) from error
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Answer(answer.status, headers, answer.data)


@dataclass(frozen=True)
class Api:
    """Every method but `request` gives the answer of a success, and raises CommandError for all
    else.

    An answer that says when to try again is taken at its word, `retries` times at most, where
    that is within `patience_seconds`; `waits` is told how long.
    """

    target: Target
    http: Http
    patience_seconds: float
    waits: Callable[[float], None]
    retries: int = 1

    def request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Sends a request and gives whatever answer it gets, after the retries that those invite
        to. Raises CommandError only if there is none."""
        if isinstance(body, Mapping):
            body = json.dumps(body, ensure_ascii=False).encode()
        headers = {"accept": "application/json", **(headers or {})}
        if body is not None:
            headers = {"content-type": "application/json", **headers}
        answer = self._proven(method, path, headers, body)
        for _ in range(self.retries):
            seconds = _retry_after(answer)
            if seconds is None or not 0 <= seconds <= self.patience_seconds > 0:
                break
            self.waits(seconds)
            answer = self._proven(method, path, headers, body)
        return answer

    def draw(
        self,
        request: Mapping[str, Any],
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        by_key = {"idempotency-key": key} if key else {}
        return self._call("POST", "/images", request, {**by_key, **(headers or {})})

    def described(self) -> Answer:
        return self._call("GET", "/openapi.json")

    def show(self, id: str) -> Answer:
        return self._call("GET", f"/images/{quote(id, safe='')}")

    def delete(self, id: str) -> Answer:
        return self._call("DELETE", f"/images/{quote(id, safe='')}", setting="allow_deletion")

    def rerun(self, id: str, request: Mapping[str, Any], *, key: str) -> Answer:
        """Draws again. The same key is the same rerun, which goes on and is not paid twice."""
        path = f"/images/{quote(id, safe='')}/rerun"
        return self._call("POST", path, request, {"idempotency-key": key})

    def list(self, *, limit: int, after: str | None) -> Answer:
        """Returns a page, which may hold fewer pictures: only where `after` is null is the end."""
        given = {"limit": limit} | ({"after": after} if after else {})
        query = urlencode(given, quote_via=quote)
        return self._call("GET", f"/images?{query}", setting="list")

    def download(self, url: str) -> Answer:
        """Fetches a picture by its presigned URL, which needs no key and gets none."""
        answer = self._sent("GET", url, {}, None)
        if answer.status != 200:
            raise CommandError(
                Exit.FAILED, f"The picture was not given ({answer.status}): ask for a fresh URL."
            )
        return answer

    def _call(
        self,
        method: str,
        path: str,
        request: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        setting: str | None = None,
    ) -> Answer:
        """`setting` is the one with which a deployment offers this: no answer names it."""
        answer = self.request(method, path, request, headers)
        if answer.status != 200:
            raise _refusal(answer, setting)
        return answer

    def _proven(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        """Sends with a key or a signature, which is made anew for each request."""
        target = self.target
        url = target.url + path
        # A local stack may want either, and its credentials open nothing else.
        if target.api_key is None or target.local:
            from easel.credentials import signed_headers

            headers = signed_headers(target, method, url, headers, body)
        if target.api_key is not None:
            headers = {**headers, "x-api-key": target.api_key}
        return self._sent(method, url, headers, body)

    def _sent(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        try:
            return self.http(method, url, headers, body)
        except ValueError:  # whose text may have the key
            raise CommandError(Exit.USAGE, "The key is not a line of Latin letters.") from None
        except NoAnswerError as error:
            host = url.partition("://")[2].partition("/")[0]
            cure = "The request may have arrived."
            if not error.sent:
                start = f"Start it with make run, or say where it is: --endpoint or {ENDPOINT}."
                cure = start if self.target.local else "Check the endpoint."
            raise CommandError(
                Exit.UNREACHABLE, f"No answer from {host}: {error}. {cure}"
            ) from error


def exit_of(status: int, *, later: bool = False) -> Exit:
    """Returns how a command ends after a status that is no success."""
    if status in _LATER or later:
        return Exit.LATER
    return Exit.REFUSED if 400 <= status < 500 else Exit.FAILED


def _refusal(answer: Answer, setting: str | None) -> CommandError:
    try:
        error = answer.body["error"]
        message, code = str(error["message"]), str(error["code"])
    except (CommandError, KeyError, TypeError):
        exit = Exit.REFUSED if 400 <= answer.status < 500 else Exit.FAILED
        return _not_easels(answer, exit)
    said = " ".join(filter(None, (message, _CURES.get(code))))
    if answer.status == 405 and setting:
        said += f" The deployment's setting {setting} is off."
    seconds = _retry_after(answer)
    if seconds:
        said += f" Retry after {seconds:g} s."
    exit = exit_of(answer.status, later=seconds is not None)
    said += f" ({answer.status} {code})"
    if exit is Exit.FAILED and (execution := answer.body.get("execution_arn")):
        said += f" What happened: easel trace {execution}"
    return CommandError(exit, said, answer=answer.text, status=answer.status, code=code)


def _not_easels(answer: Answer, exit: Exit) -> CommandError:
    return CommandError(exit, f"The answer ({answer.status}) is not Easel's. Check the endpoint.")


def _retry_after(answer: Answer) -> float | None:
    """Returns the seconds to wait before a retry that the API invites to, or None."""
    seconds = answer.headers.get("retry-after", "")
    if answer.status < 400 or answer.headers.get("x-should-retry") == "false":
        return None
    return float(seconds) if seconds.isdecimal() else None


def _reason(error: Exception) -> str:
    """Returns urllib3's words, without the object that they begin with."""
    text = str(error.args[-1]).rpartition(">: ")[2] or type(error).__name__
    return text.rpartition("] ")[2].rstrip(".")
