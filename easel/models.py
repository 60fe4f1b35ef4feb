"""What Bedrock says of a model of the catalog, and whether the catalog says the same.

Sources: botocore's service model of `bedrock`; the Bedrock user guide's pages on model access
(a model of AWS Marketplace is subscribed to by the first call of somebody who may) and on the
model lifecycle (legacy models are closed to new customers and to those that were idle).
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cdk.settings import Settings
from easel.account import Answer, Reason, Unanswered
from easel.findings import Finding, Level, ok, problem, warning, without_answer
from lambdas.common.catalog import Model, Retirement

CATALOG_FILE = "lambdas/common/catalog.py"
ACCESS_CURE = (
    "open it once in the playground of the Bedrock console, with credentials that may "
    "aws-marketplace:Subscribe, Unsubscribe and ViewSubscriptions and an account that can pay; "
    "that takes up to 15 minutes and counts for every role"
)


def check_model(
    model: Model, *, settings: Settings, details: Answer, availability: Answer, now: datetime
) -> list[Finding]:
    """Findings on a model that the catalog does not call retired; what is amiss with the default
    model is a problem."""
    findings = _check_lifecycle(model, settings, details, now)
    if isinstance(details, Unanswered):
        return findings
    findings += _check_availability(model, settings, availability)
    if findings:
        return findings
    return [ok(_subject(model, settings), f"active in {settings.bedrock_region}, and accessible")]


def check_retired(
    model: Model,
    retired: Retirement,
    *,
    settings: Settings,
    details: Answer,
    now: datetime,
) -> Finding:
    """Whether Bedrock agrees that a model's life has ended."""
    subject = _subject(model, settings)
    if isinstance(details, Unanswered):
        if not _is_unknown(details):
            return without_answer(subject, details)
    elif not _has_ended(_lifecycle(details), now):
        return warning(
            subject,
            f"the catalog calls it retired since {retired.date}, "
            f"Bedrock {_described(_lifecycle(details))}",
            f"correct {CATALOG_FILE}",
        )
    found = f"retired since {retired.date}, as the catalog says"
    if model.id == settings.default_model:
        return problem(subject, found, f"set default_model to {retired.successor}")
    return ok(subject, f"{found}; its successor is {retired.successor}")


def has_access(availability: Answer) -> bool:
    """Whether a call needs no subscription first."""
    return not isinstance(availability, Unanswered) and (
        availability["agreementAvailability"]["status"],
        availability["authorizationStatus"],
        availability["entitlementAvailability"],
        availability["regionAvailability"],
    ) == ("AVAILABLE", "AUTHORIZED", "AVAILABLE", "AVAILABLE")


def check_call(model: Model, answer: Answer) -> Finding:
    """What an empty request came to: a model refuses it for its missing prompt, and bills nothing.

    Its other ValidationExceptions, an unknown id or one for inference profiles only, are those of
    a model that GetFoundationModel has answered for already.
    """
    subject = f"call of {model.id}"
    if not isinstance(answer, Unanswered):
        return warning(
            subject, "it answered a request without a prompt", "draw a picture and look at it"
        )
    said = f"{answer.code}: {answer.message}"
    if answer.code == "ValidationException":
        return ok(subject, "it can be called; an empty request was refused, unpaid")
    if answer.reason is Reason.DENIED:
        return problem(
            subject,
            said,
            f"where this names {answer.action}, allow it to whoever runs the doctor; "
            f"else {ACCESS_CURE}",
        )
    if answer.reason is Reason.ABSENT:
        return problem(
            subject,
            said,
            "its life has ended, or it is legacy and was idle here: choose another default_model",
        )
    return without_answer(subject, answer)


def _check_lifecycle(
    model: Model, settings: Settings, details: Answer, now: datetime
) -> list[Finding]:
    region = settings.bedrock_region
    subject = _subject(model, settings)
    in_catalog = region in model.regions
    if isinstance(details, Unanswered):
        if not _is_unknown(details):
            return [without_answer(subject, details)]
        if not in_catalog:
            return [ok(subject, f"not offered in {region}, as the catalog says")]
        return [
            _grave(
                model,
                settings,
                f"Bedrock in {region} does not know it: {details.message}",
                "look it up in Bedrock's list of model lifecycles, write what it says into "
                f"{CATALOG_FILE}, and choose a default_model that is active",
            )
        ]
    lifecycle = _lifecycle(details)
    if _has_ended(lifecycle, now):
        return [
            _grave(
                model,
                settings,
                f"its life ended on {_date(lifecycle, 'endOfLifeTime')}",
                f"write it into {CATALOG_FILE} as retired, and choose another default_model",
            )
        ]
    findings = []
    if not in_catalog:
        findings.append(
            warning(
                subject,
                f"Bedrock offers it in {region}, the catalog does not",
                f"add {region} to its regions in {CATALOG_FILE}",
            )
        )
    if "ON_DEMAND" not in details["modelDetails"].get("inferenceTypesSupported", ["ON_DEMAND"]):
        findings.append(
            _grave(
                model,
                settings,
                "it takes calls through an inference profile only, and Easel calls models by id",
                "choose another default_model",
            )
        )
    return findings + _compare_legacy(model, settings, lifecycle)


