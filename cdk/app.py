"""The CDK app: one stack for the environment that the context names."""

from aws_cdk import App

from cdk.deadline import DefinitionError
from cdk.mapping_templates import MappingTemplateError
from cdk.settings import Settings, SettingsError
from cdk.stack import EaselStack
from cdk.workflow import DEFINITION


def main() -> None:
    app = App()
    environments = app.node.get_context("environments")
    environment = app.node.try_get_context("environment") or "dev"
    if environment not in environments:
        raise SystemExit(
            f"no environment {environment!r} in cdk.json; known: {', '.join(environments)}"
        )
    try:
        settings = Settings.from_context(environments[environment])
    except SettingsError as error:
        raise SystemExit(f"cdk.json, environment {environment}: {error}") from error
    try:
        EaselStack(app, f"easel-{environment}", settings=settings)
    except DefinitionError as error:
        raise SystemExit(f"statemachine/{DEFINITION.name}: {error}") from error
    except MappingTemplateError as error:
        raise SystemExit(f"cdk/mapping_templates/{error}") from error
    app.synth()


if __name__ == "__main__":
    main()
