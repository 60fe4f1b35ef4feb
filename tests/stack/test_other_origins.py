"""The API as the script of a web page meets it: by what a browser asks and looks at."""

from collections.abc import Iterator, Mapping

import pytest

from tests.local_client import Answer, LocalClient, running, throttled_to

PAGE = "https://pictures.example"
WORKSHOP = "http://localhost:5173"
STRANGER = "https://stranger.example"
SENT = "content-type,idempotency-key,x-api-key"
BODY = {"prompt": "for a page", "seed": 1}
SETTINGS = {"allowed_origins": [PAGE, WORKSHOP]}


def preflight(easel: LocalClient, origin: str, *, path: str = "/images") -> Answer:
    return easel.post(
        b"",
        path=path,
        method="OPTIONS",
        headers={
            "x-api-key": "",
            "content-type": "",
            "Origin": origin,
            "Access-Control-Request-Method": "GET" if path == "/openapi.json" else "POST",
            "Access-Control-Request-Headers": SENT,
        },
    )


def lets_through(answer: Answer, origin: str, method: str = "POST") -> bool:
    """Whether a browser goes on to the request itself."""
    allowed_headers = answer.headers.get("Access-Control-Allow-Headers", "").split(",")
    return (
        200 <= answer.status < 300
        and answer.headers.get("Access-Control-Allow-Origin") == origin
        and method in answer.headers.get("Access-Control-Allow-Methods", "").split(",")
        and set(SENT.split(",")) <= set(allowed_headers)
    )


def may_read(answer: Answer, origin: str) -> bool:
    """Whether a browser shows an answer to the script that asked."""
    return answer.headers.get("Access-Control-Allow-Origin") in (origin, "*")


class TestAllowedPages:
    @pytest.fixture(scope="class")
    @classmethod
    def easel(cls) -> Iterator[LocalClient]:
        with running(settings=SETTINGS) as client:
            yield client

    @pytest.mark.parametrize(
        "path", ["/images", "/image", "/image-generation", "/generate-poster", "/"]
    )
    @pytest.mark.parametrize("origin", [PAGE, WORKSHOP])
    def test_a_preflight_of_an_allowed_page_is_let_through(
        self, easel: LocalClient, origin: str, path: str
    ) -> None:
        answer = preflight(easel, origin, path=path)

        assert lets_through(answer, origin)
        assert answer.headers["Vary"] == "Origin"
        assert int(answer.headers["Access-Control-Max-Age"]) > 0
        assert answer.content == b""

    def test_a_preflight_for_the_document_is_let_through(self, easel: LocalClient) -> None:
        assert lets_through(preflight(easel, PAGE, path="/openapi.json"), PAGE, "GET")

    @pytest.mark.parametrize(
        "origin",
        [STRANGER, "null", PAGE + ".evil.example", PAGE.upper(), "http://pictures.example", "*"],
    )
    def test_a_preflight_of_another_page_is_not(self, easel: LocalClient, origin: str) -> None:
        answer = preflight(easel, origin)

        assert "Access-Control-Allow-Origin" not in answer.headers
        assert answer.headers["Vary"] == "Origin"

    def test_preflights_cost_nothing(self, easel: LocalClient) -> None:
        before = easel.model_calls()

        preflight(easel, PAGE)

        assert easel.model_calls() == before
        listed = easel.aws("stepfunctions").list_executions(stateMachineArn=easel.state_machine_arn)
        assert len(listed["executions"]) == before

    @pytest.mark.parametrize("name", ["Origin", "origin"])
    def test_a_picture_can_be_read_however_a_browser_spells_the_header(
        self, easel: LocalClient, name: str
    ) -> None:
        answer = easel.post(BODY, headers={name: PAGE})

        assert answer.status == 200
        assert answer.headers["Access-Control-Allow-Origin"] == PAGE
        assert answer.headers["Vary"] == "Origin"

    def test_the_document_can_be_read(self, easel: LocalClient) -> None:
        answer = easel.post(b"", path="/openapi.json", method="GET", headers={"Origin": PAGE})

        assert answer.body["openapi"]
        assert answer.headers["Access-Control-Allow-Origin"] == PAGE

    @pytest.mark.parametrize(
        ("body", "headers", "status"),
        [
            ({"prompt": ""}, {}, 400),
            ({"prompt": "x", "model": "nope"}, {}, 404),
            ({"prompt": "\ud800"}, {}, 400),
            (b"not json", {}, 400),
            (BODY, {"x-api-key": "wrong"}, 403),
            (BODY, {"content-type": "text/plain"}, 415),
        ],
        ids=["workflow", "no model", "not started", "no json", "no key", "no json type"],
    )
    def test_an_error_can_be_read_with_what_it_says_of_retries(
        self, easel: LocalClient, body: object, headers: Mapping[str, str], status: int
    ) -> None:
        answer = easel.post(body, headers={**headers, "Origin": PAGE})

        assert answer.status == status
        assert may_read(answer, PAGE)
        exposed = answer.headers["Access-Control-Expose-Headers"].split(",")
        assert {"Retry-After", "x-should-retry"} <= set(exposed)

    @pytest.mark.parametrize(
        ("method", "path", "status"), [("GET", "/image", 405), ("GET", "/pictures", 404)]
    )
    def test_what_is_not_taken_can_be_read_too(
        self, easel: LocalClient, method: str, path: str, status: int
    ) -> None:
        answer = easel.post(b"", method=method, path=path, headers={"Origin": PAGE})

        assert answer.status == status
        assert may_read(answer, PAGE)

    def test_what_a_caller_was_drawn_is_for_no_page(self, easel: LocalClient) -> None:
        answer = easel.post(BODY)

        assert answer.status == 200
        assert "Access-Control-Allow-Origin" not in answer.headers

    def test_another_page_is_drawn_nothing(self, easel: LocalClient) -> None:
        body = {"prompt": "for another page", "seed": 1}
        before = easel.model_calls()

        answer = easel.post(body, headers={"Origin": STRANGER})

        assert answer.status == 403
        assert "allowed_origins" in answer.body["message"]
        assert easel.model_calls() == before
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_throttle_can_be_read() -> None:
    settings = {"allowed_origins": [PAGE]}
    with running(settings=settings, change=throttled_to(rate=1, burst=1)) as easel:
        answers = [easel.post(BODY, headers={"Origin": PAGE}) for _ in range(6)]
        stranger = preflight(easel, STRANGER)

    (throttled, *_) = [answer for answer in answers if answer.status == 429]
    assert throttled.headers["Access-Control-Allow-Origin"] == PAGE
    assert throttled.headers["Retry-After"] == "5"
    assert "Access-Control-Allow-Origin" not in stranger.headers


def test_without_allowed_pages_none_may_call(easel: LocalClient) -> None:
    unnamed = easel.post(b"", method="OPTIONS")
    answer = preflight(easel, PAGE)
    picture = easel.post(BODY, headers={"Origin": PAGE})

    assert (unnamed.status, unnamed.error["code"]) == (405, "not_found")
    for each in (answer, picture):
        assert each.status == 403
        assert not [name for name in each.headers if name.lower().startswith("access-control")]
