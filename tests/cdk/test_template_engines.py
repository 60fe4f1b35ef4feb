"""The mapping templates with engines that mean something else by nothing: they hold either way."""

import json
from typing import Any

import pytest

from cdk.mapping_templates import mapping_template, start_execution
from local.gateway import mapping
from local.gateway.mapping import Input, Util, render
from tests.cdk.test_mapping_templates import ARN, NO_PARAMETERS, SENT, context


class OtherUtil(Util):
    """Escapes nothing to {}, as one engine does, and what is absent not at all."""

    def escapeJavaScript(self, text: Any) -> str:  # noqa: N802
        assert text is not None
        return super().escapeJavaScript(text) if text else "{}"


class OtherInput(Input):
    """Has "" or null for what is absent, where the other one has the other."""

    absent: Any = ""

    def path(self, path: str) -> Any:
        found = super().path(path)
        return self.absent if found is None else found


class NullInput(OtherInput):
    absent = None

    def json(self, path: str) -> str:
        return "null" if self.body in ("", "{}") else super().json(path)


@pytest.mark.parametrize("reader", [Input, OtherInput, NullInput], ids=["usual", "empty", "null"])
class TestOtherEngines:
    """What an engine makes of nothing is not told everywhere: the templates hold either way."""

    @pytest.fixture(autouse=True)
    def _escapes_nothing_to_braces(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(mapping, "Util", OtherUtil)

    @pytest.mark.parametrize("absent", ["", None], ids=["empty", "null"])
    @pytest.mark.parametrize(
        ("parameters", "found"),
        [
            (NO_PARAMETERS, {}),
            ({"path": {"id": 0}, "header": {"Idempotency-Key": 0}, "querystring": {"a": 0}},
             {"query": {"a": ""}}),
            ({"path": {"id": "b"}, "header": {"Accept": 0}, "querystring": {"a": "1", "": 0}},
             {"id": "b", "query": {"a": "1", "": ""}}),
        ],
        ids=["nothing sent", "sent empty", "one sent empty"],
    )  # fmt: skip
    @pytest.mark.parametrize("body", ["", "{}", '{"prompt":"a"}'], ids=["none", "empty", "some"])
    def test_what_is_absent_or_empty_is_no_text(
        self,
        reader: type[Input],
        absent: Any,
        parameters: dict[str, dict[str, Any]],
        found: dict[str, Any],
        body: str,
    ) -> None:
        sent = {
            kind: {name: value or absent for name, value in values.items()}
            for kind, values in parameters.items()
        }
        template = start_execution("draw", has_body=True, state_machine_arn=ARN)

        rendered = render(template, input=reader(body, sent), context=context())

        request = json.loads(body or "{}")
        assert json.loads(json.loads(rendered)["input"]) == {**SENT, "request": request, **found}

    @pytest.mark.parametrize(
        ("response", "expected"),
        [
            ({"status": "FAILED", "error": "InternalError", "cause": ""}, 500),
            ({"status": "FAILED", "error": "InternalError"}, 500),
            ({"status": "SUCCEEDED"}, 500),
            ({"status": "FAILED"}, 500),
            ({"status": "TIMED_OUT"}, 504),
            ({}, 500),
        ],
        ids=str,
    )
    def test_an_end_that_tells_nothing_is_answered(
        self, reader: type[Input], response: dict[str, Any], expected: int
    ) -> None:
        where = context()

        text = render(
            mapping_template("execution_ended"),
            input=reader(json.dumps(response), NO_PARAMETERS),
            context=where,
        )

        assert where["responseOverride"]["status"] == expected
        assert json.loads(text)["execution_arn"] == ""

    def test_a_refusal_that_tells_nothing_is_answered(self, reader: type[Input]) -> None:
        where = context()

        text = render(
            mapping_template("execution_not_started"),
            input=reader("{}", NO_PARAMETERS),
            context=where,
        )

        assert where["responseOverride"]["status"] == 500
        assert json.loads(text)["error"]["code"] == "internal_error"
