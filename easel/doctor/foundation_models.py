"""What Bedrock says of a model of the catalog, and whether the catalog says the same.

Sources: botocore's service model of `bedrock`; the Bedrock user guide's pages on model access
(a model of AWS Marketplace is subscribed to by the first call of somebody who may) and on the
model lifecycle (legacy models are closed to new customers and to those that were idle).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cdk.settings import Settings
from easel.aws import Account, Answer, Reason, Unanswered
from easel.findings import Finding, Level, not_checked, ok, problem, warning, without_answer
from lambdas.common.catalog import CATALOG, Model, Retirement

CATALOG_FILE = "lambdas/common/catalog.py"
ACCESS_CURE = (
    "open it once in the playground of the Bedrock console, with credentials that may "
    "aws-marketplace:Subscribe, Unsubscribe and ViewSubscriptions and an account that can pay; "
    "that takes up to 15 minutes and counts for every role"
)


def examine(
    account: Account, settings: Settings, details: Mapping[str, Answer], now: datetime
) -> Iterator[Finding]:
    """Yields findings on every model of the catalog, and calls the default one."""
    for model in CATALOG.values():
        check = ModelCheck(model, settings, details[model.id], now)
        if model.retired:
            yield check.check_retired(model.retired)
            continue
        availability = account.ask("bedrock", "get_foundation_model_availability", modelId=model.id)
        findings = check.check(availability)
        yield from findings
        if not check.is_default:
            continue
        # The first call of a model may subscribe to it: none where its access is in doubt.
        if has_access(availability) and not any(each.level is Level.PROBLEM for each in findings):
            request = {"modelId": model.id, "contentType": "application/json", "body": b"{}"}
            yield check_call(model, account.ask("bedrock-runtime", "invoke_model", **request))
        else:
            yield not_checked(f"call of {model.id}", "not tried before the above is mended")


def has_access(availability: Answer) -> bool:
    """Returns whether a call needs no subscription first."""
    return not isinstance(availability, Unanswered) and (
        availability["agreementAvailability"]["status"],
        availability["authorizationStatus"],
        availability["entitlementAvailability"],
        availability["regionAvailability"],
    ) == ("AVAILABLE", "AUTHORIZED", "AVAILABLE", "AVAILABLE")


def check_call(model: Model, answer: Answer) -> Finding:
    """Judges the answer to an empty request, which a model refuses for its missing prompt, unpaid.

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
            f"where this names {answer.action}, allow it to whoever runs this; else {ACCESS_CURE}",
        )
    if answer.reason is Reason.ABSENT:
        return problem(
            subject,
            said,
            "its life has ended, or it is legacy and was idle here: choose another default_model",
        )
    return without_answer(subject, answer)


