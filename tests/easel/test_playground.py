"""The playground's server: what it serves, what it adds to a call, and what it refuses."""

import gzip
import json
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from easel.api import NoAnswerError
from easel.loopback import guarded
from easel.playground import BODY_LIMIT, FILES, Playground
from easel.target import Target, target_of
from tests.easel.command_line import DEPLOYED
from tests.easel.executions import EXPRESS, RETRIED, Deployed, log_line
from tests.easel.fake_api import FakeApi, error, later

PREFIX = "/secret/"
BY_KEY = Target(url=DEPLOYED, local=False, api_key="its key")
LOCAL = target_of({})


class Page:
    """What a browser gets at the playground's address."""

    def __init__(self, target: Target = BY_KEY, deployed: Deployed | None = None) -> None:
        self.api = FakeApi()
        account = (deployed or Deployed()).account
        playground = Playground(
            target, prefix=PREFIX, http=self.api.request, account_for=lambda region: account
        )
        self._client = Client(guarded(playground))

    def __call__(self, path: str, method: str = "GET", **rest: Any) -> TestResponse:
        url = path if path.startswith("/") else PREFIX + path
        return self._client.open(url, method=method, base_url="http://127.0.0.1:8090", **rest)


@pytest.fixture
def page() -> Page:
    return Page()


class TestFiles:
    def test_the_page_is_at_the_address_and_its_files_below(self, page: Page) -> None:
        assert page("").mimetype == "text/html"
        assert page("web/app.js").mimetype == "text/javascript"
        assert page("web/style.css").status_code == 200

    @pytest.mark.parametrize(
        "path",
        [
            "/",
            "/web/app.js",
            "/secre/web/app.js",
            "web/../web/app.js",
            "web/../pyproject.toml",
            "web/%2e%2e/pyproject.toml",
            "web//etc/hostname",
            "web/__init__.py",
            "web/OFL.txt",
            "web/",
            "elsewhere",
        ],
    )
    def test_nothing_else_is_served(self, page: Page, path: str) -> None:
        answer = page(path)

        assert (answer.status_code, answer.mimetype) == (404, "application/json")

    def test_everything_the_page_consists_of_is_small(self) -> None:
        files = [path for path in FILES.iterdir() if path.is_file()]
        sizes = {path.name: len(gzip.compress(path.read_bytes())) for path in files}

        assert {"index.html", "app.js"} <= set(sizes)
        assert sum(sizes.values()) < 150_000

    def test_texts_are_never_read_as_markup(self) -> None:
        scripts = {path.name: path.read_text() for path in FILES.glob("*.js")}

        for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert [name for name, text in scripts.items() if sink in text] == []

    @pytest.mark.parametrize("path", ["", "web/app.js", "web/config", "web/api/images"])
    def test_every_answer_has_the_policy(self, page: Page, path: str) -> None:
        headers = page(path).headers
        policy = headers["content-security-policy"]

        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
        assert "connect-src 'self';" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"

    @pytest.mark.parametrize(
        ("target", "pictures"),
        [(BY_KEY, "https://*.amazonaws.com "), (LOCAL, "http://127.0.0.1:8081;")],
    )
    def test_pictures_come_from_where_they_are_stored_alone(
        self, target: Target, pictures: str
    ) -> None:
        policy = Page(target)("").headers["content-security-policy"]

        assert f"img-src 'self' blob: {pictures}" in policy


