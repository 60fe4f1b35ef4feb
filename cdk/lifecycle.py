"""What a synth says of the default model's life."""

from aws_cdk import Annotations
from constructs import Construct

from lambdas.common.catalog import Model


def warn_where_legacy(scope: Construct, model: Model) -> None:
    """A warning, which `cdk synth --strict` takes for an error."""
    if model.legacy is None:
        return
    Annotations.of(scope).add_warning_v2(
        "easel:legacyDefaultModel",
        f"default_model {model.id} is legacy since {model.legacy.since} and draws until "
        f"{model.legacy.until}, for accounts that use it; use {model.legacy.successor}",
    )
