"""Idempotency-Key: one key, one request, one recipe."""

from dataclasses import replace
from typing import Any

import pytest

from lambdas.common.bucket import Bucket
from lambdas.common.errors import IdempotencyKeyReusedError, InvalidRequestError
from lambdas.common.keys import idempotency_key
from lambdas.common.recipe import Recipe
from lambdas.validate import handler as validate
from lambdas.validate.idempotency import checked_key, recipe_for_key, remember_request
from tests.environments import VALIDATE
from tests.lambdas.publications import RECIPE, published, stage
from tests.lambdas.test_owner import ROLE, USER

REQUEST = {"prompt": "a cat"}
FIRST = Recipe(model="m", prompt="a cat", negative_prompt="", seed=1)
SECOND = replace(FIRST, seed=2)
OBJECT_KEY = idempotency_key("owner", "key")


def test_the_first_request_of_a_key_keeps_its_recipe(bucket: Bucket) -> None:
    recipe = recipe_for_key(FIRST, request=REQUEST, object_key=OBJECT_KEY, bucket=bucket)

    assert recipe == FIRST


def test_the_same_request_gets_the_first_recipe_again(bucket: Bucket) -> None:
    recipe_for_key(FIRST, request=REQUEST, object_key=OBJECT_KEY, bucket=bucket)

    again = recipe_for_key(SECOND, request=REQUEST, object_key=OBJECT_KEY, bucket=bucket)

    assert again == FIRST


def test_the_record_of_a_key_holds_no_prompt(bucket: Bucket) -> None:
    weighted = {"text_prompts": [{"text": "a cat", "weight": 2}], "steps": 30}
    first = replace(FIRST, negative_prompt="a cat", parameters=weighted)

    recipe_for_key(first, request=REQUEST, object_key=OBJECT_KEY, bucket=bucket)

    assert b"cat" not in bucket.require(OBJECT_KEY).content
    later = replace(first, seed=2, parameters={**weighted, "steps": 50})
    assert recipe_for_key(later, request=REQUEST, object_key=OBJECT_KEY, bucket=bucket) == first


def test_another_request_under_the_key_is_refused(bucket: Bucket) -> None:
    recipe_for_key(FIRST, request=REQUEST, object_key=OBJECT_KEY, bucket=bucket)

    with pytest.raises(IdempotencyKeyReusedError) as caught:
        recipe_for_key(SECOND, request={"prompt": "b"}, object_key=OBJECT_KEY, bucket=bucket)

    assert (caught.value.status, caught.value.param) == (422, "Idempotency-Key")


def test_a_key_is_kept_for_one_request_that_needs_no_recipe(bucket: Bucket) -> None:
    for _ in range(2):
        remember_request(["id", {}], object_key=OBJECT_KEY, bucket=bucket)

    for request in (["other", {}], ["id", {"model": "m"}]):
        with pytest.raises(IdempotencyKeyReusedError):
            remember_request(request, object_key=OBJECT_KEY, bucket=bucket)
    with pytest.raises(IdempotencyKeyReusedError):
        recipe_for_key(FIRST, request=REQUEST, object_key=OBJECT_KEY, bucket=bucket)


def planned(sent: dict[str, Any], caller: str) -> list[str]:
    """The ids of the pictures that a caller's request with a key is to have."""
    sent = {"idempotency_key": "key", "caller": caller, **sent}
    plan = validate.handler({"input": sent, "execution_arn": "arn"}, None)
    return [picture["id"] for picture in plan["pictures"]]


@pytest.mark.parametrize("operation", ["draw", "rerun"])
def test_a_key_belongs_to_a_role_with_all_its_sessions_and_to_no_other_caller(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    monkeypatch.setattr(validate, "_environment", lambda: VALIDATE)
    monkeypatch.setattr(validate, "_bucket", lambda: bucket)
    stage(bucket)
    published(bucket)
    request = REQUEST if operation == "draw" else {}
    sent = {"operation": operation, "id": RECIPE.id, "request": request}

    first, again, other = (planned(sent, caller) for caller in (f"{ROLE}/1", f"{ROLE}/2", USER))

    assert first == again
    assert other != first


@pytest.mark.parametrize("key", ["", None])
def test_no_key_is_no_key(key: object) -> None:
    assert checked_key(key) == ""


@pytest.mark.parametrize("key", ["x" * 256, "caf\u00e9", "a\nb", 7], ids=repr)
def test_a_key_that_is_no_key_is_refused(key: object) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        checked_key(key)

    assert caught.value.param == "Idempotency-Key"
