"""The Express state machine, made from the ASL file."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from cdk.deadline import CHECK, DefinitionError, with_gateway_timeout
from cdk.settings import LOG_RETENTIONS, Settings

DEFINITION = Path(__file__).parent.parent / "statemachine" / "text_to_image.asl.json"


def definition_for(settings: Settings) -> dict[str, Any]:
    """The ASL file, for what this environment's gateway waits. DefinitionError."""
    try:
        definition = json.loads(DEFINITION.read_text())
    except ValueError as error:
        raise DefinitionError(str(error)) from error
    _check_names(definition)
    if settings.guardrail == "off":
        definition = _without_guardrail(definition)
    return with_gateway_timeout(definition, settings.gateway_timeout_seconds)


def _check_names(machine: Mapping[str, Any]) -> None:
    """DefinitionError where a state that is named is not there, inside of a Map too."""
    states = machine["States"]
    named = {machine["StartAt"]}.union(*map(_next_states, states.values()))
    if named - states.keys():
        raise DefinitionError(f"there is no state {', '.join(sorted(named - states.keys()))}")
    for state in states.values():
        if "ItemProcessor" in state:
            _check_names(state["ItemProcessor"])


def _without_guardrail(definition: dict[str, Any]) -> dict[str, Any]:
    """The definition without the states that only the guardrail needs. DefinitionError."""
    states = definition["States"]
    if CHECK not in states:
        raise DefinitionError(f"there is no state {CHECK}")
    (before,) = [state for state in states.values() if state.get("Next") == CHECK]
    verdict = states[states[CHECK]["Next"]]
    before["Next"] = verdict["Choices"][0]["Next"]
    reached = {definition["StartAt"]}
    while found := {name for each in reached for name in _next_states(states[each])} - reached:
        reached |= found
    return {
        **definition,
        "States": {name: state for name, state in states.items() if name in reached},
    }


def _next_states(state: Mapping[str, Any]) -> set[str]:
    """Every state that may follow a state."""
    named = {state[field] for field in ("Next", "Default") if field in state}
    return named | {
        branch["Next"] for branch in (*state.get("Catch", []), *state.get("Choices", []))
    }


class Workflow(Construct):
    """Exposes `state_machine`. `substitutions` fill the `${Name}` places of the ASL file."""

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
            definition_body=sfn.DefinitionBody.from_string(json.dumps(definition)),
            definition_substitutions=dict(substitutions),
            logs=sfn.LogOptions(
                destination=log_group,
                level=sfn.LogLevel.ALL,
                include_execution_data=settings.log_execution_data,
            ),
            tracing_enabled=True,
        )
