"""The combinations of settings that make a template of their own, and the stack of each."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from aws_cdk import App
from aws_cdk.assertions import Template

from cdk.settings import DeniedTopic, Settings
from cdk.stack import EaselStack
from tests.share import WHOLE

STACK_NAME = "easel-test"

_CONTEXT = json.loads((Path(__file__).parents[2] / "cdk.json").read_text())["context"]

_UUID = "0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"

COMBINATIONS: Mapping[str, Settings] = MappingProxyType(
    {
        **{name: Settings.from_context(each) for name, each in _CONTEXT["environments"].items()},
        "api_key": Settings(auth="api_key"),
        "execution_data": Settings(log_execution_data=True),
        "slow_gateway": Settings(gateway_timeout_seconds=60),
        "destroyed": Settings(removal_policy="destroy"),
        "retained": Settings(removal_policy="retain", image_retention_days=90),
        "another_region": Settings(
            bedrock_region="us-east-1",
            default_model="amazon.nova-canvas-v1:0",
            allow_retired_models=True,
        ),
        "own_guardrail": Settings(
            denied_words=("walrus",),
            denied_topics=(DeniedTopic("Shares", "Advice on shares", ("which shares",)),),
        ),
        "standard_guardrail": Settings(
            guardrail_tier="STANDARD", denied_topics=(DeniedTopic("Shares", "Advice on shares"),)
        ),
        "guardrail_brought_along": Settings(guardrail_id="abcdefgh1234", guardrail_version="7"),
        "no_guardrail": Settings(guardrail="off"),
        "waf": Settings(waf=True),
        "no_list": Settings(list="off"),
        "other_origins": Settings(allowed_origins=("https://a.example", "https://b.example")),
        "own_domain": Settings(
            domain_name="images.example.com",
            certificate_arn=f"arn:aws:acm:us-east-1:123456789012:certificate/{_UUID}",
        ),
        "private": Settings(
            vpc_endpoint_id="vpce-0123456789abcdef0",
            allowed_origins=("https://a.example",),
            visibility="caller",
        ),
        "private_by_key": Settings(
            vpc_endpoint_id="vpce-0123456789abcdef0", auth="api_key", waf=True
        ),
        "own_key": Settings(
            kms_key_arn=f"arn:aws:kms:us-east-1:123456789012:key/{_UUID}",
            waf=True,
            tags=(("team", "art"), ("cost center", "4711")),
        ),
        "no_reserve": Settings(generate_concurrency=0, alarm_email="operator@example.com"),
    }
)

# Those that add or take away what has permissions.
_MOST_TELLING = (
    "dev", "local", "standard_guardrail", "no_guardrail", "waf", "other_origins", "private",
    "own_key",
)  # fmt: skip
TRIED = tuple(COMBINATIONS) if WHOLE else _MOST_TELLING


def app(outdir: Path | None = None) -> App:
    """A CDK app with the feature flags of cdk.json and with the paths of its constructs."""
    flags: dict[str, Any] = {name: flag for name, flag in _CONTEXT.items() if name.startswith("@")}
    return App(
        context={**flags, "aws:cdk:enable-path-metadata": True},
        outdir=str(outdir) if outdir else None,
    )


def stack(settings: Settings, *, name: str = STACK_NAME) -> EaselStack:
    return EaselStack(app(), name, settings=settings)


@cache
def stack_of(settings: Settings) -> EaselStack:
    return stack(settings)


@cache
def template_of(settings: Settings) -> Template:
    return Template.from_stack(stack_of(settings))


def properties(settings: Settings, type: str) -> list[dict[str, Any]]:
    """Of every resource of a type."""
    found = template_of(settings).find_resources(type)
    return [resource["Properties"] for resource in found.values()]
