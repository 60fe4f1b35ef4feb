"""The Bedrock runtime on this machine: checks as the service does, draws, fails on demand."""

import base64
import json
import re
import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from werkzeug.wrappers import Request, Response

from lambdas.common.catalog import CATALOG
from local.aws.policies import authorise
from local.aws.signatures import Caller, RefusedError
from local.aws.wire import json_answer, rest_json_error
from local.bedrock.control_plane import INVALID_MODEL, model_arn
from local.bedrock.families import ModelRequest, family_of
from local.bedrock.faulty_pictures import faulty_pictures
from local.bedrock.guardrails import Guardrails
from local.bedrock.renderers import FilteredError, Render, RenderError
from local.bedrock.request_check import check_request
from local.faults import INVOKE_MODEL, Fault, FaultPlan, modelled_errors
from local.serving import reset_midway

INVOKE = re.compile(r"/model/(?P<model>[^/]+)/invoke")
KEPT_CALLS = 100

# Errors that come after the model has worked.
_MAY_BE_BILLED = frozenset({"ModelErrorException", "ModelTimeoutException"})


@dataclass(frozen=True, kw_only=True)
class BedrockRuntime:
    """Answers InvokeModel for every model of the catalog, also for those past their end of life,
    which the service refuses. `render` draws; `log` gets why it failed."""

    render: Render
    latency_seconds: float
    faults: FaultPlan
    guardrails: Guardrails
    log: Callable[[str], None]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _calls: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT_CALLS))
    _counts: Counter[str] = field(default_factory=Counter)

    def invoke(self, request: Request, body: bytes, caller: Caller, model: str) -> Response:
        """Answers one InvokeModel. Raises RefusedError."""
        model = unquote(model)
        authorise(caller, "bedrock:InvokeModel", model_arn(model, caller.region))
        offered = CATALOG.get(model)
        if offered is None or not (offered.retired or caller.region in offered.regions):
            raise RefusedError("ValidationException", INVALID_MODEL, 400)
        checked = check_request(model, body)
        asked = family_of(model).read(model, checked)
        fault = self.faults.take(INVOKE_MODEL)
        kind = fault.kind if fault else ""
        if kind in modelled_errors() and kind not in _MAY_BE_BILLED:
            return _injected(kind, asked)

        with self._lock:  # it has reached the model: it would be on the bill
            self._calls.append({"model": model, "request": checked})
            self._counts[model] += 1
        self.faults.sleep(self.latency_seconds)
        try:
            return self._answer(asked, fault, request)
        except FilteredError:
            return json_answer(family_of(model).filtered(asked))
        except RenderError as error:
            self.log(f"the model gave no picture: {error}")
            message = "The model gave no picture. Its machine's log says why."
            return rest_json_error(modelled_errors()[error.code], error.code, message)

    def _good_answer(self, asked: ModelRequest) -> dict[str, Any]:
        picture = base64.b64encode(self.render(asked)).decode()
        self.guardrails.mark(asked.prompt, picture)
        return family_of(asked.model).answer(asked, [picture])

    def _answer(self, asked: ModelRequest, fault: Fault | None, request: Request) -> Response:
        """Answers a call that is on the bill, and goes wrong where there is a fault."""
        match fault.kind if fault else "":
            case kind if kind in _MAY_BE_BILLED:
                return _injected(kind, asked)
            case "" | "hang" | "slow":
                self.faults.sleep(fault.seconds if fault else 0)
                return json_answer(self._good_answer(asked))
            case "reset":
                return reset_midway(request, json.dumps(self._good_answer(asked)).encode())
            case "empty_body":
                return Response(b"", content_type="application/json")
            case "truncated_json":
                text = json.dumps(self._good_answer(asked))
                return Response(text[: len(text) // 2], content_type="application/json")
            case "filtered":
                raise FilteredError
            case kind:
                pictures = faulty_pictures(asked, kind, self.render)
                return json_answer(family_of(asked.model).answer(asked, pictures))

    def control(self, request: Request) -> Response:
        """Returns how many calls would be on the bill, and the last of them."""
        with self._lock:
            state = {
                "calls": sum(self._counts.values()),
                "calls_by_model": dict(self._counts),
                "last_calls": list(self._calls),
            }
        return json_answer(state)


def _injected(kind: str, asked: ModelRequest) -> Response:
    """Returns a modelled error. Its message quotes the prompt, as the service's own might."""
    message = f"{kind}, as was asked for, on {asked.prompt!r}."
    return rest_json_error(modelled_errors()[kind], kind, message)
