"""How many calls of S3 a request waits for, one after the other, in Generate and Store together."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from lambdas.common.bucket import Bucket
from lambdas.common.keys import staging_key
from lambdas.generate.drawing import draw
from lambdas.store.publishing import publish
from tests.lambdas import test_drawing as generate
from tests.lambdas.fake_s3 import FakeS3
from tests.lambdas.publications import PUBLICATION, RECIPE, deps_of, picture, strict
from tests.lambdas.side_by_side import ORDERS, InARow, SideBySide
from tests.lambdas.test_publishing import signed


def calls_of(s3: Any, order: str, file: bytes = picture(), **wanted: Any) -> tuple[str, int]:
    """Draws and publishes a picture: where it came from, and the calls in a row."""
    counted: Any = InARow(s3)
    bucket, threads = Bucket("pictures", counted), partial(SideBySide, order, counted)
    models = generate.models_with(file)
    drawing = replace(generate.deps_of(bucket, models), threads=threads)
    publishing = replace(deps_of(bucket, strict(None)), threads=threads)
    source = draw(RECIPE, drawing, id=RECIPE.id)
    publish(replace(PUBLICATION, source=source, **wanted), publishing)
    return source, counted.calls


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("recipe_in_picture", [True, False], ids=["with recipe", "without"])
def test_a_new_picture_takes_five_calls_in_a_row_and_one_that_is_there_two(
    order: str, recipe_in_picture: bool
) -> None:
    s3: Any = FakeS3()
    called = partial(calls_of, s3, order, recipe_in_picture=recipe_in_picture)

    assert [called(), called()] == [("model", 5), ("published", 2)]


def test_a_new_picture_whose_file_takes_no_recipe_is_not_read_again() -> None:
    s3: Any = FakeS3()

    assert calls_of(s3, "at once", signed(), recipe_in_picture=True) == ("model", 5)


def test_a_picture_that_is_staged_takes_four() -> None:
    s3: Any = FakeS3()
    calls_of(s3, "at once")
    kept = [each for each in s3.versions if each.key == staging_key(RECIPE.id)]
    s3.versions = kept

    assert calls_of(s3, "at once") == ("staged", 4)
