"""The combinations of settings that make a template of their own, and the stack of each."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from aws_cdk import App

from cdk.settings import Settings
from cdk.stack import EaselStack

CONTEXT = json.loads((Path(__file__).parents[2] / "cdk.json").read_text())["context"]
ENVIRONMENTS = {
    name: Settings.from_context(CONTEXT["environments"][name]) for name in CONTEXT["environments"]
}

COMBINATIONS: Mapping[str, Settings] = MappingProxyType(
    {
        **ENVIRONMENTS,
        "api-key": Settings(auth="api_key"),
        "no-execution-data": Settings(log_execution_data=False),
        "slow-gateway": Settings(gateway_timeout_seconds=60),
        "destroy": Settings(removal_policy="destroy"),
        "retain": Settings(removal_policy="retain", image_retention_days=90),
        "elsewhere": Settings(
            bedrock_region="us-east-1",
            default_model="amazon.nova-canvas-v1:0",
            allow_retired_models=True,
        ),
    }
)


def app(**options: Any) -> App:
    """A CDK app with the feature flags of cdk.json, and with its options."""
    return App(context={name: value for name, value in CONTEXT.items() if "@" in name}, **options)


def stack(settings: Settings, *, name: str = "easel-test") -> EaselStack:
    return EaselStack(app(), name, settings=settings)
