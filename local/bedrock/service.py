"""The Bedrock runtime on this machine: checks as the service does, draws, fails on demand."""

import base64
import json
import re
import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import unquote

from werkzeug.wrappers import Request, Response

from lambdas.common.catalog import CATALOG
from local.aws.policies import authorise
from local.aws.signatures import Caller
from local.aws.wire_errors import rest_json_error
from local.bedrock.families import ModelRequest, family_of
from local.bedrock.faulty_pictures import faulty_pictures
from local.bedrock.guardrails import Guardrails
from local.bedrock.renderers import FilteredError, Render, RenderError
from local.bedrock.request_check import MalformedRequestError, check_request
from local.faults import INVOKE_MODEL, Fault, FaultPlan, modelled_errors
from local.serving import reset_midway

INVOKE = re.compile(r"/model/(?P<model>[^/]+)/invoke")
KEPT_CALLS = 100

# Errors that come after the model has worked.
_MAY_BE_BILLED = frozenset({"ModelErrorException", "ModelTimeoutException"})

_END_OF_LIFE = (
    "This model version has reached the end of its life. "
    "Please refer to the AWS documentation for more details."
)


@dataclass(frozen=True)
class ModelCall:
    """A call that reached a model, and so would be on the bill."""

    model: str
    request: dict[str, Any]


class BedrockRuntime:
    """Answers InvokeModel for every model of the catalog.

    `render` draws. `serve_retired` serves models past their end of life too, which the service
    refuses. `log` gets why `render` failed.
    """

    def __init__(
        self,
        *,
        render: Render,
        latency_seconds: float,
        serve_retired: bool,
        faults: FaultPlan,
        guardrails: Guardrails,
        sleep: Callable[[float], object],
        log: Callable[[str], None],
    ) -> None:
        self._render = render
        self._guardrails = guardrails
        self._latency_seconds = latency_seconds
        self._serve_retired = serve_retired
        self._faults = faults
        self._sleep = sleep
        self._log = log
        self._lock = threading.Lock()
        self._calls: deque[ModelCall] = deque(maxlen=KEPT_CALLS)
        self._counts: Counter[str] = Counter()

    def invoke(self, request: Request, body: bytes, caller: Caller, model: str) -> Response:
        """Answers one InvokeModel. Raises RefusedError where the caller may not call the model."""
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
            checked = check_request(model, body)
        except MalformedRequestError as error:
            return rest_json_error(400, "ValidationException", str(error))
        asked = family_of(model).read(model, checked)
        fault = self._faults.take(INVOKE_MODEL)
        kind = fault.kind if fault else ""
        if kind in modelled_errors() and kind not in _MAY_BE_BILLED:
            return _injected(kind, asked)

        self._bill(ModelCall(model, checked))
        self._sleep(self._latency_seconds)
        try:
            if fault is None:
                return _answered(self._good_answer(asked))
            return self._fail(fault, asked, request)
        except FilteredError:
            return _answered(family_of(model).filtered(asked))
        except RenderError as error:
            self._log(f"the model gave no picture: {error}")
            message = "The model gave no picture. Its machine's log says why."
            return rest_json_error(modelled_errors()[error.code], error.code, message)

    def _good_answer(self, asked: ModelRequest) -> dict[str, Any]:
        picture = base64.b64encode(self._render(asked)).decode()
        self._guardrails.mark(asked.prompt, picture)
        return family_of(asked.model).answer(asked, [picture])

    def _fail(self, fault: Fault, asked: ModelRequest, request: Request) -> Response:
        """Answers a call that is on the bill and goes wrong."""
        family = family_of(asked.model)
        if fault.kind in _MAY_BE_BILLED:
            return _injected(fault.kind, asked)
        match fault.kind:
            case "hang" | "slow":
                self._sleep(fault.seconds)
                return _answered(self._good_answer(asked))
            case "reset":
                return reset_midway(request, json.dumps(self._good_answer(asked)).encode())
            case "empty_body":
                return Response(b"", content_type="application/json")
            case "truncated_json":
                text = json.dumps(self._good_answer(asked))
                return Response(text[: len(text) // 2], content_type="application/json")
            case "filtered":
                return _answered(family.filtered(asked))
            case kind:
                return _answered(family.answer(asked, faulty_pictures(asked, kind, self._render)))

    def control(self, request: Request) -> Response:
        """Returns how many calls would be on the bill, and the last of them."""
        with self._lock:
            state = {
                "calls": sum(self._counts.values()),
                "calls_by_model": dict(self._counts),
                "last_calls": [asdict(call) for call in self._calls],
            }
        return _answered(state)

    def _bill(self, call: ModelCall) -> None:
        with self._lock:
            self._calls.append(call)
            self._counts[call.model] += 1


def _injected(kind: str, asked: ModelRequest) -> Response:
    """Returns a modelled error. Its message quotes the prompt, as the service's own might."""
    message = f"{kind}, as was asked for, on {asked.prompt!r}."
    return rest_json_error(modelled_errors()[kind], kind, message)


def _answered(body: dict[str, Any]) -> Response:
    return Response(json.dumps(body), content_type="application/json")
