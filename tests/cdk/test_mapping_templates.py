"""The API's mapping templates, rendered as API Gateway renders them."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cdk import mapping_templates
from cdk.cors import Cors
from cdk.gateway_responses import OTHER_METHOD, body_of
from cdk.mapping_templates import mapping_template, start_execution
from lambdas.common import errors
from local.gateway import mapping
from local.gateway.mapping import Input, MappingError, Overrides, Util, render
from tests.share import share

TEMPLATES = Path(mapping_templates.__file__).parent
NO_PARAMETERS: dict[str, dict[str, str]] = {"path": {}, "querystring": {}, "header": {}}
ARN = "arn:aws:states:eu-west-1:111111111111:stateMachine:easel"
EXECUTION_ARN = "arn:aws:states:eu-west-1:111111111111:express:easel:name:id"

NASTY = (
    "q \" b \\ \\' it's @@ x@@,@@a@@:@@b $input.json('$') #set($x=1) $x ${y} \n\r\t\u2028</script>/"
)


def context() -> mapping.Context:
    return mapping.Context(
        extendedRequestId="request-1=",
        identity=mapping.Context(apiKeyId="key-1", userArn=None),
        responseOverride=Overrides(header=Overrides()),
    )


def execution_request(
    body: Any,
    headers: dict[str, str] | None = None,
    *,
    operation: str = "draw",
    has_body: bool = True,
    path: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
) -> dict[str, Any]:
    parameters = {"path": path or {}, "querystring": query or {}, "header": headers or {}}
    rendered = render(
        start_execution(operation, has_body=has_body, state_machine_arn=ARN),
        input=Input(json.dumps(body), parameters),
        context=context(),
    )
    return dict(json.loads(rendered))


def ended(response: dict[str, Any]) -> tuple[int | None, dict[str, str], Any]:
    """Status, headers and parsed body of what the caller gets for an execution's end."""
    where = context()
    text = render(
        mapping_template("execution_ended"),
        input=Input(json.dumps({"executionArn": EXECUTION_ARN, **response}), NO_PARAMETERS),
        context=where,
    )
    override = where["responseOverride"]
    return override.get("status"), override["header"], json.loads(text)


def answer_of(error: errors.EaselError) -> str:
    answer = error.answer()
    body = json.dumps({"error": answer["error"], "execution_arn": EXECUTION_ARN})
    return json.dumps({"statusCode": answer["status"], "headers": answer["headers"], "body": body})


# The input of an execution for a request without anything.
SENT = {
    "operation": "draw",
    "id": "",
    "query": {},
    "request": {},
    "idempotency_key": "",
    "caller": "key-1",
    "request_id": "request-1=",
}

texts = st.text(st.characters(exclude_categories=["Cs"])) | st.just(NASTY)
bodies = st.dictionaries(
    texts,
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=5,
)


class TestStartExecution:
    @given(bodies)
    @example({"prompt": NASTY})
    @example({"prompt": "x@@,@@admin@@:@@yes"})
    @example({"prompt": "🐈‍⬛ שלום \u0000\u001f\x7f\u0080 \U0010ffff"})
    @settings(max_examples=share(10_000))
    def test_the_request_is_the_body_and_nothing_else(self, body: Any) -> None:
        request = execution_request(body)

        assert json.loads(request["input"]) == {**SENT, "request": body}
        assert request.keys() == {"stateMachineArn", "input"}
        assert request["stateMachineArn"] == ARN

    @pytest.mark.parametrize("name", ["Idempotency-Key", "idempotency-key", "IDEMPOTENCY-KEY"])
    @pytest.mark.parametrize("key", ["order-7", NASTY, '","admin":"yes'], ids=len)
    def test_an_idempotency_key_is_handed_on_to_the_letter(self, name: str, key: str) -> None:
        sent = json.loads(execution_request({"prompt": "a"}, {name: key})["input"])

        assert sent == {**SENT, "request": {"prompt": "a"}, "idempotency_key": key}

    @given(st.dictionaries(texts, texts, max_size=3))
    @example({"limit": NASTY, NASTY: "x"})
    @example({"id": "not the path's"})
    @settings(max_examples=share(500))
    def test_a_query_is_handed_on_to_the_letter_and_no_body_is_read(
        self, query: dict[str, str]
    ) -> None:
        request = execution_request({"admin": True}, operation="list", has_body=False, query=query)

        assert json.loads(request["input"]) == {**SENT, "operation": "list", "query": query}

    @pytest.mark.parametrize("id", ["0" * 32, NASTY, '","operation":"draw'], ids=len)
    def test_an_id_is_handed_on_to_the_letter(self, id: str) -> None:
        request = execution_request({"model": "m"}, operation="rerun", path={"id": id})

        assert json.loads(request["input"]) == {
            **SENT, "operation": "rerun", "id": id, "request": {"model": "m"},
        }  # fmt: skip

    def test_no_caller_chooses_the_executions_name(self) -> None:
        """A client can send the request's id in x-amzn-RequestId, with signs that no name may have.
        The service names an execution that has no name."""
        assert "name" not in execution_request({})
        assert "requestId" not in start_execution("draw", has_body=True, state_machine_arn=ARN)