def _compare_legacy(
    model: Model, settings: Settings, lifecycle: Mapping[str, Any]
) -> list[Finding]:
    subject = _subject(model, settings)
    described = _described(lifecycle)
    legacy = lifecycle["status"] == "LEGACY"
    if legacy and model.legacy is None:
        return [
            warning(
                subject,
                f"Bedrock {described}, the catalog calls it active",
                f"give it a Legacy with these dates and a successor in {CATALOG_FILE}, "
                "and move to that successor",
            )
        ]
    if model.legacy is None:
        return []
    dates = (_date(lifecycle, "legacyTime"), _date(lifecycle, "endOfLifeTime"))
    if not legacy or dates != (model.legacy.since, model.legacy.until):
        return [
            warning(
                subject,
                f"Bedrock {described}, the catalog calls it legacy since {model.legacy.since} "
                f"until {model.legacy.until}",
                f"correct {CATALOG_FILE}",
            )
        ]
    return [
        warning(
            subject,
            f"Bedrock {described}, as the catalog says",
            f"move to {model.legacy.successor}; an account that was idle for some weeks is refused",
        )
    ]


def _check_availability(model: Model, settings: Settings, availability: Answer) -> list[Finding]:
    if isinstance(availability, Unanswered):
        return [without_answer(_subject(model, settings), availability)]
    findings = []
    if availability["regionAvailability"] != "AVAILABLE":
        findings.append(
            _grave(
                model,
                settings,
                f"not available in {settings.bedrock_region}",
                f"set bedrock_region to one that has it; the catalog knows "
                f"{', '.join(model.regions)}",
            )
        )
    if availability["authorizationStatus"] != "AUTHORIZED":
        findings.append(
            _grave(
                model,
                settings,
                "the account is not authorized to use it",
                "look for a service control policy that denies it; else ask AWS Support",
            )
        )
    agreement = availability["agreementAvailability"]
    match agreement["status"]:
        case "AVAILABLE":
            pass
        case "PENDING":
            findings.append(
                warning(
                    _subject(model, settings),
                    "the account's subscription to it is being made",
                    "ask again in 15 minutes",
                )
            )
        case status:
            reason = agreement.get("errorMessage") or status
            findings.append(
                _grave(
                    model,
                    settings,
                    f"the account has no subscription to it ({reason})",
                    ACCESS_CURE,
                )
            )
    if availability["entitlementAvailability"] != "AVAILABLE" and not findings:
        findings.append(
            _grave(model, settings, "the account is not entitled to use it", ACCESS_CURE)
        )
    return findings


def _grave(model: Model, settings: Settings, found: str, cure: str) -> Finding:
    """A problem with the default model; with another one, a warning."""
    level = Level.PROBLEM if model.id == settings.default_model else Level.WARNING
    return Finding(level, _subject(model, settings), found, cure)


def _is_unknown(details: Unanswered) -> bool:
    """Bedrock was seen to say of a model it does not have that its identifier is invalid."""
    return details.reason is Reason.ABSENT or details.code == "ValidationException"


def _subject(model: Model, settings: Settings) -> str:
    default = model.id == settings.default_model
    return f"default model {model.id}" if default else f"model {model.id}"


def _lifecycle(details: Mapping[str, Any]) -> Mapping[str, Any]:
    """The lifecycle in an answer, which may leave it out: then nothing speaks against the model."""
    return dict(details["modelDetails"].get("modelLifecycle", {"status": "ACTIVE"}))


def _has_ended(lifecycle: Mapping[str, Any], now: datetime) -> bool:
    return "endOfLifeTime" in lifecycle and lifecycle["endOfLifeTime"] <= now


def _described(lifecycle: Mapping[str, Any]) -> str:
    if lifecycle["status"] != "LEGACY":
        return "calls it active"
    dearer = lifecycle.get("publicExtendedAccessTime")
    return "".join(
        (
            f"calls it legacy since {_date(lifecycle, 'legacyTime')}",
            f" until {_date(lifecycle, 'endOfLifeTime')}",
            f", dearer from {_date(lifecycle, 'publicExtendedAccessTime')}" if dearer else "",
        )
    )


def _date(lifecycle: Mapping[str, Any], name: str) -> str:
    time = lifecycle.get(name)
    return time.astimezone(UTC).date().isoformat() if time else "an unknown date"
