"""The environments of cdk.json, and the region of an account."""

from pathlib import Path
from typing import Any

import pytest

from cdk.settings import SettingsError
from easel import environments
from easel.environments import account_of, environment_of, settings_of
from easel.findings import Finding, Level


class TestEnvironment:
    def test_settings_are_those_of_cdk_json_less_what_is_changed_for_once(self) -> None:
        assert settings_of("dev", {"gateway_timeout_seconds": 60}).gateway_timeout_seconds == 60
        assert settings_of("dev", {}).log_retention_days == 7

    @pytest.mark.parametrize(
        ("environment", "changed", "named"),
        [("nowhere", {}, "nowhere"), ("dev", {"bedrock_region": "eu-west-1"}, "bedrock_region")],
    )
    def test_wrong_settings_are_refused(
        self, environment: str, changed: dict[str, Any], named: str
    ) -> None:
        with pytest.raises(SettingsError, match=named):
            settings_of(environment, changed)

    @pytest.mark.parametrize(
        ("variables", "region"),
        [
            ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-1"),
            ({"AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"),
            ({}, None),
        ],
    )
    def test_the_region_is_the_one_that_cdk_deploys_to(
        self, variables: dict[str, str], region: str | None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

        account = account_of(None)

        assert (account.region if account else None) == region

    def test_outside_a_checkout_the_doctor_says_what_is_missing_in_one_line(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(environments, "CDK_JSON", tmp_path / "cdk.json")

        finding = environment_of("local", {}, local_endpoint="http://127.0.0.1:1")

        assert isinstance(finding, Finding)
        assert finding.level is Level.PROBLEM
        assert f"there is no {tmp_path / 'cdk.json'}" in finding.found
        assert "checkout" in str(finding.cure)
