"""Tells what a caller may do, by the policies of moto's roles and a resource's own policy."""

import fnmatch
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.models import Role, iam_backends

from local.aws.signatures import PARTITION, Caller, RefusedError

Statement = Mapping[str, Any]

_ANYTHING: Statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def authorise(
    caller: Caller,
    action: str,
    resource: str,
    context: Mapping[str, str] | None = None,
    resource_policy: Sequence[Statement] = (),
) -> None:
    """Raises RefusedError where the policies of the caller, and of the resource, do not allow an
    action.

    An explicit deny wins. The operator's own policy allows everything. `context` has the request's
    condition keys.
    """

    def effects(statements: Iterable[Statement]) -> set[str]:
        return {
            statement["Effect"]
            for statement in statements
            if _covers(statement, "Action", action.lower(), ignore_case=True)
            and _covers(statement, "Resource", resource)
            and _conditions_hold(statement.get("Condition", {}), context or {})
        }

    own = effects([_ANYTHING] if caller.role is None else _statements(_role(caller.role)))
    of_resource = effects(each for each in resource_policy if _names(each["Principal"], caller))
    if own | of_resource != {"Allow"}:
        why = f"because no identity-based policy allows the {action} action"
        if own == {"Allow"}:
            why = "with an explicit deny in a resource-based policy"
        raise RefusedError(
            "AccessDenied" if action.startswith("s3:") else "AccessDeniedException",
            f"User: {caller.arn} is not authorized to perform: {action} on resource: {resource} "
            f"{why}",
        )


def _names(principal: Any, caller: Caller) -> bool:
    """Returns whether a resource's policy is about the caller, which is never a service itself."""
    if principal == "*":
        return True
    named = set(_listed(principal.get("AWS", [])))
    if principal.keys() - {"AWS", "Service"} or named - {"*", caller.arn}:
        raise NotImplementedError(f"principal {principal} in a resource's policy")
    return bool(named)


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
    return all(
        _condition_holds(operator, context.get(key), _listed(patterns))
        for operator, wanted in conditions.items()
        for key, patterns in wanted.items()
    )


def _condition_holds(operator: str, given: str | None, patterns: list[str]) -> bool:
    match operator:
        case "Null":
            return ("true" if given is None else "false") in patterns
        case "StringEquals" | "ArnEquals" | "Bool":
            return given in patterns
        case "StringLike" | "ArnLike":
            return given is not None and any(_like(given, each) for each in patterns)
    raise NotImplementedError(f"IAM condition operator {operator}")


def _like(value: str, pattern: str) -> bool:
    """Matches IAM's wildcards, which are * and ?."""
    return fnmatch.fnmatchcase(value, pattern.replace("[", "[[]"))


def _listed(element: Any) -> list[Any]:
    return element if isinstance(element, list) else [element]
