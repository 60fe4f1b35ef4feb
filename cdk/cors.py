"""Which web pages may call the API from a browser (CORS).

An integration's answer names the caller's origin where it is allowed: its mapping template sees the
request's headers, and overrides the answer's. A gateway response has no template that is run, only
fixed values and the request's own ones. Source: "CORS for REST APIs", "Override your API's request
and response parameters" and "Gateway responses" of the API Gateway guide.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import aws_apigateway as apigateway

from cdk.mapping_templates import mapping_template

# What a caller's script sends beside what every page may, and what it may read.
REQUEST_HEADERS = (
    "content-type",
    "authorization",
    "x-api-key",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-content-sha256",
    "idempotency-key",
)
EXPOSED_HEADERS = ("Retry-After", "x-should-retry")

# Chrome keeps a preflight's answer no longer.
MAX_AGE_SECONDS = 7_200


@dataclass(frozen=True)
class Cors:
    """What the API adds to its answers for these origins: nothing for none."""

    origins: tuple[str, ...]

    def template(self, text: str) -> str:
        """A response's mapping template that names the caller's origin too."""
        if not self.origins:
            return text
        is_allowed = " || ".join(f'$origin == "{origin}"' for origin in self.origins)
        return mapping_template("allow_origin", is_allowed=is_allowed) + text

    @property
    def headers(self) -> Mapping[str, str]:
        """The fixed headers of an answer that a script reads."""
        if not self.origins:
            return {}
        return {
            "Vary": "Origin",
            "Access-Control-Expose-Headers": ",".join(EXPOSED_HEADERS),
        }

    @property
    def gateway_response_headers(self) -> Mapping[str, str]:
        """The headers of the gateway's own answers, quoted as gateway responses want them.

        A fixed value fits one origin. With several, what could be done is to give back whatever
        origin calls, which opens as much as a star does and depends on how a browser spells the
        header. These answers are fixed texts that hold nothing of anybody's, and a page that is
        not allowed gets no further than its preflight.
        """
        if not self.origins:
            return {}
        origin = self.origins[0] if len(self.origins) == 1 else "*"
        fixed = {**self.headers, "Access-Control-Allow-Origin": origin}
        return {name: f"'{value}'" for name, value in fixed.items()}

    def response_parameters(self) -> dict[str, str]:
        """The fixed headers, as an integration response gives them."""
        return {
            f"method.response.header.{name}": f"'{value}'" for name, value in self.headers.items()
        }

    def declared(self) -> dict[str, bool]:
        """The fixed headers, as a method response has to declare them."""
        return dict.fromkeys(self.response_parameters(), True)

    def add_preflight(self, resource: apigateway.IResource, http_method: str) -> None:
        """`OPTIONS`, answered by the gateway itself.

        It asks for no authorization, for browsers send none, and it calls nothing.
        """
        if not self.origins:
            return
        parameters = {
            f"method.response.header.{name}": f"'{value}'"
            for name, value in {
                "Vary": "Origin",
                "Access-Control-Allow-Methods": http_method,
                "Access-Control-Allow-Headers": ",".join(REQUEST_HEADERS),
                "Access-Control-Max-Age": str(MAX_AGE_SECONDS),
            }.items()
        }
        resource.add_method(
            "OPTIONS",
            apigateway.MockIntegration(
                passthrough_behavior=apigateway.PassthroughBehavior.NEVER,
                request_templates={"application/json": '{"statusCode": 204}'},
                integration_responses=[
                    apigateway.IntegrationResponse(
                        status_code="204",
                        response_parameters=parameters,
                        response_templates={"application/json": self.template("")},
                    )
                ],
            ),
            authorization_type=apigateway.AuthorizationType.NONE,
            api_key_required=False,
            method_responses=[
                apigateway.MethodResponse(
                    status_code="204", response_parameters=dict.fromkeys(parameters, True)
                )
            ],
        )
