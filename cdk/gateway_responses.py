"""The answers that API Gateway gives by itself, in Easel's envelope.

Gateway responses know variables but no VTL, and `validationErrorString` holds unescaped quotes,
so every message of theirs is fixed text.
"""

import json
from dataclasses import dataclass

from aws_cdk import aws_apigateway as apigateway

from cdk.cors import Cors
from cdk.settings import Auth
from lambdas.common.answers import Error, ErrorAnswer


@dataclass(frozen=True)
class GatewayAnswer:
    """One answer, with `auth` only there. `status` None keeps API Gateway's own status (for the two
    defaults). `response_type` is None for what methods of the API answer."""

    response_type: apigateway.ResponseType | None
    status: int | None
    type: str
    code: str
    message: str
    param: str | None = None
    retry_after_seconds: int | None = None
    auth: Auth | None = None


_Type = apigateway.ResponseType

# What methods of the API answer, because no gateway response tells these two from each other.
OTHER_METHOD = GatewayAnswer(
    None, 405, "invalid_request_error", "not_found",
    "{route} does not take {method}. It takes {allowed}.",
)  # fmt: skip
OTHER_ROUTE = GatewayAnswer(
    None, 404, "invalid_request_error", "not_found",
    "There is no route {path}. GET /openapi.json lists all routes and methods.",
)  # fmt: skip

GATEWAY_ANSWERS = (
    OTHER_METHOD,
    OTHER_ROUTE,
    GatewayAnswer(
        _Type.BAD_REQUEST_BODY, 400, "invalid_request_error", "invalid_value",
        'The request body must be one JSON object in UTF-8, such as {"prompt": "a cat"}, with '
        "numbers of usual size and no deep nesting.", param="body",
    ),
    GatewayAnswer(
        _Type.BAD_REQUEST_PARAMETERS, 400, "invalid_request_error", "invalid_value",
        "A path, query or header parameter is missing or not allowed.",
    ),
    GatewayAnswer(
        _Type.INVALID_API_KEY, 403, "authentication_error", "invalid_api_key",
        "The API key is missing or not known: send it in the header x-api-key.",
        param="x-api-key",
    ),
    # The answer to a request that finds no method, and with auth iam to one without a signature:
    # API Gateway does not tell them apart ("Gateway response types", its guide). Here methods take
    # every path, with every HTTP method that ANY stands for, so what finds none is rare.
    GatewayAnswer(
        _Type.MISSING_AUTHENTICATION_TOKEN, 403, "authentication_error", "not_found",
        "The request is not signed: sign it with SigV4 for service execute-api. If it is signed, "
        "there is no such route, or it does not take this method.", auth="iam",
    ),
    GatewayAnswer(
        _Type.MISSING_AUTHENTICATION_TOKEN, 404, "invalid_request_error", "not_found",
        "There is no such route, or it does not take this method. Pictures are drawn by POST "
        "/images; GET /openapi.json lists all routes and methods.", auth="api_key",
    ),
    GatewayAnswer(
        _Type.ACCESS_DENIED, 403, "authentication_error", "access_denied",
        "These credentials may not make this call: they need execute-api:Invoke on its method and "
        "path.",
    ),
    GatewayAnswer(
        _Type.UNAUTHORIZED, 401, "authentication_error", "unauthorized",
        "The request carries no credentials that this API accepts.",
    ),
    GatewayAnswer(
        _Type.INVALID_SIGNATURE, 403, "authentication_error", "invalid_signature",
        "The signature does not fit the request: sign it with SigV4 for service execute-api "
        "and the API's region.",
    ),
    GatewayAnswer(
        _Type.EXPIRED_TOKEN, 403, "authentication_error", "expired_token",
        "The credentials have expired: get fresh ones and sign again.",
    ),
    GatewayAnswer(
        _Type.WAF_FILTERED, 403, "authentication_error", "access_denied",
        "The request was blocked before it reached this API.",
    ),
    GatewayAnswer(
        _Type.RESOURCE_NOT_FOUND, 404, "invalid_request_error", "not_found",
        "There is no such route. Pictures are drawn by POST /images.",
    ),
    GatewayAnswer(
        _Type.REQUEST_TOO_LARGE, 413, "invalid_request_error", "invalid_value",
        "The request body is too large: 262144 bytes at most.", param="body",
    ),
    GatewayAnswer(
        _Type.UNSUPPORTED_MEDIA_TYPE, 415, "invalid_request_error", "invalid_value",
        "The body must be JSON: send the header content-type: application/json.",
        param="content-type",
    ),
    GatewayAnswer(
        _Type.THROTTLED, 429, "rate_limit_error", "rate_limit_exceeded",
        "Too many requests for this key or API. Try again in a few seconds.",
        retry_after_seconds=5,
    ),
    GatewayAnswer(
        _Type.QUOTA_EXCEEDED, 429, "rate_limit_error", "quota_exceeded",
        "The daily quota of this API key is used up. It starts anew at midnight UTC.",
    ),
    GatewayAnswer(
        _Type.INTEGRATION_TIMEOUT, 504, "server_error", "timeout",
        "The picture was not ready in time. It may still be finished: the same request, with "
        "the same seed, then finds it without paying again.",
    ),
    GatewayAnswer(
        _Type.INTEGRATION_FAILURE, 504, "server_error", "internal_error",
        "The workflow gave no answer that the API could read.",
    ),
    GatewayAnswer(
        _Type.DEFAULT_4_XX, None, "invalid_request_error", "invalid_value",
        "The request was refused before it reached the workflow.",
    ),
    GatewayAnswer(
        _Type.DEFAULT_5_XX, None, "server_error", "internal_error",
        "The API failed before the workflow could answer.",
    ),
)  # fmt: skip


def add_gateway_responses(api: apigateway.RestApi, cors: Cors, auth: Auth) -> None:
    for each in GATEWAY_ANSWERS:
        if each.response_type is None or each.auth not in (None, auth):
            continue
        retry = each.retry_after_seconds
        headers = {"Retry-After": str(retry)} if retry else {"x-should-retry": "false"}
        headers |= cors.gateway_response_headers
        api.add_gateway_response(
            f"{each.response_type.response_type.title().replace('_', '')}Answer",
            type=each.response_type,
            status_code=str(each.status) if each.status else None,
            # Gateway responses need quotes around fixed values.
            response_headers={name: f"'{value}'" for name, value in headers.items()},
            templates={"application/json": body_of(each, each.message)},
        )


def body_of(answer: GatewayAnswer, message: str) -> str:
    """Returns an answer as JSON, with this message."""
    error = Error(message=message, type=answer.type, param=answer.param, code=answer.code)
    return json.dumps(ErrorAnswer(error=error, execution_arn=None))
