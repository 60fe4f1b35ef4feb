"""Bedrock's control plane on this machine: what it says of the catalog's models.

Shapes are those of botocore's service model. Names and launch dates of models stay out, for the
catalog has none. A model past its end of life is unknown, as one of another region is.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from werkzeug.wrappers import Request, Response

from lambdas.common.catalog import CATALOG, Model
from local.aws.policies import authorise
from local.aws.signatures import Caller
from local.aws.wire_errors import rest_json_error

MODELS = re.compile(r"/foundation-models")
MODEL = re.compile(r"/foundation-models/(?P<model>[^/]+)")
AVAILABILITY = re.compile(r"/foundation-model-availability/(?P<model>[^/]+)")

# What the service model takes as a model's identifier, for the two operations that name one.
_ID = re.compile(
    r"[a-z0-9-]{1,63}[.][a-z0-9-]{1,63}([a-z0-9-]{1,63}[.]){0,2}[a-z0-9-]{1,63}"
    r"([:][a-z0-9-]{1,63}){0,2}"
)
_ARN = re.compile(r"arn:aws:bedrock:(?P<region>[a-z0-9-]{1,20})::foundation-model/(?P<id>.+)")

_UNKNOWN = "Could not resolve the foundation model from the provided model identifier."


def describe(
    request: Request, path: str, caller: Caller, *, catalog: Mapping[str, Model] = CATALOG
) -> Response | None:
    """Returns the answer of the operation that a path names, None for any other path."""
    if request.method != "GET":
        return None
    if MODELS.fullmatch(path):
        return _models(request, caller, catalog)
    if match := AVAILABILITY.fullmatch(path):
        return _availability(unquote(match["model"]), caller, catalog)
    if match := MODEL.fullmatch(path):
        return _model(unquote(match["model"]), caller, catalog)
    return None


def _models(request: Request, caller: Caller, catalog: Mapping[str, Model]) -> Response:
    authorise(caller, "bedrock:ListFoundationModels", "*")
    asked = request.args
    summaries = [
        _details(model, caller.region)
        for model in catalog.values()
        if caller.region in model.regions
        and asked.get("byProvider", _provider(model)).lower() == _provider(model).lower()
        and asked.get("byOutputModality", "IMAGE") == "IMAGE"
        and asked.get("byInferenceType", "ON_DEMAND") == "ON_DEMAND"
        and "byCustomizationType" not in asked
    ]
    return _answered({"modelSummaries": summaries})


def _model(identifier: str, caller: Caller, catalog: Mapping[str, Model]) -> Response:
    arn = _ARN.fullmatch(identifier)
    id = arn["id"] if arn else identifier
    authorise(caller, "bedrock:GetFoundationModel", _arn(id, caller.region))
    if not _ID.fullmatch(id) or (arn and arn["region"] != caller.region):
        return _invalid()
    model = catalog.get(id)
    if model is None or caller.region not in model.regions:
        return rest_json_error(404, "ResourceNotFoundException", _UNKNOWN)
    return _answered({"modelDetails": _details(model, caller.region)})


def _availability(id: str, caller: Caller, catalog: Mapping[str, Model]) -> Response:
    authorise(caller, "bedrock:GetFoundationModelAvailability", "*")
    if not _ID.fullmatch(id):
        return _invalid()
    model = catalog.get(id)
    if model is None or model.retired:
        return rest_json_error(404, "ResourceNotFoundException", _UNKNOWN)
    here = "AVAILABLE" if caller.region in model.regions else "NOT_AVAILABLE"
    return _answered(
        {
            "modelId": model.id,
            "agreementAvailability": {"status": "AVAILABLE"},
            "authorizationStatus": "AUTHORIZED",
            "entitlementAvailability": "AVAILABLE",
            "regionAvailability": here,
        }
    )


def _details(model: Model, region: str) -> dict[str, Any]:
    return {
        "modelArn": _arn(model.id, region),
        "modelId": model.id,
        "providerName": _provider(model),
        "inputModalities": ["TEXT"],
        "outputModalities": ["IMAGE"],
        "responseStreamingSupported": False,
        "customizationsSupported": [],
        "inferenceTypesSupported": ["ON_DEMAND"],
        "modelLifecycle": _lifecycle(model),
    }


def _lifecycle(model: Model) -> dict[str, str]:
    if model.legacy is None:
        return {"status": "ACTIVE"}
    return {
        "status": "LEGACY",
        "legacyTime": _time(model.legacy.since),
        "endOfLifeTime": _time(model.legacy.until),
    }


def _time(date: str) -> str:
    return datetime.fromisoformat(date).replace(tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _provider(model: Model) -> str:
    return "Amazon" if model.id.startswith("amazon.") else "Stability AI"


def _arn(id: str, region: str) -> str:
    return f"arn:aws:bedrock:{region}::foundation-model/{id}"


def _invalid() -> Response:
    return rest_json_error(400, "ValidationException", "The provided model identifier is invalid.")


def _answered(body: dict[str, Any]) -> Response:
    return Response(json.dumps(body), content_type="application/json")