class TestWhoIsAnswered:
    @pytest.mark.parametrize("host", ["127.0.0.1:8090", "localhost:8090"])
    @pytest.mark.parametrize("own", [True, False], ids=["own origin", "no origin"])
    def test_the_page_itself(self, page: Page, host: str, own: bool) -> None:
        headers = {"Host": host} | ({"Origin": f"http://{host}"} if own else {})

        assert page("web/config", headers=headers).status_code == 200

    @pytest.mark.parametrize(
        "headers",
        [
            {"Host": "stranger.example"},
            {"Host": "127.0.0.1.stranger.example:8090"},
            {"Host": "127.0.0.1:8091"},
            {"Host": ""},
            {"Origin": "https://stranger.example"},
            {"Origin": "http://localhost:8090"},
            {"Origin": "null"},
        ],
        ids=str,
    )
    def test_nobody_else(self, page: Page, headers: dict[str, str]) -> None:
        answer = page("web/api/images", "POST", headers=headers, json={"prompt": "x"})

        assert answer.status_code == 403
        assert page.api.sent == []

    @pytest.mark.parametrize("site", ["cross-site", "same-site"])
    @pytest.mark.parametrize("path", ["web/api/images", "web/download/0", "web/app.js"])
    def test_no_other_page_that_sends_no_origin(self, page: Page, site: str, path: str) -> None:
        answer = page(path, headers={"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"})

        assert answer.status_code == 403
        assert page.api.sent == []

    def test_a_link_of_another_page_opens_it(self, page: Page) -> None:
        headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}

        assert page("", headers=headers).status_code == 200


class TestCallsOfTheApi:
    def test_they_get_the_key_and_what_the_page_sent(self, page: Page) -> None:
        headers = {"idempotency-key": "once", "cookie": "a=b", "x-api-key": "the page's"}

        answer = page("web/api/images", "POST", json={"prompt": "a", "seed": 3}, headers=headers)

        method, url, sent, body = page.api.last_call
        assert (method, url, body) == ("POST", f"{DEPLOYED}/images", {"prompt": "a", "seed": 3})
        assert (sent["x-api-key"], sent["idempotency-key"]) == ("its key", "once")
        assert "cookie" not in sent
        assert answer.json is not None
        assert answer.json["seed"] == 3

    def test_a_query_is_passed_on(self, page: Page) -> None:
        page("web/api/images?limit=3&after=7")

        assert page.api.last_call[1] == f"{DEPLOYED}/images?limit=3&after=7"

    def test_refusals_come_back_as_they_are(self, page: Page) -> None:
        page.api.planned = [later(429, seconds=7)]

        answer = page("web/api/images")

        assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
        assert answer.json is not None
        assert answer.json["error"]["code"] == "rate_limit_exceeded"

    def test_a_status_that_http_does_not_know_comes_back_too(self, page: Page) -> None:
        page.api.planned = [error(599, "any")]

        assert page("web/api/images").status_code == 599

    def test_an_api_that_cannot_be_reached_is_said(self, page: Page) -> None:
        page.api.planned = [NoAnswerError("Connection refused", sent=False)]

        answer = page("web/api/images")

        assert answer.status_code == 502
        assert "Connection refused" in answer.text

    @pytest.mark.parametrize(
        "path",
        ["web/api/", "web/api/../../other", "web/api/images/%2e%2e/x", "web/api//evil.example/x"],
    )
    def test_no_path_leads_out_of_the_api(self, page: Page, path: str) -> None:
        answer = page(path)

        assert answer.status_code == 404
        assert page.api.sent == []

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
    def test_only_the_apis_methods_are_passed_on(self, page: Page, method: str) -> None:
        assert page("web/api/images", method).status_code == 405
        assert page.api.sent == []

    @pytest.mark.parametrize("length", [str(BODY_LIMIT + 1), "-1", "many"])
    def test_a_body_without_end_is_not_read(self, page: Page, length: str) -> None:
        answer = page(
            "web/api/images", "POST", environ_overrides={"CONTENT_LENGTH": length}, data=b"{}"
        )

        assert answer.status_code == 413
        assert page.api.sent == []


