"""Whose a picture is: the caller who drew it, by API key, user or role."""

import re

from lambdas.common.keys import id_of

_SESSION = re.compile(r"(arn:[^:]+:sts::\d+:assumed-role/[^/]+)/.*", re.DOTALL)


def owner_of(caller: str) -> str:
    """Returns the owner of what a caller draws: the id of an API key, or the ARN of who signed.

    All sessions of a role are one owner. A federated user and the account's root are owners of
    their own, as a user is.
    """
    session = _SESSION.fullmatch(caller)
    return session[1] if session else caller


def sees(owner: str, visibility: str, *, picture_of: str | None) -> bool:
    """Returns whether an owner may see a picture of `picture_of`, which is None in old manifests.

    With visibility caller, whoever has no name owns nothing.
    """
    return visibility == "team" or (bool(owner) and owner == picture_of)


def own_id(recipe_id: str, owner: str) -> str:
    """Returns the id of an owner's own picture of a recipe, which no other owner's picture has."""
    return id_of(recipe_id, owner)
