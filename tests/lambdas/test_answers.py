"""Every answer that is built has the fields of its type, no less and no more."""

import json
import re
from typing import Any

import pytest
from openapi_schema_validator import OAS30Validator

from cdk.mapping_templates import mapping_template
from cdk.schemas import answer_schemas, schema_of
from lambdas.common.answers import (
    Error,
    ErrorAnswer,
    Page,
    Picture,
    Pictures,
    RerunPicture,
    ShownPicture,
)
from lambdas.common.bucket import Bucket
from lambdas.common.errors import EaselError
from tests.cdk.state_machine import answer_to
from tests.cdk.test_state_machine_file import NOT_DRAWN
from tests.lambdas import publications, test_pictures, test_publishing
from tests.lambdas.test_errors import CLASSES, made


def check(answer: Any, kind: type) -> None:
    schemas = {
        name: {**schema, "additionalProperties": False} for name, schema in answer_schemas().items()
    }
    schema = {**schema_of(kind), "components": {"schemas": schemas}}
    OAS30Validator(schema).validate(json.loads(json.dumps(answer)))


class TestPictures:
    def test_a_published_one(self, bucket: Bucket) -> None:
        publications.stage(bucket)

        check(publications.published(bucket), Picture)

    def test_one_that_was_drawn_again(self, bucket: Bucket) -> None:
        publications.stage(bucket)

        answer = publications.published(bucket, rerun=test_publishing.TestRerun.FIRST)

        check(answer, RerunPicture)

    @pytest.mark.parametrize("key", [{}, {"key": None}], ids=["published", "refused"])
    def test_one_that_is_shown(self, bucket: Bucket, key: dict[str, Any]) -> None:
        test_pictures.put(bucket, 1, **key)

        check(publications.shown(bucket, test_pictures.id_of(1)), ShownPicture)

    @pytest.mark.parametrize("query", [{}, {"limit": "1"}], ids=["last page", "first page"])
    def test_a_page(self, bucket: Bucket, query: dict[str, str]) -> None:
        first = {"id": "f" * 32, "verdict": "different", "model": "m"}
        for number, rerun_of in enumerate((None, first), start=1):
            test_pictures.put(bucket, number, rerun_of=rerun_of)

        check(test_pictures.listed(query, bucket), Page)


class TestErrors:
    @pytest.mark.parametrize("each", CLASSES, ids=lambda each: each.__name__)
    def test_of_the_tree(self, each: type[EaselError]) -> None:
        check(made(each).answer()["error"], Error)

    @pytest.mark.parametrize("template", ["execution_ended", "execution_not_started"])
    def test_of_the_mapping_templates(self, template: str) -> None:
        bodies = re.split(r"^#.*\n", mapping_template(template), flags=re.MULTILINE)
        answers = [json.loads(body) for body in bodies if body.startswith('{"error"')]

        assert answers
        for answer in answers:
            check(answer, ErrorAnswer)


class TestStateMachine:
    """The answers that it puts together itself."""

    def test_several_pictures(self, bucket: Bucket) -> None:
        publications.stage(bucket)
        drawn = {"picture": publications.published(bucket)}

        answer = answer_to({"results": [drawn, NOT_DRAWN]})

        body = json.loads(answer["answer"]["body"])
        check(body, Pictures)
        assert len(body["pictures"]) == len(body["failed"]) == 1

    def test_a_failure(self) -> None:
        check(json.loads(answer_to({"results": [NOT_DRAWN]})["answer"]["body"]), ErrorAnswer)


@pytest.mark.parametrize("hint", [bytes, dict[str, int], int | str | None])
def test_a_hint_that_has_no_schema_is_refused(hint: Any) -> None:
    with pytest.raises(TypeError):
        schema_of(hint)