class TestEndedExecution:
    def test_a_success_is_answered_as_the_workflow_says(self) -> None:
        output = {"statusCode": 200, "headers": {}, "body": json.dumps({"id": NASTY})}

        status, headers, body = ended({"status": "SUCCEEDED", "output": json.dumps(output)})

        assert (status, headers, body) == (200, {}, {"id": NASTY})

    @pytest.mark.parametrize(
        "error",
        [errors.InvalidRequestError("no", param="seed"), errors.ModelNotFoundError(NASTY)],
        ids=lambda error: type(error).__name__,
    )
    def test_a_refusal_keeps_its_status_headers_and_words(self, error: errors.EaselError) -> None:
        status, headers, body = ended({"status": "SUCCEEDED", "output": answer_of(error)})

        assert status == error.status
        assert headers == {"x-should-retry": "false"}
        assert body["error"]["message"] == error.message

    @pytest.mark.parametrize(
        "error",
        [errors.ThrottledError(), errors.StorageError(), errors.ModelTimeoutError()],
        ids=lambda error: type(error).__name__,
    )
    def test_a_failure_is_answered_from_its_cause(self, error: errors.ServiceError) -> None:
        status, headers, body = ended(
            {"status": "FAILED", "error": type(error).__name__, "cause": answer_of(error)}
        )

        assert status == error.status
        assert headers == error.headers()
        assert body["error"]["code"] == error.code

    def test_a_time_out_is_a_504(self) -> None:
        status, headers, body = ended({"status": "TIMED_OUT"})

        assert status == 504
        assert headers == {"x-should-retry": "false"}
        assert body == {
            "error": errors.DeadlineError().answer()["error"],
            "execution_arn": EXECUTION_ARN,
        }

    @pytest.mark.parametrize(
        "response",
        [
            {"error": "States.Runtime", "cause": 'secret "quoted" trace'},
            {"error": "States.DataLimitExceeded", "cause": "secret"},
            {"cause": "secret"},
            {},
        ],
        ids=["runtime", "data limit", "no error name", "nothing"],
    )
    def test_a_failure_of_the_service_itself_is_a_500_that_tells_nothing(
        self, response: dict[str, Any]
    ) -> None:
        status, _, body = ended({"status": "FAILED", **response})

        assert status == 500
        assert body["error"] == errors.InternalError().answer()["error"]
        assert "secret" not in json.dumps(body)


def refused(method: str, path: str) -> Any:
    """What is said to a method or path that is not taken."""
    message = OTHER_METHOD.message.format(
        method="${method}", route="${path}", allowed="GET. ${method}. ${path}"
    )
    return json.loads(
        render(
            mapping_template("not_found", answer=body_of(OTHER_METHOD, message)),
            input=Input("{}", NO_PARAMETERS),
            context=mapping.Context(httpMethod=method, path=path),
        )
    )


class TestNotFound:
    @given(texts, texts)
    @example("GET", "/images/" + NASTY)
    @example(NASTY, '/","admin":"yes')
    @example("", "\\/\\\\/'\\'/")
    @settings(max_examples=share(500))
    def test_method_and_path_are_said_to_the_letter(self, method: str, path: str) -> None:
        assert refused(method, path) == {
            "error": {
                "message": f"{path} does not take {method}. It takes GET. {method}. {path}.",
                "type": "invalid_request_error",
                "param": None,
                "code": "not_found",
            },
            "execution_arn": None,
        }


