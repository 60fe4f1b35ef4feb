"""From a staged picture to a published one."""

import hashlib
import io
import json
import struct
import zlib
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image

from lambdas.common.bucket import Bucket
from lambdas.common.errors import StorageError
from lambdas.common.keys import manifest_key, staging_key
from lambdas.common.recipe import Recipe
from lambdas.picture import parse
from lambdas.picture.png import Png
from tests.lambdas.publications import (
    EXECUTION,
    RECIPE,
    key_of,
    manifest,
    picture,
    published,
    stage,
    strict,
)


def test_the_answer_has_every_field(bucket: Bucket) -> None:
    stage(bucket)

    answer = published(bucket)

    url = answer.pop("image_url")
    assert str(url).startswith("https://pictures.s3.eu-west-1.amazonaws.com/output-images/")
    assert answer == {
        "id": RECIPE.id,
        "expires_at": "2026-11-20T10:10:09.000Z",
        "seed": 5,
        "model": RECIPE.model,
        "width": 12,
        "height": 8,
        "output_format": "png",
        "sha256": hashlib.sha256(picture()).hexdigest(),
        "reused": False,
        "execution_arn": EXECUTION.arn,
        "trace_url": "https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1"
        f"#/express-executions/details/{EXECUTION.arn}?startDate=1795168800500",
    }


