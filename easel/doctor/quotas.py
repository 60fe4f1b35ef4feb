"""Whether the account's quotas are enough for the settings of an environment.

Sources: API Gateway's table of REST quotas, which links the integration timeout to its code, and
Lambda's page on concurrency. Bedrock's quotas have a code for each model and region, so they are
listed and found by name; its user guide says that requests per minute are enforced no more, and
that what is enforced counts tokens, which pictures have none of.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cdk.settings import Settings
from easel.aws import Account, Answer, Reason, Unanswered
from easel.findings import Finding, not_checked, ok, problem, warning, without_answer
from lambdas.common.catalog import CATALOG, Model

INTEGRATION_TIMEOUT = "L-E5AE38E3"
CONCURRENT_EXECUTIONS = "L-B99A9384"
REQUESTS_PER_MINUTE = "requests per minute"

_DEFAULT_INTEGRATION_TIMEOUT_MS = 29_000

# What Lambda does not let be reserved; new accounts were seen with less (PutFunctionConcurrency).
KEPT_UNRESERVED = 100


def examine(
    account: Account, settings: Settings, details: Answer, *, is_deployed: bool
) -> Iterator[Finding]:
    """Yields a finding for each quota; `details` are those of the default model."""
    default = CATALOG[settings.default_model]
    yield check_integration_timeout(settings, _integration_timeout(account))
    limits = account.ask("lambda", "get_account_settings")
    yield check_concurrency(settings, default, limits, is_deployed=is_deployed)
    bedrock = account.at(settings.bedrock_region)
    listed = bedrock.ask_all(
        "service-quotas", "list_service_quotas", "Quotas", ServiceCode="bedrock"
    )
    yield check_requests_per_minute(settings, default, details, listed)


def check_integration_timeout(settings: Settings, quota: Answer) -> Finding:
    """Compares gateway_timeout_seconds with its quota: API Gateway refuses to deploy more."""
    subject = "API Gateway's integration timeout"
    wanted = settings.gateway_timeout_seconds
    if isinstance(quota, Unanswered):
        if quota.reason is Reason.ABSENT and wanted * 1_000 <= _DEFAULT_INTEGRATION_TIMEOUT_MS:
            return ok(subject, f"{wanted} s is within the default quota, the account has no other")
        return without_answer(subject, quota)
    if "Value" not in quota["Quota"]:
        reason = quota["Quota"].get("ErrorReason", {}).get("ErrorMessage", "no reason given")
        return not_checked(subject, f"Service Quotas has no value: {reason}")
    allowed = quota["Quota"]["Value"] / 1_000
    found = f"gateway_timeout_seconds is {wanted}, the account's quota {allowed:g} s"
    if wanted <= allowed:
        return ok(subject, found)
    return problem(
        subject,
        found,
        f"set gateway_timeout_seconds to {allowed:g} at most, or ask Service Quotas for more "
        f"(apigateway, {INTEGRATION_TIMEOUT}): regional APIs may have it",
    )


def check_concurrency(
    settings: Settings, model: Model, account: Answer, *, is_deployed: bool
) -> Finding:
    """Says whether Lambda lets generate_concurrency be reserved, if the stack does not have it yet.

    Applies Little's law: each picture holds one execution for as long as its model draws.
    """
    subject = "Lambda's concurrent executions"
    if isinstance(account, Unanswered):
        return without_answer(subject, account)
    limit = account["AccountLimit"]
    free = limit["UnreservedConcurrentExecutions"]
    left = free if is_deployed else free - settings.generate_concurrency
    if settings.generate_concurrency and left < KEPT_UNRESERVED:
        return warning(
            subject,
            f"of {limit['ConcurrentExecutions']}, {free} are not reserved: generate_concurrency "
            f"{settings.generate_concurrency} leaves {left} for all other functions, and Lambda "
            f"keeps up to {KEPT_UNRESERVED} for those: the deployment may fail",
            f"ask Service Quotas for more (lambda, {CONCURRENT_EXECUTIONS}), or set "
            "generate_concurrency to 0",
        )
    wanted = settings.throttle_per_second * model.usual_seconds
    found = (
        f"{free} of {limit['ConcurrentExecutions']} are not reserved; throttle_per_second "
        f"{settings.throttle_per_second} at {model.usual_seconds} s a picture takes {wanted}"
    )
    if wanted <= free:
        return ok(subject, found)
    return warning(
        subject,
        found + ", so that callers are answered 429 before the throttle",
        f"ask Service Quotas for more (lambda, {CONCURRENT_EXECUTIONS}; new accounts begin with "
        f"few), or set throttle_per_second to {max(1, free // model.usual_seconds)}",
    )


def check_requests_per_minute(
    settings: Settings,
    model: Model,
    details: Answer,
    quotas: Sequence[Mapping[str, Any]] | Unanswered,
) -> Finding:
    """Looks up a model's requests per minute, which Service Quotas may have under its name."""
    subject = f"Bedrock's quota for {model.id}"
    if isinstance(quotas, Unanswered):
        return without_answer(subject, quotas)
    name = "" if isinstance(details, Unanswered) else details["modelDetails"].get("modelName", "")
    if not name:
        return not_checked(subject, "Bedrock does not say the name that its quotas have it under")
    found = [
        quota
        for quota in quotas
        if "Value" in quota
        and name.casefold() in quota["QuotaName"].casefold()
        and REQUESTS_PER_MINUTE in quota["QuotaName"].casefold()
        and "cross-region" not in quota["QuotaName"].casefold()
    ]
    if not found:
        return not_checked(
            subject, f"none of {len(quotas)} names both {name!r} and {REQUESTS_PER_MINUTE!r}"
        )
    allowed = min(quota["Value"] for quota in found)
    wanted = settings.throttle_per_second * 60
    said = f"{allowed:g} requests per minute, throttle_per_second makes {wanted}"
    if wanted <= allowed:
        return ok(subject, said)
    return warning(
        subject,
        said,
        "callers past it may be answered 429: ask Service Quotas for more (bedrock, "
        f"{found[0]['QuotaCode']}), or set throttle_per_second to {max(1, int(allowed // 60))}",
    )


def _integration_timeout(account: Account) -> Answer:
    """Returns the account's own value; where it never had one, everybody's."""
    asked = {"ServiceCode": "apigateway", "QuotaCode": INTEGRATION_TIMEOUT}
    own = account.ask("service-quotas", "get_service_quota", **asked)
    if isinstance(own, Unanswered) and own.reason is Reason.ABSENT:
        return account.ask("service-quotas", "get_aws_default_service_quota", **asked)
    return own
