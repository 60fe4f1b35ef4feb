"""What a run costs by list prices, said before it begins."""

from easel.environments import Environment
from easel.smoke.guardrail import PICTURES as CHECKED_PICTURES
from easel.smoke.guardrail import TEXTS
from lambdas.common.catalog import CATALOG

# The first, the second of `count`, a rerun, and one with a hostile prompt.
DRAWN_PICTURES = 4

# Bedrock's price page, November 2026: a picture, and each policy's thousand characters of text.
PICTURE_CHECK_USD = 0.00075
TEXT_CHECK_USD = 0.00015


def announcement(environment: Environment) -> str:
    """Returns what a run on AWS costs, and what of it stays."""
    settings = environment.settings
    model = CATALOG[settings.default_model]
    usd = DRAWN_PICTURES * model.list_price_usd
    if settings.guardrail == "on":
        usd += (DRAWN_PICTURES + CHECKED_PICTURES) * PICTURE_CHECK_USD
        policies = 2 if settings.denied_topics else 1
        usd += (DRAWN_PICTURES + 2 + len(TEXTS)) * policies * TEXT_CHECK_USD
    return (
        f"Testing {environment.stack_name} in {environment.account.region} costs about ${usd:.2f}. "
        f"{DRAWN_PICTURES} pictures by {model.id} stay in its list. One alarm is set off for a "
        "moment: subscribers of its topic get two messages."
    )
