"""Tells what a caller may do: the policies of moto's roles, by action, resource and condition."""

import fnmatch
import json
from collections.abc import Iterator, Mapping
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.models import Role, iam_backends

from local.aws.signatures import PARTITION, Caller, RefusedError

Statement = Mapping[str, Any]


def authorise(caller: Caller, action: str, resource: str) -> None:
    """Raises RefusedError where the caller's role does not allow the action on the resource."""
    if not may(caller, action, resource):
        raise RefusedError(
            "AccessDenied" if action.startswith("s3:") else "AccessDeniedException",
            f"User: {caller.arn} is not authorized to perform: {action} on resource: {resource} "
            f"because no identity-based policy allows the {action} action",
        )


def may(
    caller: Caller, action: str, resource: str, context: Mapping[str, str] | None = None
) -> bool:
    """Returns whether the policies of the caller's role allow an action: an explicit deny wins."""
    if caller.role is None:
        return True
    effects = {
        statement["Effect"]
        for statement in _statements(_role(caller.role))
        if _covers(statement, "Action", action.lower(), ignore_case=True)
        and _covers(statement, "Resource", resource)
        and _conditions_hold(statement.get("Condition", {}), context or {})
    }
    return effects == {"Allow"}


def check_trust(role_arn: str, service: str) -> None:
    """Raises RefusedError where a role's trust policy does not let a service act in it.

    Its conditions, on who uses the service, hold: everything here is one account's.
    """
    for statement in _of_document(_role(role_arn).assume_role_policy_document):
        services = _listed(statement.get("Principal", {}).get("Service", []))
        if statement["Effect"] == "Allow" and service in services:
            return
    raise RefusedError("AccessDenied", f"{service} is not authorized to assume {role_arn}")


def _role(name: str) -> Role:
    """Returns a role by its name or ARN."""
    roles = iam_backends[DEFAULT_ACCOUNT_ID][PARTITION].roles.values()
    return next(role for role in roles if name in (role.name, role.arn))


def _statements(role: Role) -> Iterator[Statement]:
    for document in role.policies.values():
        yield from _of_document(document)
    for policy in role.managed_policies.values():
        for version in policy.versions:
            if version.is_default:
                yield from _of_document(version.document)


def _of_document(document: Any) -> list[Statement]:
    return _listed((json.loads(document) if isinstance(document, str) else document)["Statement"])


def _covers(statement: Statement, element: str, value: str, *, ignore_case: bool = False) -> bool:
    """Returns whether an Action or Resource element, or its Not- form, covers a value."""
    inverted = f"Not{element}" in statement
    patterns = _listed(statement[f"Not{element}" if inverted else element])
    found = any(_like(value, each.lower() if ignore_case else each) for each in patterns)
    return found != inverted


def _conditions_hold(conditions: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    for operator, wanted in conditions.items():
        if operator not in ("StringEquals", "ArnEquals", "StringLike", "ArnLike"):
            raise NotImplementedError(f"IAM condition operator {operator}")
        for key, patterns in wanted.items():
            given = context.get(key)
            if given is None or not any(
                _like(given, each) if operator.endswith("Like") else given == each
                for each in _listed(patterns)
            ):
                return False
    return True


def _like(value: str, pattern: str) -> bool:
    """Matches IAM's wildcards, which are * and ?."""
    return fnmatch.fnmatchcase(value, pattern.replace("[", "[[]"))


def _listed(element: Any) -> list[Any]:
    return element if isinstance(element, list) else [element]
