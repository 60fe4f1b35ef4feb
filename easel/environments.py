"""The environments of cdk.json and their settings."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cdk.settings import Settings, SettingsError

CDK_JSON = Path(__file__).parent.parent / "cdk.json"


def settings_of(environment: str, changed: Mapping[str, Any] | None = None) -> Settings:
    """Returns an environment's settings, with those replaced that are changed for once.

    Raises SettingsError, and FileNotFoundError outside a checkout.
    """
    environments = json.loads(CDK_JSON.read_text())["context"]["environments"]
    if environment not in environments:
        raise SettingsError(
            f"no environment {environment!r} in cdk.json; known: {', '.join(environments)}"
        )
    return Settings.from_context({**environments[environment], **(changed or {})})
