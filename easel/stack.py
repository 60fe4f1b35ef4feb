"""A deployed stack: its outputs, its resources, and its functions by their steps."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from easel.aws import Account, Answer, Unanswered

API = "AWS::ApiGateway::RestApi"
STAGE = "AWS::ApiGateway::Stage"
FUNCTION = "AWS::Lambda::Function"
STATE_MACHINE = "AWS::StepFunctions::StateMachine"

Resources = Sequence[Mapping[str, Any]]


def outputs_of(stack: Mapping[str, Any]) -> dict[str, str]:
    """Reads the outputs of a stack of DescribeStacks."""
    return {item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs", [])}


def resources_of(account: Account, stack_name: str) -> Resources | Unanswered:
    return account.ask_all(
        "cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=stack_name
    )


def ids_of(resources: Resources, type: str) -> list[str]:
    return [each["PhysicalResourceId"] for each in resources if each["ResourceType"] == type]


def functions_of(account: Account, resources: Resources) -> list[Answer]:
    return [
        account.ask("lambda", "get_function_configuration", FunctionName=name)
        for name in ids_of(resources, FUNCTION)
    ]


def by_step(functions: Iterable[Answer]) -> dict[str, Mapping[str, Any]]:
    """Returns the configurations of Easel's own functions by the steps that they do."""
    return {
        answer["Handler"].split(".")[1]: answer
        for answer in functions
        if not isinstance(answer, Unanswered) and answer.get("Handler", "").startswith("lambdas.")
    }
