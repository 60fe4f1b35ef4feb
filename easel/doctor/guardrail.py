"""Whether guardrails in the stack's region can do what the settings ask of them."""

from cdk.guardrail_regions import CATEGORIES, PICTURE_CATEGORIES, PROFILES, unseen_categories
from cdk.settings import Settings
from easel.findings import Finding, ok, problem, warning


def check_guardrail(settings: Settings, region: str) -> Finding:
    """Says what pictures and prompts are not checked for."""
    subject = f"guardrails in {region}"
    if settings.guardrail == "off":
        return warning(subject, "guardrail is off: nothing is checked", "set guardrail to on")
    unseen = unseen_categories(region)
    if unseen == CATEGORIES:
        return problem(
            subject,
            "they look at no pictures, so none could be published",
            f"deploy to one of {', '.join(PICTURE_CATEGORIES)}, or set guardrail to off",
        )
    if settings.guardrail_tier == "STANDARD" and region not in PROFILES:
        return problem(
            subject,
            "guardrail_tier STANDARD is not known to exist",
            f"deploy to one of {', '.join(PROFILES)}, or set guardrail_tier to CLASSIC",
        )
    if unseen:
        return warning(
            subject,
            f"they look at pictures as a preview, and not for {', '.join(unseen)}",
            "deploy to a region that has it, if it matters: see docs/operations.md",
        )
    if settings.guardrail_tier == "CLASSIC" and not settings.guardrail_id:
        return ok(
            subject,
            "they look at pictures for everything; guardrail_tier CLASSIC reads English, French "
            "and Spanish",
        )
    return ok(subject, "they look at pictures for everything")
