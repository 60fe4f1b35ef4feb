"""Which web pages may call the API from a browser (CORS).

An integration's answer names the caller's origin if it is allowed: its mapping template reads the
request's headers and sets the answer's. A gateway response cannot choose: its headers are fixed
values or copies from the request. Sources: "CORS for REST APIs", "Override your API's request and
response parameters" and "Gateway responses" of the API Gateway guide.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cdk.mapping_templates import mapping_template

# The headers that a script may send, and those it may read, beyond what CORS always allows.
REQUEST_HEADERS = (
    "content-type", "authorization", "x-api-key", "x-amz-date", "x-amz-security-token",
    "x-amz-content-sha256", "idempotency-key",
)  # fmt: skip
EXPOSED_HEADERS = ("Retry-After", "x-should-retry")

# The longest that Chrome keeps a preflight's answer.
MAX_AGE_SECONDS = 7_200


@dataclass(frozen=True)
class Cors:
    """What the API adds to its answers for these origins. Nothing if there are none."""

    origins: tuple[str, ...]

    def template(self, text: str) -> str:
        """Returns a response's mapping template, extended to name the caller's origin."""
        if not self.origins:
            return text
        is_allowed = " || ".join(f'$origin == "{origin}"' for origin in self.origins)
        return mapping_template("allow_origin", is_allowed=is_allowed) + text

    @property
    def headers(self) -> dict[str, str]:
        """The fixed headers of an answer that a script reads."""
        if not self.origins:
            return {}
        return {"Vary": "Origin", "Access-Control-Expose-Headers": ",".join(EXPOSED_HEADERS)}

    @property
    def gateway_response_headers(self) -> dict[str, str]:
        """The headers of the gateway's own answers.

        A fixed value can name only one origin, so several get a star. The alternative is to copy
        the caller's origin, which opens just as much and depends on how a browser spells the
        header. These answers are fixed texts without anybody's data, and a page that is not
        allowed gets no further than its preflight.
        """
        if not self.origins:
            return {}
        origin = self.origins[0] if len(self.origins) == 1 else "*"
        return {**self.headers, "Access-Control-Allow-Origin": origin}


def preflight_headers(http_methods: Sequence[str]) -> dict[str, str]:
    """Returns the fixed headers of the answer to `OPTIONS`."""
    return {
        "Vary": "Origin",
        "Access-Control-Allow-Methods": ",".join(http_methods),
        "Access-Control-Allow-Headers": ",".join(REQUEST_HEADERS),
        "Access-Control-Max-Age": str(MAX_AGE_SECONDS),
    }
