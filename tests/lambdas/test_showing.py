"""An earlier picture, with its manifest and a fresh URL."""

from typing import Any

import pytest

from lambdas.common.bucket import Bucket
from lambdas.common.errors import (
    GuardrailUnavailableError,
    InvalidRequestError,
    PictureNotFoundError,
)
from tests.lambdas.publications import RECIPE, manifest, picture, published, shown, stage, strict


def test_a_picture_has_its_manifest_and_a_fresh_url(bucket: Bucket) -> None:
    stage(bucket)
    published(bucket)

    answer = shown(bucket)

    assert answer["manifest"] | {"owner": "o"} == manifest(bucket)
    assert manifest(bucket)["key"] in answer["image_url"]
    assert answer["expires_at"] == "2026-11-20T10:10:09.000Z"


def test_a_deleted_picture_has_no_url(bucket: Bucket) -> None:
    stage(bucket)
    published(bucket)
    bucket.delete(manifest(bucket)["key"])

    for guardrail in (None, strict(None)):
        answer = shown(bucket, guardrail=guardrail)

        assert (answer["image_url"], answer["expires_at"]) == (None, None)
        assert answer["manifest"] | {"owner": "o"} == manifest(bucket)


def test_an_unchecked_picture_that_passes_is_checked_once(bucket: Bucket) -> None:
    stage(bucket)
    published(bucket)
    guardrail = strict(None)

    answers = [shown(bucket, guardrail=guardrail) for _ in range(2)]

    assert guardrail.asked == [(picture(), "png")]
    for answer in answers:
        assert manifest(bucket)["key"] in answer["image_url"]
        assert answer["manifest"]["guardrail"] == {"id": "abc", "version": "3", "blocked_by": None}


def test_an_unchecked_picture_that_is_blocked_has_no_url(bucket: Bucket) -> None:
    stage(bucket)
    published(bucket)
    guardrail = strict("its word policy")

    for _ in range(2):
        answer = shown(bucket, guardrail=guardrail)

        assert (answer["image_url"], answer["expires_at"]) == (None, None)
        assert answer["manifest"] | {"owner": "o"} == manifest(bucket)
        assert answer["manifest"]["key"] is None
        assert answer["manifest"]["guardrail"]["blocked_by"] == "its word policy"
    assert len(guardrail.asked) == 1


def test_an_unchecked_picture_is_not_shown_while_the_guardrail_is_down(bucket: Bucket) -> None:
    stage(bucket)
    published(bucket)
    before = manifest(bucket)

    def fail() -> None:
        raise GuardrailUnavailableError

    with pytest.raises(GuardrailUnavailableError):
        shown(bucket, guardrail=strict(None, meanwhile=fail))

    assert manifest(bucket) == before


def test_an_unknown_id_is_a_404(bucket: Bucket) -> None:
    with pytest.raises(PictureNotFoundError):
        shown(bucket, RECIPE.id)


@pytest.mark.parametrize("id", ["", "a", "A" * 32, "../staging/" + "a" * 21, None, 5], ids=str)
def test_what_is_no_id_is_a_400(bucket: Bucket, id: Any) -> None:
    with pytest.raises(InvalidRequestError):
        shown(bucket, id)
