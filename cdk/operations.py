"""The table of the API's operations, for the API, the OpenAPI document and the spend ceiling."""

from dataclasses import dataclass
from types import UnionType
from typing import Any

from cdk.schemas import Schema, reference, schema_of
from cdk.settings import Settings
from lambdas.common.answers import (
    DeletedPicture,
    Id,
    Page,
    Picture,
    Pictures,
    RerunPicture,
    ShownPicture,
)
from lambdas.library.pictures import LIMIT
from lambdas.validate.idempotency import HEADER, KEY_LIMIT
from lambdas.validate.plan import COUNT_LIMIT


@dataclass(frozen=True)
class Operation:
    """One method of the API.

    The state machine chooses by `name`. `answer` is the type of a 200's body, `request` the schema
    of the request's. `parameters` are in OpenAPI's form. `pictures` is the most that one request
    can draw. `id` is the OpenAPI operationId if several routes share one `name`. `setting` is the
    name of the setting that offers the operation, or empty if it is always there.
    """

    http_method: str
    route: str
    name: str
    summary: str
    answer: type | UnionType
    answer_summary: str
    request: Schema | None = None
    parameters: tuple[Schema, ...] = ()
    pictures: int = 0
    id: str = ""
    setting: str = ""


def _query(name: str, **schema: Any) -> Schema:
    return {"name": name, "in": "query", "required": False, "schema": schema}


_ID = {"name": "id", "in": "path", "required": True, "schema": schema_of(Id)}
_IDEMPOTENCY_KEY = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": KEY_LIMIT},
    "description": "The same key and body give the same picture, for a day.",
}

OPERATIONS = (
    *(
        Operation(
            "POST",
            route,
            "draw",
            "Draw a picture, or up to four",
            Picture | Pictures,
            "The picture; with a count of 2 or more, the pictures",
            request=reference("DrawRequest"),
            parameters=(_IDEMPOTENCY_KEY,),
            pictures=COUNT_LIMIT,
            id=f"draw{route.replace('/', '_')}",
        )
        # `/images`, and the routes of older services, for callers who move here.
        for route in ("/images", "/image", "/image-generation", "/generate-poster", "/")
    ),
    Operation(
        "GET",
        "/images",
        "list",
        "Earlier pictures, the newest first",
        Page,
        "A page",
        parameters=(
            _query("limit", type="integer", minimum=1, maximum=LIMIT),
            _query("after", type="string", minLength=46, maxLength=46),
        ),
        setting="list",
    ),
    Operation(
        "GET",
        "/images/{id}",
        "show",
        "An earlier picture's manifest and a fresh URL",
        ShownPicture,
        "The picture",
        parameters=(_ID,),
    ),
    Operation(
        "DELETE",
        "/images/{id}",
        "delete",
        "Delete a picture and all that is kept of it",
        DeletedPicture,
        "The picture is deleted",
        parameters=(_ID,),
        setting="allow_deletion",
    ),
    Operation(
        "POST",
        "/images/{id}/rerun",
        "rerun",
        "Draw an earlier picture again, and say whether it came out the same",
        RerunPicture,
        "The new picture",
        request=reference("RerunRequest"),
        parameters=(_ID, _IDEMPOTENCY_KEY),
        pictures=1,
    ),
)


def operations_for(settings: Settings) -> tuple[Operation, ...]:
    """Returns the operations that an environment offers."""
    return tuple(
        each
        for each in OPERATIONS
        if not each.setting or getattr(settings, each.setting) in (True, "on")
    )
