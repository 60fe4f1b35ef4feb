"""Sends an X-Ray subsegment for each call to AWS, to the daemon beside a traced function.

Sources: "Sending trace data" and "Segment documents" in the X-Ray guide, "Defined runtime
environment variables" in Lambda's. The X-Ray SDK does the same, but it gets no new features and
would have to be packaged.
"""

import json
import os
import secrets
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.model import OperationModel

_HEADER = b'{"format": "json", "version": 1}\n'

# The key, in botocore's context of a call, of the subsegment that has begun.
_SUBSEGMENT = "easel_subsegment"

# Normal answers of S3: an object that does not exist, and one that exists already.
_NO_ERRORS = frozenset({404, 412})


def send_to_daemon(
    document: bytes, *, connect: Callable[..., socket.socket] = socket.socket
) -> None:
    """Sends one datagram and waits for no answer. A lost trace must not fail a request."""
    address = os.environ.get("AWS_XRAY_DAEMON_ADDRESS", "")
    host, _, port = address.rpartition("udp:")[2].split(" ")[0].rpartition(":")
    if not port.isdigit():
        return
    try:
        with connect(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
            daemon.setblocking(False)
            daemon.sendto(_HEADER + document, (host, int(port)))
    except OSError:
        return


def trace_calls(client: "BaseClient", send: Callable[[bytes], None] = send_to_daemon) -> None:
    """Sends a subsegment for each call of a client, if the invocation is sampled.

    A subsegment holds service, operation, status and times, but nothing from request or response.
    """

    def begun(model: "OperationModel", context: dict[str, Any], **_: Any) -> None:
        trace = _trace()
        if trace.get("Sampled") != "1" or not {"Root", "Parent"} <= trace.keys():
            return
        context[_SUBSEGMENT] = {
            "type": "subsegment",
            "id": secrets.token_hex(8),
            "trace_id": trace["Root"],
            "parent_id": trace["Parent"],
            "name": model.service_model.service_id,
            "namespace": "aws",
            "start_time": time.time(),
            "aws": {"operation": model.name, "region": client.meta.region_name},
        }

    def ended(context: dict[str, Any], parsed: dict[str, Any], **_: Any) -> None:
        metadata = parsed.get("ResponseMetadata", {})
        status = metadata.get("HTTPStatusCode", 0)
        close(
            context,
            {"request_id": metadata.get("RequestId")},
            http={"response": {"status": status}},
            error=400 <= status < 500 and status not in _NO_ERRORS,
            throttle=status == 429,
            fault=status >= 500,
        )

    def broken(context: dict[str, Any], **_: Any) -> None:
        close(context, {}, fault=True)

    def close(context: dict[str, Any], aws: dict[str, Any], **facts: Any) -> None:
        subsegment = context.pop(_SUBSEGMENT, None)
        if subsegment is not None:
            subsegment["aws"] |= {name: fact for name, fact in aws.items() if fact}
            subsegment |= {name: fact for name, fact in facts.items() if fact}
            send(json.dumps({**subsegment, "end_time": time.time()}).encode())

    events = client.meta.events
    events.register("before-call", begun)
    events.register("after-call", ended)
    events.register("after-call-error", broken)


def _trace() -> dict[str, str]:
    """Returns the fields of the invocation's trace header: `Root=1-...;Parent=...;Sampled=1`."""
    header = os.environ.get("_X_AMZN_TRACE_ID", "")
    return dict(part.split("=", 1) for part in header.split(";") if "=" in part)