def test_picture_and_manifest_are_published(bucket: Bucket) -> None:
    stage(bucket)

    published(bucket)

    stored = bucket.get(key_of(picture()))
    manifest_object = bucket.get(manifest_key(RECIPE.id))
    assert stored is not None
    assert manifest_object is not None
    assert stored.content == picture()
    described = json.loads(manifest_object.content)
    assert Recipe.from_dict(described["recipe"]) == RECIPE
    assert described["sha256"] == hashlib.sha256(picture()).hexdigest()
    assert described["size"] == len(picture())
    assert described["execution_arn"] == EXECUTION.arn
    assert described["model"] == {
        "id": RECIPE.model,
        "seed": 5,
        "finish_reason": "SUCCESS",
        "list_price_usd": 0.04,
        "sha256": hashlib.sha256(picture()).hexdigest(),
        "pixels_sha256": parse(picture()).pixels_sha256,
    }
    assert described["rerun_of"] is None


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The files that were parsed."""
    files: list[bytes] = []
    parse_png = Png.parse

    def counted(file: bytes) -> Png:
        files.append(file)
        return parse_png(file)

    monkeypatch.setattr(Png, "parse", counted)
    return files


@pytest.mark.parametrize("recipe_in_picture", [True, False], ids=["with recipe", "without"])
def test_a_new_picture_is_parsed_once(
    bucket: Bucket, parsed: list[bytes], recipe_in_picture: bool
) -> None:
    stage(bucket)

    published(bucket, guardrail=strict(None), recipe_in_picture=recipe_in_picture)

    assert parsed == [picture()]


def test_the_other_file_of_a_picture_takes_one_parse(bucket: Bucket, parsed: list[bytes]) -> None:
    stage(bucket)
    published(bucket, recipe_in_picture=True)
    parsed.clear()

    published(bucket, recipe_in_picture=False, source="published")

    assert len(parsed) == 1


class TestRecipeInPicture:
    def test_the_file_carries_its_recipe_and_the_manifest_knows_both(self, bucket: Bucket) -> None:
        stage(bucket)

        answer = published(bucket, recipe_in_picture=True)

        stored = bucket.get(manifest(bucket)["key"])
        assert stored is not None
        assert parse(stored.content).recipe_json() == RECIPE.canonical_json
        assert parse(stored.content).without_recipe().content == picture()
        assert answer["sha256"] == hashlib.sha256(stored.content).hexdigest()
        assert manifest(bucket)["model"]["sha256"] == hashlib.sha256(picture()).hexdigest()
        assert manifest(bucket)["sha256"] == answer["sha256"]

    @pytest.mark.parametrize("first", [True, False], ids=["with", "without"])
    def test_either_file_can_be_had_of_one_picture(self, bucket: Bucket, first: bool) -> None:
        stage(bucket)
        published(bucket, recipe_in_picture=first)
        bucket.delete(staging_key(RECIPE.id))

        answer = published(bucket, recipe_in_picture=not first, source="published")

        stored = bucket.get(urlsplit(answer["image_url"]).path.removeprefix("/"))
        assert stored is not None
        assert answer["sha256"] == hashlib.sha256(stored.content).hexdigest()
        assert (parse(stored.content).recipe_json() is None) == first

    def test_a_picture_that_takes_no_recipe_is_published_as_it_is(self, bucket: Bucket) -> None:
        stage(bucket, signed())

        answers = [published(bucket, recipe_in_picture=True) for _ in range(2)]

        assert {answer["sha256"] for answer in answers} == {hashlib.sha256(signed()).hexdigest()}
        assert manifest(bucket)["recipe_in_picture"] is False


def chunk(name: bytes, content: bytes) -> bytes:
    body = name + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def signed() -> bytes:
    """A picture with Content Credentials, which any change would break."""
    return picture()[:33] + chunk(b"caBX", b"credentials") + picture()[33:]


def other_picture(**save: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (12, 8), "red").save(out, "png", compress_level=0, **save)
    return out.getvalue()


class TestRerun:
    """The verdict on a picture that was drawn again."""

    FIRST: ClassVar[dict[str, Any]] = {
        "id": "f" * 32,
        "model": "stability.stable-diffusion-xl-v1",
        "sha256": hashlib.sha256(picture()).hexdigest(),
        "pixels_sha256": parse(picture()).pixels_sha256,
        "key": "output-images/first.png",
    }

    @pytest.mark.parametrize(
        ("first", "verdict"),
        [
            ({}, "identical_bytes"),
            ({"sha256": "0" * 64}, "identical_pixels"),
            ({"sha256": "0" * 64, "pixels_sha256": "0" * 64}, "different"),
            ({"sha256": "0" * 64, "pixels_sha256": None}, "identical_pixels"),
            ({"sha256": "0" * 64, "pixels_sha256": None, "key": None}, "different"),
        ],
        ids=["bytes", "pixels", "different", "an older manifest", "nothing to compare with"],
    )
    def test_the_verdict(self, bucket: Bucket, first: dict[str, Any], verdict: str) -> None:
        stage(bucket)
        bucket.put_once(self.FIRST["key"], other_picture(), content_type="image/png")

        answer = published(bucket, rerun={**self.FIRST, **first})

        model = self.FIRST["model"]
        assert answer["rerun"] == {"of": "f" * 32, "verdict": verdict, "model": model}
        assert manifest(bucket)["rerun_of"] == {"id": "f" * 32, "verdict": verdict, "model": model}


def test_publishing_again_changes_nothing(bucket: Bucket) -> None:
    stage(bucket)
    first = published(bucket)
    before = bucket.get(manifest_key(RECIPE.id))

    second = published(bucket, source="published")

    assert second["reused"] is True
    assert second["sha256"] == first["sha256"]
    assert bucket.get(manifest_key(RECIPE.id)) == before


def test_a_manifest_is_written_only_after_its_picture(bucket: Bucket) -> None:
    class Unwell(Bucket):
        def put_once(self, key: str, content: bytes, **rest: Any) -> bool:
            if key.endswith(".png"):
                raise StorageError
            return super().put_once(key, content, **rest)

    stage(bucket)
    with pytest.raises(StorageError):
        published(Unwell(bucket.name, bucket._client))

    assert not bucket.has(manifest_key(RECIPE.id))


def test_a_manifest_describes_the_picture_that_is_published(bucket: Bucket) -> None:
    """Where an earlier try got as far as the picture and the model since drew another."""
    stage(bucket)
    earlier = picture("blue")
    bucket.put_once(key_of(earlier), earlier, content_type="image/png")

    answer = published(bucket)

    assert answer["sha256"] == hashlib.sha256(picture()).hexdigest()
    assert manifest(bucket)["key"] == key_of(picture())


def test_a_picture_that_somebody_deleted_is_published_anew(bucket: Bucket) -> None:
    stage(bucket)
    published(bucket)
    key = key_of(picture())
    bucket.delete(key)

    answer = published(bucket)

    stored = bucket.get(key)
    assert stored is not None
    assert answer["sha256"] == hashlib.sha256(stored.content).hexdigest()


def test_the_url_is_signed_for_the_region_and_names_type_and_file_but_not_the_prompt(
    bucket: Bucket,
) -> None:
    stage(bucket)

    url = urlsplit(str(published(bucket)["image_url"]))

    query = parse_qs(url.query)
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert "/eu-west-1/s3/" in query["X-Amz-Credential"][0]
    assert query["X-Amz-Expires"] == ["600"]
    assert query["response-content-type"] == ["image/png"]
    assert query["response-content-disposition"] == [
        f'inline; filename="easel-{RECIPE.id[:8]}-seed-5.png"'
    ]
    assert "secret" not in url.geturl()


def test_a_picture_that_is_not_staged_is_a_storage_error(bucket: Bucket) -> None:
    with pytest.raises(StorageError):
        published(bucket)
