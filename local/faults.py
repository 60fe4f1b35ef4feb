"""Faults on demand: what the local stack is told to do wrong, and how often.

`PUT /easel/faults` on the AWS endpoint, with the header `x-api-key: local`, takes
`{"faults": [{"at", "kind", "times", "seconds", "key"}]}` and replaces the plan; `GET` shows what is
left of it. Each fault happens `times` times (1), then its place is healthy again. `seconds` is how
long the kinds that last do last. `key` is a pattern for an S3 object's key, or for what a guardrail
is applied to: INPUT (prompts) or OUTPUT (pictures).
"""

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import botocore.session
from werkzeug.wrappers import Request, Response

from local.aws.wire import json_answer, rest_json_error
from local.serving import Server

INVOKE_MODEL = "InvokeModel"
APPLY_GUARDRAIL = "ApplyGuardrail"


@cache
def modelled_errors(operation: str = INVOKE_MODEL) -> Mapping[str, int]:
    """The errors of an operation of Bedrock's runtime and their HTTP statuses, from botocore's
    service model."""
    model = botocore.session.get_session().get_service_model("bedrock-runtime")
    return {
        shape.name: shape.metadata["error"]["httpStatusCode"]
        for shape in model.operation_model(operation).error_shapes
    }


# S3's own words for each kind: HTTP status and message.
S3_ERRORS: Mapping[str, tuple[int, str]] = {
    "AccessDenied": (403, "Access Denied"),
    "InternalError": (500, "We encountered an internal error. Please try again."),
    "SlowDown": (503, "Please reduce your request rate."),
}

# What a model can answer instead of one good picture.
BROKEN_ANSWERS = (
    "filtered",
    "empty_body",
    "truncated_json",
    "bad_base64",
    "wrong_format",
    "no_picture",
    "two_pictures",
)

# Good pictures that are not the one that the recipe gave before: `drift` is another picture under
# the same seed, `reencoded` has the same pixels in other bytes.
OTHER_PICTURES = ("drift", "reencoded")

# `reset` breaks the connection in the middle of the answer, `hang` and `slow` answer well after
# `seconds`. `refused` refuses every connection to Bedrock for `seconds`.
CONNECTION_FAULTS = ("reset", "hang", "slow", "refused")

# `killed` and `out_of_memory` end the process as Lambda does, `stopped` freezes it until its time
# is over, all after `seconds`; `too_large` answers with more than a state may hold; `slow` begins
# `seconds` late.
FUNCTION_FAULTS = ("killed", "out_of_memory", "stopped", "too_large", "slow")

KINDS: Mapping[str, tuple[str, ...]] = {
    INVOKE_MODEL: (*modelled_errors(), *BROKEN_ANSWERS, *OTHER_PICTURES, *CONNECTION_FAULTS),
    APPLY_GUARDRAIL: (*modelled_errors(APPLY_GUARDRAIL), "hang"),
    **dict.fromkeys(("PutObject", "GetObject", "HeadObject", "DeleteObject"), (*S3_ERRORS, "hang")),
    **dict.fromkeys(("validate", "generate", "store", "library", "delete"), FUNCTION_FAULTS),
}


@dataclass
class Fault:
    at: str
    kind: str
    times: int = 1
    seconds: float = 0.0
    key: str = "*"


class FaultPlan:
    """Thread-safe. `sleep` is how faults take their time. `bedrock` is the server whose connections
    a fault can refuse for a while."""

    bedrock: Server

    def __init__(self, sleep: Callable[[float], object] = time.sleep) -> None:
        self.sleep = sleep
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def take(self, at: str, key: str = "") -> Fault | None:
        """Returns the fault that happens here now, if one does, and counts it."""
        with self._lock:
            for fault in self._faults:
                if fault.at == at and fnmatchcase(key, fault.key) and fault.times > 0:
                    fault.times -= 1
                    return fault
        return None

    def control(self, request: Request) -> Response:
        if request.method == "PUT":
            try:
                self._replace(json.loads(request.get_data())["faults"])
            except (KeyError, TypeError, ValueError) as error:
                return rest_json_error(400, "ValidationException", f"no fault plan: {error}")
        elif request.method != "GET":
            return rest_json_error(405, "MethodNotAllowed", "GET shows the plan, PUT replaces it")
        with self._lock:
            left = [asdict(fault) for fault in self._faults if fault.times > 0]
        return json_answer({"faults": left, "bedrock_open": self.bedrock.is_open})

    def _replace(self, described: list[dict[str, Any]]) -> None:
        faults = [Fault(**fault) for fault in described]
        for fault in faults:
            if fault.at not in KINDS:
                raise ValueError(f"at is one of {', '.join(KINDS)}")
            if fault.kind not in KINDS[fault.at]:
                raise ValueError(f"kind at {fault.at} is one of {', '.join(KINDS[fault.at])}")
            if type(fault.times) is not int or fault.times < 1:
                raise ValueError(f"times is a whole number above 0, not {fault.times!r}")
            if isinstance(fault.seconds, bool) or not isinstance(fault.seconds, int | float):
                raise ValueError(f"seconds is a number, not {fault.seconds!r}")
        for fault in faults:
            if fault.kind == "refused":
                self.bedrock.refuse(fault.seconds)
        with self._lock:
            self._faults = [fault for fault in faults if fault.kind != "refused"]
