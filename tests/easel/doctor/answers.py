"""What AWS answers the doctor, in the shapes of the service models."""

from datetime import UTC, datetime
from typing import Any

from cdk.settings import Settings
from easel.aws import Reason, Unanswered
from easel.findings import Finding, Level
from lambdas.common.catalog import CATALOG, Model
from lambdas.common.environment import ENVIRONMENTS

NOW = datetime(2026, 11, 20, tzinfo=UTC)


SETTINGS = Settings(throttle_per_second=5)


CORE = CATALOG[SETTINGS.default_model]


OTHER = CATALOG["stability.sd3-5-large-v1:0"]


RETIRED = CATALOG["amazon.nova-canvas-v1:0"]


ABSENT = Unanswered(Reason.ABSENT, "any:Action", "ResourceNotFoundException", "unknown")


DENIED = Unanswered(Reason.DENIED, "any:Action", "AccessDeniedException", "User: me may not")


AVAILABLE = {
    "modelId": CORE.id,
    "agreementAvailability": {"status": "AVAILABLE"},
    "authorizationStatus": "AUTHORIZED",
    "entitlementAvailability": "AVAILABLE",
    "regionAvailability": "AVAILABLE",
}


def details(model: Model = CORE, **lifecycle: Any) -> dict[str, Any]:
    return {
        "modelDetails": {
            "modelArn": f"arn:aws:bedrock:us-west-2::foundation-model/{model.id}",
            "modelId": model.id,
            "modelName": "Stable Image Core 1.0",
            "inferenceTypesSupported": ["ON_DEMAND"],
            "modelLifecycle": {"status": "ACTIVE", **lifecycle},
        }
    }


def legacy_details(model: Model = CORE, until: datetime | None = None) -> dict[str, Any]:
    return details(
        model,
        status="LEGACY",
        legacyTime=datetime(2026, 11, 1, tzinfo=UTC),
        endOfLifeTime=until or datetime(2027, 5, 1, tzinfo=UTC),
    )


def function(step: str, **variables: str) -> dict[str, Any]:
    return {
        "FunctionName": step,
        "Handler": f"lambdas.{step}.handler.handler",
        "State": "Active",
        "Environment": {"Variables": ENVIRONMENTS[step].variables(vars(SETTINGS)) | variables},
    }


def quota(name: str, value: float, code: str = "L-12345678") -> dict[str, Any]:
    return {"QuotaName": name, "QuotaCode": code, "Value": value}


def limits(free: int) -> dict[str, Any]:
    return {"AccountLimit": {"ConcurrentExecutions": free, "UnreservedConcurrentExecutions": free}}


def levels(findings: list[Finding]) -> list[Level]:
    return [finding.level for finding in findings]
