"""The combinations of settings that make a template of their own, and the stack of each."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from aws_cdk import App

from cdk.settings import Settings
from cdk.stack import EaselStack

STACK_NAME = "easel-test"

_CONTEXT = json.loads((Path(__file__).parents[2] / "cdk.json").read_text())["context"]

COMBINATIONS: Mapping[str, Settings] = MappingProxyType(
    {
        **{name: Settings.from_context(each) for name, each in _CONTEXT["environments"].items()},
        "api_key": Settings(auth="api_key"),
        "no_execution_data": Settings(log_execution_data=False),
        "slow_gateway": Settings(gateway_timeout_seconds=60),
        "destroyed": Settings(removal_policy="destroy"),
        "retained": Settings(removal_policy="retain", image_retention_days=90),
        "another_region": Settings(
            bedrock_region="us-east-1",
            default_model="amazon.nova-canvas-v1:0",
            allow_retired_models=True,
        ),
    }
)


def app(outdir: Path | None = None) -> App:
    """A CDK app with the feature flags of cdk.json and with the paths of its constructs."""
    flags: dict[str, Any] = {name: flag for name, flag in _CONTEXT.items() if name.startswith("@")}
    return App(
        context={**flags, "aws:cdk:enable-path-metadata": True},
        outdir=str(outdir) if outdir else None,
    )


def stack(settings: Settings, *, name: str = STACK_NAME) -> EaselStack:
    return EaselStack(app(), name, settings=settings)