@dataclass(frozen=True)
class ModelCheck:
    """Compares a model of the catalog with `details`, Bedrock's answer to GetFoundationModel."""

    model: Model
    settings: Settings
    details: Answer
    now: datetime

    @property
    def is_default(self) -> bool:
        return self.model.id == self.settings.default_model

    @property
    def subject(self) -> str:
        return f"{'default ' if self.is_default else ''}model {self.model.id}"

    def check(self, availability: Answer) -> list[Finding]:
        """Returns findings on a model that the catalog does not call retired."""
        if isinstance(self.details, Unanswered):
            return [self._without_details(self.details)]
        life = _lifecycle(self.details)
        findings = [*self._check_life(life, self.details), *self._check_access(availability)]
        active = f"active in {self.settings.bedrock_region}, and accessible"
        return findings or [ok(self.subject, active)]

    def check_retired(self, retired: Retirement) -> Finding:
        """Says whether Bedrock agrees that a model's life has ended."""
        if isinstance(self.details, Unanswered):
            if not _is_unknown(self.details):
                return without_answer(self.subject, self.details)
        elif not self._has_ended(life := _lifecycle(self.details)):
            return warning(
                self.subject,
                f"the catalog calls it retired since {retired.date}, Bedrock {_described(life)}",
                f"correct {CATALOG_FILE}",
            )
        found = f"retired since {retired.date}, as the catalog says"
        if self.is_default:
            return problem(self.subject, found, f"set default_model to {retired.successor}")
        return ok(self.subject, f"{found}; its successor is {retired.successor}")

    def _without_details(self, details: Unanswered) -> Finding:
        region = self.settings.bedrock_region
        if not _is_unknown(details):
            return without_answer(self.subject, details)
        if region not in self.model.regions:
            return ok(self.subject, f"not offered in {region}, as the catalog says")
        return self._unusable(
            f"Bedrock in {region} does not know it: {details.message}",
            "look it up in Bedrock's list of model lifecycles, write what it says into "
            f"{CATALOG_FILE}, and choose a default_model that is active",
        )

    def _check_life(self, life: Mapping[str, Any], details: Mapping[str, Any]) -> Iterator[Finding]:
        region = self.settings.bedrock_region
        if self._has_ended(life):
            yield self._unusable(
                f"its life ended on {_date(life, 'endOfLifeTime')}",
                f"write it into {CATALOG_FILE} as retired, and choose another default_model",
            )
            return
        if region not in self.model.regions:
            yield warning(
                self.subject,
                f"Bedrock offers it in {region}, the catalog does not",
                f"add {region} to its regions in {CATALOG_FILE}",
            )
        if "ON_DEMAND" not in details["modelDetails"].get("inferenceTypesSupported", ["ON_DEMAND"]):
            yield self._unusable(
                "it takes calls through an inference profile only, and Easel calls models by id",
                "choose another default_model",
            )
        yield from self._check_legacy(life)

    def _check_legacy(self, life: Mapping[str, Any]) -> Iterator[Finding]:
        known = self.model.legacy
        is_legacy = life["status"] == "LEGACY"
        dates = (_date(life, "legacyTime"), _date(life, "endOfLifeTime"))
        if known is None and is_legacy:
            said = "the catalog calls it active"
            cure = (
                f"give it a Legacy with these dates and a successor in {CATALOG_FILE}, "
                "and move to that successor"
            )
        elif known is None:
            return
        elif is_legacy and dates == (known.since, known.until):
            said = "as the catalog says"
            cure = f"move to {known.successor}; an account that was idle for some weeks is refused"
        else:
            said = f"the catalog calls it legacy since {known.since} until {known.until}"
            cure = f"correct {CATALOG_FILE}"
        yield warning(self.subject, f"Bedrock {_described(life)}, {said}", cure)

    def _check_access(self, availability: Answer) -> list[Finding]:
        if isinstance(availability, Unanswered):
            return [without_answer(self.subject, availability)]
        findings = []
        if availability["regionAvailability"] != "AVAILABLE":
            cure = "set bedrock_region to one that has it; the catalog knows "
            cure += ", ".join(self.model.regions)
            found = f"not available in {self.settings.bedrock_region}"
            findings.append(self._unusable(found, cure))
        if availability["authorizationStatus"] != "AUTHORIZED":
            cure = "look for a service control policy that denies it; else ask AWS Support"
            findings.append(self._unusable("the account is not authorized to use it", cure))
        agreement = availability["agreementAvailability"]
        if agreement["status"] == "PENDING":
            found = "the account's subscription to it is being made"
            findings.append(warning(self.subject, found, "ask again in 15 minutes"))
        elif agreement["status"] != "AVAILABLE":
            reason = agreement.get("errorMessage") or agreement["status"]
            found = f"the account has no subscription to it ({reason})"
            findings.append(self._unusable(found, ACCESS_CURE))
        if availability["entitlementAvailability"] != "AVAILABLE" and not findings:
            found = "the account is not entitled to use it"
            findings.append(self._unusable(found, ACCESS_CURE))
        return findings

    def _unusable(self, found: str, cure: str) -> Finding:
        """Returns a problem with the default model, a warning with another one."""
        level = Level.PROBLEM if self.is_default else Level.WARNING
        return Finding(level, self.subject, found, cure)

    def _has_ended(self, life: Mapping[str, Any]) -> bool:
        return "endOfLifeTime" in life and life["endOfLifeTime"] <= self.now


def _is_unknown(details: Unanswered) -> bool:
    """Returns whether Bedrock lacks a model; it was seen to call its identifier invalid then."""
    return details.reason is Reason.ABSENT or details.code == "ValidationException"


def _lifecycle(details: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns the lifecycle in an answer; where that leaves it out, the model counts as active."""
    return dict(details["modelDetails"].get("modelLifecycle", {"status": "ACTIVE"}))


def _described(life: Mapping[str, Any]) -> str:
    if life["status"] != "LEGACY":
        return "calls it active"
    said = f"calls it legacy since {_date(life, 'legacyTime')} until {_date(life, 'endOfLifeTime')}"
    if life.get("publicExtendedAccessTime"):
        said += f", dearer from {_date(life, 'publicExtendedAccessTime')}"
    return said


def _date(life: Mapping[str, Any], name: str) -> str:
    time = life.get(name)
    return time.astimezone(UTC).date().isoformat() if time else "an unknown date"
