"""What Bedrock's guardrails can do in which region, as far as a stack depends on it.

Sources, November 2026: "Block harmful images with content filters", "Safeguard tiers" and
"Supported Regions for cross-Region guardrail inference" of the Bedrock guide.
"""

from collections.abc import Mapping

# The categories of harmful content that Bedrock detects in text and pictures.
CATEGORIES = ("HATE", "INSULTS", "MISCONDUCT", "SEXUAL", "VIOLENCE")

# The regions whose guardrails look at pictures, and for what. Those with four are a preview.
_PREVIEW = tuple(category for category in CATEGORIES if category != "MISCONDUCT")
PICTURE_CATEGORIES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("us-east-1", "us-west-2", "eu-central-1", "ap-northeast-1"), CATEGORIES),
    **dict.fromkeys(
        (
            "us-east-2", "ap-south-1", "ap-northeast-2", "ap-southeast-1", "ap-southeast-2",
            "eu-west-1", "eu-west-2", "us-gov-west-1",
        ),
        _PREVIEW,
    ),
}  # fmt: skip

# Of these, the regions whose guardrails can be of the tier STANDARD, each with the guardrail
# profile of its geography, within which the service chooses a region for each check.
PROFILES: Mapping[str, str] = {
    **dict.fromkeys(("us-east-1", "us-east-2", "us-west-2"), "us.guardrail.v1:0"),
    **dict.fromkeys(("eu-central-1", "eu-west-1"), "eu.guardrail.v1:0"),
    **dict.fromkeys(
        ("ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2"),
        "apac.guardrail.v1:0",
    ),
    "us-gov-west-1": "us-gov.guardrail.v1:0",
}


def unseen_categories(region: str) -> tuple[str, ...]:
    """Returns what guardrails in a region do not look for in pictures."""
    seen = PICTURE_CATEGORIES.get(region, ())
    return tuple(category for category in CATEGORIES if category not in seen)