class TestWhatThePageAsksFor:
    def test_where_the_api_is_and_never_with_what_key(self, page: Page) -> None:
        config = page("web/config")

        assert config.json == {
            "endpoint": DEPLOYED,
            "local": False,
            "signed": False,
            "region": None,
            "options": ["--endpoint", DEPLOYED],
        }
        assert "its key" not in config.text

    def test_a_deployed_executions_trace_is_read_from_its_log(self) -> None:
        deployed = Deployed()
        lines = [log_line(number, *event) for number, event in enumerate(RETRIED, 1)]
        deployed.has_logs(*lines, since=None)
        deployed.has_machine()

        trace = Page(deployed=deployed)(f"web/trace?execution={EXPRESS}").json

        assert trace is not None
        assert trace["console_url"].startswith("https://eu-west-1.console.aws.amazon.com/states/")
        assert [state["name"] for state in trace["states"]] == ["Generate", "Respond"]
        assert (trace["status"], trace["definition"]) == ("SUCCEEDED", {})
        deployed.assert_all_asked()

    @pytest.mark.parametrize("target", [BY_KEY, LOCAL], ids=["deployed", "local"])
    def test_what_is_no_execution_of_its_own_is_not_looked_up(self, target: Target) -> None:
        other = EXPRESS if target.local else EXPRESS.replace(":express:", ":execution:")

        answers = [Page(target)(f"web/trace?execution={arn}") for arn in ("x", other)]

        assert [answer.status_code for answer in answers] == [400, 404]

    def test_a_picture_is_given_as_a_file_to_keep(self, page: Page) -> None:
        drawn = page("web/api/images", "POST", json={"prompt": "a", "seed": 3}).json
        assert drawn is not None

        file = page(f"web/download/{drawn['id']}")

        assert file.headers["content-disposition"] == f'attachment; filename="{drawn["id"]}.png"'
        assert file.data.startswith(b"\x89PNG")

    def test_a_picture_that_is_not_there_is_the_apis_error(self, page: Page) -> None:
        page.api.planned = [error(404, "picture_not_found")]

        answer = page("web/download/0")

        assert answer.status_code == 404
        assert answer.json is not None
        assert answer.json["error"]["code"] == "picture_not_found"

    def test_the_recipe_in_a_file_is_read(self, page: Page) -> None:
        page("web/api/images", "POST", json={"prompt": "a", "seed": 3})
        (file,) = page.api.files.values()

        read = page("web/recipe", "POST", data=file)

        assert read.json is not None
        assert (read.json["recipe"]["prompt"], read.json["recipe"]["seed"]) == ("a", 3)

    def test_a_file_without_one_says_why(self, page: Page) -> None:
        answer = page("web/recipe", "POST", data=b"no picture")

        assert answer.status_code == 400
        assert "no whole PNG or JPEG" in answer.text

    def test_a_local_stacks_faults_are_read_and_set_with_its_key(self) -> None:
        page = Page(LOCAL)
        page.api.planned = [error(400, "any"), error(400, "any")]

        page("web/faults")
        page("web/faults", "PUT", json={"faults": []})

        assert [(method, url, body) for method, url, _, body in page.api.sent] == [
            ("GET", "http://127.0.0.1:8081/easel/faults", None),
            ("PUT", "http://127.0.0.1:8081/easel/faults", {"faults": []}),
        ]
        assert all(headers["x-api-key"] == "local" for _, _, headers, _ in page.api.sent)

    def test_a_local_stack_that_is_gone_is_said(self) -> None:
        page = Page(LOCAL)
        page.api.planned = [NoAnswerError("Connection refused", sent=False)]

        answer = page("web/faults")

        assert answer.status_code == 502
        assert "Connection refused" in answer.text

    @pytest.mark.parametrize("path", ["web/faults", "web/running?key=x"])
    def test_a_deployment_has_no_such_controls(self, page: Page, path: str) -> None:
        assert page(path).status_code == 404
        assert page.api.sent == []


def test_no_file_of_the_page_names_another_host() -> None:
    for path in FILES.iterdir():
        if path.suffix in (".html", ".css", ".js", ".svg"):
            text = path.read_text().replace("http://www.w3.org/2000/svg", "")

            assert "//" not in text.replace("// ", "").replace("https://host", ""), path.name


def test_a_states_data_is_in_its_trace() -> None:
    from easel.timeline import timeline_of
    from tests.easel.test_timeline import events

    entered = {"name": "Generate", "input": json.dumps({"a": 1})}
    left = {"name": "Generate", "output": json.dumps({"b": 2})}

    (state,) = timeline_of(
        events((0, "TaskStateEntered", 0, entered), (1, "TaskStateExited", 1, left))
    ).to_dict()["states"]

    assert (state["input"], state["output"], state["left"]) == ('{"a": 1}', '{"b": 2}', True)
