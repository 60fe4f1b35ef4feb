"""Errors as AWS puts them on the wire, by protocol."""

import json
from uuid import uuid4
from xml.sax.saxutils import escape

from werkzeug.wrappers import Response

from local.access import RefusedError


def rest_json_error(status: int, code: str, message: str) -> Response:
    """REST-JSON (Lambda, Bedrock): the code in a header."""
    return Response(
        json.dumps({"message": message}),
        status,
        content_type="application/json",
        headers={"x-amzn-ErrorType": code, "x-amzn-RequestId": str(uuid4())},
    )


def json_error(code: str, message: str, status: int = 400) -> Response:
    """AWS JSON (Step Functions, Logs): the code in the body, every client error a 400."""
    return Response(
        json.dumps({"__type": code, "message": message}),
        status,
        content_type="application/x-amz-json-1.0",
        headers={"x-amzn-RequestId": str(uuid4())},
    )


def s3_error(status: int, code: str, message: str) -> Response:
    return Response(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
        f"<RequestId>{uuid4()}</RequestId></Error>",
        status,
        content_type="application/xml",
    )


def query_error(status: int, code: str, message: str) -> Response:
    """Query protocol (STS, IAM, CloudFormation)."""
    return Response(
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{escape(code)}</Code>"
        f"<Message>{escape(message)}</Message></Error>"
        f"<RequestId>{uuid4()}</RequestId></ErrorResponse>",
        status,
        content_type="text/xml",
    )


def refused(refusal: RefusedError, service: str, *, json_target: bool) -> Response:
    """A refusal in the protocol of the service that was called."""
    if json_target:
        return json_error(refusal.code, refusal.message)
    if service == "s3":
        return s3_error(refusal.status, refusal.code, refusal.message)
    if service in ("lambda", "bedrock"):
        return rest_json_error(refusal.status, refusal.code, refusal.message)
    return query_error(refusal.status, refusal.code, refusal.message)
