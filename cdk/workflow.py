"""The Express state machine, made from the ASL file."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from cdk.settings import LOG_RETENTIONS, Settings

DEFINITION = Path(__file__).parent.parent / "statemachine" / "text_to_image.asl.json"

# The file's timeouts are written for what API Gateway waits by default.
DEFAULT_GATEWAY_TIMEOUT_SECONDS = 29


def definition_for(gateway_timeout_seconds: int) -> dict[str, Any]:
    """The ASL file, with what the gateway waits beyond its default lent to Generate."""
    definition: dict[str, Any] = json.loads(DEFINITION.read_text())
    surplus = gateway_timeout_seconds - DEFAULT_GATEWAY_TIMEOUT_SECONDS
    definition["TimeoutSeconds"] += surplus
    definition["States"]["Generate"]["TimeoutSeconds"] += surplus
    return definition


class Workflow(Construct):
    """Exposes `state_machine`. `substitutions` fill the `${Name}` places of the ASL file."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Settings,
        substitutions: Mapping[str, str],
    ) -> None:
        super().__init__(scope, id)
        # Log groups outside /aws/vendedlogs/ each add to a resource policy that overflows.
        log_group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=f"/aws/vendedlogs/states/{Stack.of(self).stack_name}-text-to-image",
            retention=logs.RetentionDays(LOG_RETENTIONS[settings.log_retention_days]),
            removal_policy=RemovalPolicy.DESTROY,
        )
        # from_string and not from_file: the definition then stands in the template.
        self.state_machine = sfn.StateMachine(
            self,
            "StateMachine",
            state_machine_type=sfn.StateMachineType.EXPRESS,
            definition_body=sfn.DefinitionBody.from_string(
                json.dumps(definition_for(settings.gateway_timeout_seconds))
            ),
            definition_substitutions=dict(substitutions),
            logs=sfn.LogOptions(
                destination=log_group,
                level=sfn.LogLevel.ALL,
                include_execution_data=settings.log_execution_data,
            ),
            tracing_enabled=True,
        )
