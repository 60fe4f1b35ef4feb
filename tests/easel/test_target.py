"""Where the command goes, and with which key or signature."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from easel.exits import Exit
from easel.target import API_KEY, AWS_ENDPOINT, ENDPOINT, target_of
from tests.easel.command_line import DEPLOYED, CommandLine


class TestWhereTo:
    def test_the_local_stack_gets_its_own_key(self, easel: CommandLine) -> None:
        easel("draw", "a cat")

        method, url, headers, _ = easel.api.calls[0]
        assert (method, url) == ("POST", "http://127.0.0.1:8080/images")
        assert headers["x-api-key"] == "local"

    @pytest.mark.parametrize("endpoint", [DEPLOYED, f"{DEPLOYED}/", f"{DEPLOYED}/images"])
    def test_a_deployment_is_named_by_its_root_or_its_output(
        self, easel: CommandLine, endpoint: str
    ) -> None:
        easel("draw", "a cat", "--endpoint", endpoint, "--api-key", "k1")

        _, url, headers, _ = easel.api.calls[0]
        assert url == f"{DEPLOYED}/images"
        assert headers["x-api-key"] == "k1"
        assert "Authorization" not in headers

    def test_without_a_key_calls_are_signed_for_the_apis_region(
        self, easel: CommandLine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        monkeypatch.setenv("AWS_SESSION_TOKEN", "token")

        easel("draw", "a cat", "--endpoint", DEPLOYED)

        _, _, headers, _ = easel.api.calls[0]
        assert "/eu-west-1/execute-api/aws4_request" in headers["Authorization"]
        assert headers["X-Amz-Security-Token"] == "token"
        assert "x-api-key" not in headers

    def test_without_key_and_credentials_nothing_is_sent(self, easel: CommandLine) -> None:
        drawn = easel("draw", "a cat", "--endpoint", DEPLOYED)

        assert (drawn.exit_code, easel.api.sent) == (Exit.HERE, [])
        assert "EASEL_API_KEY" in drawn.stderr

    def test_a_profile_that_is_not_there_is_one_line(self, easel: CommandLine) -> None:
        drawn = easel("draw", "a cat", "--endpoint", DEPLOYED, "--profile", "nobody")

        assert (drawn.exit_code, easel.api.sent) == (Exit.HERE, [])
        assert "nobody" in drawn.stderr

    def test_a_pictures_url_gets_no_key(self, easel: CommandLine) -> None:
        easel("draw", "a cat", "--endpoint", DEPLOYED, "--api-key", "k1")

        assert easel.api.sent[-1][0] == "GET"
        assert easel.api.sent[-1][2] == {}

    @pytest.mark.parametrize(
        ("environ", "endpoint", "key"),
        [
            ({}, None, "local"),
            ({"EASEL_API_KEY": "k1"}, None, "local"),
            ({"EASEL_API_KEY": "k1"}, DEPLOYED, "k1"),
            ({"EASEL_API_KEY": "k1"}, "http://localhost:9000", "local"),
            ({"EASEL_API_KEY": "k1", "EASEL_ENDPOINT": DEPLOYED}, None, "k1"),
            (
                {"EASEL_API_KEY": "k1", "EASEL_ENDPOINT": DEPLOYED},
                "https://other.example/v1",
                None,
            ),
            ({"EASEL_API_KEY": "k1", "EASEL_ENDPOINT": "http://127.0.0.1:1"}, None, "k1"),
            ({}, DEPLOYED, None),
        ],
    )
    def test_a_key_goes_only_where_it_belongs(
        self, environ: Mapping[str, str], endpoint: str | None, key: str | None
    ) -> None:
        assert target_of(environ, endpoint=endpoint).api_key == key

    @pytest.mark.parametrize(
        "endpoint",
        [
            "http://api.example/v1",
            "api.example",
            "ftp://x",
            "https://me:pw@host/v1",
            "https://[host/v1",
            "https://host:99999/v1",
        ],
    )
    def test_a_url_that_no_key_may_go_to_is_refused(
        self, easel: CommandLine, endpoint: str
    ) -> None:
        drawn = easel("draw", "a cat", "--endpoint", endpoint, "--api-key", "k1")

        assert (drawn.exit_code, easel.api.sent) == (Exit.USAGE, [])

    def test_behind_two_dashes_everything_is_prompt(self, easel: CommandLine) -> None:
        easel("draw", "--seed", "1", "--", "--json", "--endpoint", "x")

        assert easel.api.last["prompt"] == "--json --endpoint x"


@pytest.mark.parametrize("variable", [ENDPOINT, API_KEY, AWS_ENDPOINT])
def test_a_variable_stands_in_the_help_and_in_the_documents(
    easel: CommandLine, variable: str
) -> None:
    operations = Path(__file__).parents[2] / "docs" / "operations.md"

    assert variable in easel("--help").stdout
    assert f"`{variable}`" in operations.read_text()
