"""Answers and errors as AWS puts them on the wire, by protocol."""

import json
from typing import Any
from uuid import uuid4
from xml.sax.saxutils import escape

from werkzeug.wrappers import Response

from local.aws.signatures import RefusedError

AWS_JSON = "application/x-amz-json-1.0"


def json_answer(body: Any, content_type: str = "application/json", status: int = 200) -> Response:
    return Response(json.dumps(body), status, content_type=content_type)


def rest_json_error(status: int, code: str, message: str) -> Response:
    """Returns an error of REST-JSON (Lambda, Bedrock), with its code in a header."""
    answer = json_answer({"message": message}, status=status)
    answer.headers |= {"x-amzn-ErrorType": code, "x-amzn-RequestId": str(uuid4())}
    return answer


def json_error(code: str, message: str, status: int = 400) -> Response:
    """Returns an error of AWS JSON (Step Functions, Logs), with its code in the body."""
    answer = json_answer({"__type": code, "message": message}, AWS_JSON, status)
    answer.headers["x-amzn-RequestId"] = str(uuid4())
    return answer


def xml_error(status: int, code: str, message: str, *, wrapped: bool = False) -> Response:
    """Returns an error of S3, or, wrapped once more, of the query protocol (STS, IAM)."""
    text = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    id = f"<RequestId>{uuid4()}</RequestId>"
    if wrapped:
        text = f"<ErrorResponse><Error><Type>Sender</Type>{text}</Error>{id}</ErrorResponse>"
    else:
        text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{text}{id}</Error>'
    return Response(text, status, content_type="application/xml")


def refused(refusal: RefusedError, service: str, *, json_target: bool) -> Response:
    """Returns a refusal in the protocol of the service that was called."""
    if json_target:
        return json_error(refusal.code, refusal.message)
    if service in ("lambda", "bedrock"):
        return rest_json_error(refusal.status, refusal.code, refusal.message)
    return xml_error(refusal.status, refusal.code, refusal.message, wrapped=service != "s3")
