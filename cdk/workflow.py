"""The Express state machine."""

import json
from collections.abc import Mapping
from typing import Any

from aws_cdk import Fn, Stack
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from cdk.log_groups import add_log_group
from cdk.settings import Settings


class Workflow(Construct):
    """Exposes `state_machine`. `substitutions` replace the ASL file's `${Name}` placeholders."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Settings,
        definition: Mapping[str, Any],
        substitutions: Mapping[str, str],
    ) -> None:
        super().__init__(scope, id)
        # Each log group outside /aws/vendedlogs/ adds to a resource policy with limited size. The
        # stack's own id is in the name, because a log group that is retained keeps its name.
        stack = Stack.of(self)
        stack_id = Fn.select(2, Fn.split("/", stack.stack_id))
        name = f"/aws/vendedlogs/states/{stack.stack_name}-{stack_id}"
        log_group = add_log_group(self, "Logs", settings, name=name)
        # from_string, not from_file, so that the definition is in the template.
        self.state_machine = sfn.StateMachine(
            self,
            "StateMachine",
            state_machine_type=sfn.StateMachineType.EXPRESS,
            definition_body=sfn.DefinitionBody.from_string(json.dumps(definition)),
            definition_substitutions=dict(substitutions),
            logs=sfn.LogOptions(
                destination=log_group,
                level=sfn.LogLevel.ALL,
                include_execution_data=settings.log_execution_data,
            ),
            tracing_enabled=True,
        )