class TestNotStarted:
    @pytest.mark.parametrize(
        ("type", "expected", "code"),
        [
            ("ThrottlingException", 429, "rate_limit_exceeded"),
            ("com.amazon.coral.availability#ThrottlingException", 429, "rate_limit_exceeded"),
            ("ExecutionLimitExceeded", 429, "rate_limit_exceeded"),
            ("InvalidExecutionInput", 413, "invalid_value"),
            ("ValidationException", 413, "invalid_value"),
            ("SerializationException", 400, "invalid_value"),
            ("InvalidName", 500, "internal_error"),
            ("AccessDeniedException", 500, "internal_error"),
            ("StateMachineDoesNotExist", 500, "internal_error"),
        ],
    )
    def test_each_refusal_of_the_service_has_its_answer(
        self, type: str, expected: int, code: str
    ) -> None:
        where = context()
        text = render(
            mapping_template("execution_not_started"),
            input=Input(json.dumps({"__type": type, "message": "secret"}), NO_PARAMETERS),
            context=where,
        )

        body = json.loads(text)
        assert where["responseOverride"]["status"] == expected
        assert body["error"]["code"] == code
        assert ("Retry-After" in where["responseOverride"]["header"]) == (expected == 429)
        assert "secret" not in text


@pytest.mark.parametrize("template", sorted(TEMPLATES.glob("*.vtl")), ids=lambda path: path.stem)
def test_each_part_of_a_template_has_a_line_of_its_own(template: Path) -> None:
    for line in template.read_text().splitlines():
        assert len(line) <= 120
        assert line.count("#") == line.startswith("#")


class TestRendering:
    def test_escapes_are_those_of_commons_lang(self) -> None:
        assert (
            Util().escapeJavaScript("\"'/\\\b\f\n\r\t\x01é\u2028😀a")
            == "\\\"\\'\\/\\\\\\b\\f\\n\\r\\t\\u0001\\u00E9\\u2028\\uD83D\\uDE00a"
        )

    def test_a_payload_that_is_not_json_is_a_mapping_error(self) -> None:
        with pytest.raises(MappingError):
            Input("<html>", NO_PARAMETERS)

    def test_a_template_that_does_not_fit_its_input_is_a_mapping_error(self) -> None:
        with pytest.raises(MappingError):
            render(
                "$util.parseJson($input.path('$.cause'))",
                input=Input('{"cause":"{"}', NO_PARAMETERS),
                context=context(),
            )

    @pytest.mark.parametrize("name", ["util.urlEncode('a')", "input.unknown", "context.stage"])
    def test_a_variable_that_is_not_known_here_is_a_mapping_error(self, name: str) -> None:
        with pytest.raises(MappingError, match="is not known here"):
            render(f"a ${name} b", input=Input("{}", NO_PARAMETERS), context=context())

    def test_a_parameter_that_is_overridden_twice_is_a_mapping_error(self) -> None:
        once = "#set($context.responseOverride.header.Vary = 'Origin')"

        with pytest.raises(MappingError, match="Vary"):
            render(
                once + once,
                input=Input("", NO_PARAMETERS),
                context=context(),
            )

    def test_parameters_are_found_in_path_then_query_then_header(self) -> None:
        parameters = {"path": {"id": "1"}, "querystring": {"id": "2", "q": "3"}, "header": {}}

        assert (
            render(
                "$input.params('id')$input.params('q')$input.params('none')",
                input=Input("", parameters),
                context=context(),
            )
            == "13"
        )


@pytest.mark.parametrize("name", ["execution_ended", "execution_not_started"])
def test_no_place_of_a_template_is_left_unfilled(name: str) -> None:
    assert "<<" not in mapping_template(name)


@pytest.mark.parametrize("has_body", [True, False])
def test_no_place_of_a_starting_template_is_left_unfilled(has_body: bool) -> None:
    assert "<<" not in start_execution("draw", has_body=has_body, state_machine_arn=ARN)


def test_messages_hold_nothing_that_vtl_would_read() -> None:
    for name in ("DeadlineError", "InternalError"):
        assert not set("$#") & set(getattr(errors, name)().message)


@pytest.mark.parametrize(
    ("origin", "named"),
    [("https://a.example", True), ("https://b.example", False), ("", False), ("*", False)],
)
@pytest.mark.parametrize("header", ["Origin", "origin"])
def test_an_answer_names_the_callers_origin_only_if_it_is_allowed(
    header: str, origin: str, named: bool
) -> None:
    template = Cors(("https://a.example",)).template(mapping_template("execution_ended"))
    where, parameters = context(), {**NO_PARAMETERS, "header": {header: origin}}
    ended = Input(json.dumps({"executionArn": EXECUTION_ARN, "status": "TIMED_OUT"}), parameters)

    render(template, input=ended, context=where)

    named_origin = where["responseOverride"]["header"].get("Access-Control-Allow-Origin")
    assert named_origin == (origin if named else None)
