"""The Bedrock runtime on this machine: checks as the service does, draws, fails on demand."""

import json
import re
import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import unquote

import botocore.session
from werkzeug.wrappers import Request, Response

from lambdas.common.catalog import CATALOG
from local.access import Caller, authorise
from local.bedrock.request_check import MalformedRequestError, check_request
from local.bedrock.wire_formats import drawn, filtered, read_order
from local.wire_errors import rest_json_error

INVOKE = re.compile(r"/model/(?P<model>[^/]+)/invoke")
KEPT_CALLS = 100

_END_OF_LIFE = (
    "This model version has reached the end of its life. "
    "Please refer to the AWS documentation for more details."
)


@dataclass(frozen=True)
class ModelCall:
    """A call that reached a model, and so would be on the bill."""

    model: str
    request: dict[str, Any]


@dataclass
class Fault:
    """`kind` is a modelled exception of InvokeModel, or "filtered"; it strikes `times` times."""

    kind: str
    times: int


def modelled_errors() -> dict[str, int]:
    """The errors of InvokeModel and their HTTP statuses, from botocore's service model."""
    model = botocore.session.get_session().get_service_model("bedrock-runtime")
    return {
        shape.name: shape.metadata["error"]["httpStatusCode"]
        for shape in model.operation_model("InvokeModel").error_shapes
    }


class BedrockRuntime:
    """InvokeModel for every model of the catalog.

    `serve_retired` answers for models past their end of life, which the service does no more.
    """

    def __init__(
        self, *, latency_seconds: float, serve_retired: bool, sleep: Callable[[float], object]
    ) -> None:
        self._latency_seconds = latency_seconds
        self._serve_retired = serve_retired
        self._sleep = sleep
        self._lock = threading.Lock()
        self._calls: deque[ModelCall] = deque(maxlen=KEPT_CALLS)
        self._counts: Counter[str] = Counter()
        self._faults: list[Fault] = []

    def invoke(self, request: Request, body: bytes, caller: Caller, model: str) -> Response:
        """Answer one InvokeModel. Raises RefusedError where the caller may not call the model."""
        model = unquote(model)
        authorise(
            caller,
            "bedrock:InvokeModel",
            f"arn:aws:bedrock:{caller.region}::foundation-model/{model}",
        )
        offered = CATALOG.get(model)
        if offered is None or not (offered.retired or caller.region in offered.regions):
            return rest_json_error(
                400, "ValidationException", "The provided model identifier is invalid."
            )
        if offered.retired and not self._serve_retired:
            return rest_json_error(404, "ResourceNotFoundException", _END_OF_LIFE)
        try:
            asked = check_request(model, body)
        except MalformedRequestError as error:
            return rest_json_error(400, "ValidationException", str(error))
        fault = self._next_fault()
        if fault is not None and fault != "filtered":
            return rest_json_error(modelled_errors()[fault], fault, f"{fault}, as was asked for.")

        with self._lock:
            self._calls.append(ModelCall(model, asked))
            self._counts[model] += 1
        self._sleep(self._latency_seconds)
        order = read_order(model, asked)
        answer = filtered(model, order) if fault else drawn(model, order)
        return Response(json.dumps(answer), content_type="application/json")

    def control(self, request: Request) -> Response:
        """`GET`: the calls so far. `PUT {"faults": [{"kind", "times"}]}`: what to do instead."""
        if request.method == "PUT":
            faults = [Fault(**fault) for fault in request.get_json()["faults"]]
            known = {*modelled_errors(), "filtered"}
            for fault in faults:
                if fault.kind not in known:
                    return rest_json_error(
                        400, "ValidationException", f"kind is one of {', '.join(sorted(known))}"
                    )
            with self._lock:
                self._faults = faults
        with self._lock:
            state = {
                "calls": sum(self._counts.values()),
                "calls_by_model": dict(self._counts),
                "last_calls": [asdict(call) for call in self._calls],
                "faults": [asdict(fault) for fault in self._faults],
            }
        return Response(json.dumps(state), content_type="application/json")

    def _next_fault(self) -> str | None:
        with self._lock:
            self._faults = [fault for fault in self._faults if fault.times > 0]
            if not self._faults:
                return None
            self._faults[0].times -= 1
            return self._faults[0].kind
