"""X-Ray subsegments of the calls to AWS, for the daemon that Lambda runs beside a traced function.

Sources: "Sending trace data" and "Segment documents" in the X-Ray guide, "Defined runtime
environment variables" in Lambda's. The X-Ray SDK sends the same, but gets no more features and
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

# Where a call's subsegment waits for its end, in botocore's context of the call.
_OPEN = "easel_subsegment"

# Whether an object is there, and whether it was when it was to be written, is asked every time.
_NO_ERRORS = frozenset({404, 412})


def send_to_daemon(
    document: bytes, *, connect: Callable[..., socket.socket] = socket.socket
) -> None:
    """One datagram, without an answer. What becomes of a trace must not decide over a request."""
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
    """Have each call of a client sent as a subsegment, where its invocation is sampled.

    It holds service, operation, status and times, and nothing of what was sent or answered.
    """

    def begun(model: "OperationModel", context: dict[str, Any], **_: Any) -> None:
        trace = _trace()
        if trace.get("Sampled") != "1" or not {"Root", "Parent"} <= trace.keys():
            return
        context[_OPEN] = {
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
            http={"response": {"status": status}},
            request_id=metadata.get("RequestId"),
            error=400 <= status < 500 and status not in _NO_ERRORS,
            throttle=status == 429,
            fault=status >= 500,
        )

    def broken(context: dict[str, Any], **_: Any) -> None:
        close(context, fault=True)

    def close(context: dict[str, Any], *, request_id: str | None = None, **facts: Any) -> None:
        subsegment = context.pop(_OPEN, None)
        if subsegment is None:
            return
        if request_id:
            subsegment["aws"]["request_id"] = request_id
        subsegment |= {name: fact for name, fact in facts.items() if fact}
        subsegment["end_time"] = time.time()
        send(json.dumps(subsegment).encode())

    events = client.meta.events
    events.register("before-call", begun)
    events.register("after-call", ended)
    events.register("after-call-error", broken)


def _trace() -> dict[str, str]:
    """The invocation's trace header: `Root=1-...;Parent=...;Sampled=1`."""
    header = os.environ.get("_X_AMZN_TRACE_ID", "")
    return dict(part.split("=", 1) for part in header.split(";") if "=" in part)
