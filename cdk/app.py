"""The CDK app: one stack, for the environment that the context names."""

import json
import os
import sys
from typing import Any

from aws_cdk import App, Environment

from cdk.definition import DefinitionError
from cdk.mapping_templates import MappingTemplateError
from cdk.settings import Settings, SettingsError
from cdk.spend import ceiling, in_words
from cdk.stack import EaselStack


def main(app: App) -> None:
    environments = app.node.get_context("environments")
    environment = app.node.try_get_context("environment") or "dev"
    if environment not in environments:
        raise SystemExit(
            f"no environment {environment!r} in cdk.json; known: {', '.join(environments)}"
        )
    try:
        settings = Settings.from_context(environments[environment] | _changed_settings(app))
    except SettingsError as error:
        raise SystemExit(f"settings of environment {environment}: {error}") from error
    # The cdk command says here which region it deploys to.
    region = os.environ.get("CDK_DEFAULT_REGION") or None
    try:
        EaselStack(app, f"easel-{environment}", settings=settings, env=Environment(region=region))
    except (DefinitionError, MappingTemplateError, SettingsError) as error:
        raise SystemExit(str(error)) from error
    app.synth()
    if region is None:
        print("No region is set, so its guardrails are not checked.", file=sys.stderr)
    print(in_words(ceiling(settings), settings), file=sys.stderr)


def _changed_settings(app: App) -> dict[str, Any]:
    """Returns the settings that one command overrides: `-c settings='{"auth": "api_key"}'`."""
    changed = app.node.try_get_context("settings") or {}
    try:
        return dict(json.loads(changed) if isinstance(changed, str) else changed)
    except ValueError as error:
        raise SettingsError(f"{changed!r} is no JSON object of settings") from error


if __name__ == "__main__":
    main(App())
