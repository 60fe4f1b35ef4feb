"""Bedrock's control plane on this machine: what it says of the catalog's models.

Shapes are those of botocore's service model. Names and launch dates of models stay out, for the
catalog has none. A model past its end of life is unknown, as one of another region is.
"""

import re
from typing import Any
from urllib.parse import unquote

from werkzeug.wrappers import Request, Response

from lambdas.common.catalog import CATALOG, Model
from local.aws.policies import authorise
from local.aws.signatures import Caller, RefusedError
from local.aws.wire import json_answer

_PATHS = re.compile(
    r"/foundation-models|/(?P<operation>foundation-models?(-availability)?)/(?P<model>[^/]+)"
)
# What the service model takes as a model's identifier, for the two operations that name one.
_ID = re.compile(
    r"[a-z0-9-]{1,63}[.][a-z0-9-]{1,63}([a-z0-9-]{1,63}[.]){0,2}[a-z0-9-]{1,63}"
    r"([:][a-z0-9-]{1,63}){0,2}"
)
INVALID_MODEL = "The provided model identifier is invalid."
_UNKNOWN = "Could not resolve the foundation model from the provided model identifier."


def describe(request: Request, path: str, caller: Caller) -> Response | None:
    """Returns the answer of the operation that a path names, None for any other path."""
    found = _PATHS.fullmatch(path)
    if found is None or request.method != "GET":
        return None
    if found["model"] is None:
        return _models(request, caller)
    return _model(found["operation"], unquote(found["model"]), caller)


def _models(request: Request, caller: Caller) -> Response:
    authorise(caller, "bedrock:ListFoundationModels", "*")
    asked = request.args
    summaries = [
        _details(model, caller.region)
        for model in CATALOG.values()
        if caller.region in model.regions
        and asked.get("byProvider", _provider(model)).lower() == _provider(model).lower()
        and asked.get("byOutputModality", "IMAGE") == "IMAGE"
        and asked.get("byInferenceType", "ON_DEMAND") == "ON_DEMAND"
        and "byCustomizationType" not in asked
    ]
    return json_answer({"modelSummaries": summaries})


def _model(operation: str, identifier: str, caller: Caller) -> Response:
    """Answers for one model. Only its description may be asked for by ARN and for one region."""
    described = operation == "foundation-models"
    id = identifier.removeprefix(model_arn("", caller.region)) if described else identifier
    if described:
        authorise(caller, "bedrock:GetFoundationModel", model_arn(id, caller.region))
    else:
        authorise(caller, "bedrock:GetFoundationModelAvailability", "*")
    if not _ID.fullmatch(id):
        raise RefusedError("ValidationException", INVALID_MODEL, 400)
    model = CATALOG.get(id)
    if model is None or model.retired or (described and caller.region not in model.regions):
        raise RefusedError("ResourceNotFoundException", _UNKNOWN, 404)
    if described:
        return json_answer({"modelDetails": _details(model, caller.region)})
    return json_answer(
        {
            "modelId": model.id,
            "agreementAvailability": {"status": "AVAILABLE"},
            "authorizationStatus": "AUTHORIZED",
            "entitlementAvailability": "AVAILABLE",
            "regionAvailability": "AVAILABLE"
            if caller.region in model.regions
            else "NOT_AVAILABLE",
        }
    )


def _details(model: Model, region: str) -> dict[str, Any]:
    lifecycle = {"status": "ACTIVE"}
    if model.legacy:
        lifecycle = {
            "status": "LEGACY",
            "legacyTime": f"{model.legacy.since}T00:00:00Z",
            "endOfLifeTime": f"{model.legacy.until}T00:00:00Z",
        }
    return {
        "modelArn": model_arn(model.id, region),
        "modelId": model.id,
        "providerName": _provider(model),
        "inputModalities": ["TEXT"],
        "outputModalities": ["IMAGE"],
        "responseStreamingSupported": False,
        "customizationsSupported": [],
        "inferenceTypesSupported": ["ON_DEMAND"],
        "modelLifecycle": lifecycle,
    }


def _provider(model: Model) -> str:
    return "Amazon" if model.id.startswith("amazon.") else "Stability AI"


def model_arn(id: str, region: str) -> str:
    return f"arn:aws:bedrock:{region}::foundation-model/{id}"
