"""The account's quotas, against the settings."""

from dataclasses import replace

import pytest

from cdk.settings import Settings
from easel.doctor import quotas
from easel.findings import Level
from tests.easel.doctor.answers import ABSENT, CORE, SETTINGS, details, limits, quota


class TestQuotas:
    def test_a_gateway_timeout_above_the_quota_is_a_problem(self) -> None:
        settings = Settings(gateway_timeout_seconds=60)
        answer = {"Quota": quota("Maximum integration timeout in milliseconds", 29_000)}

        finding = quotas.check_integration_timeout(settings, answer)

        assert finding.level is Level.PROBLEM
        assert "gateway_timeout_seconds is 60, the account's quota 29 s" in finding.found
        assert quotas.check_integration_timeout(SETTINGS, answer).level is Level.OK

    def test_a_quota_without_a_value_is_not_checked(self) -> None:
        answer = {"Quota": {"ErrorReason": {"ErrorMessage": "try later"}}}

        finding = quotas.check_integration_timeout(SETTINGS, answer)

        assert finding.level is Level.NOT_CHECKED
        assert "try later" in finding.found

    def test_too_few_concurrent_executions_are_a_warning_that_says_how_many_it_takes(self) -> None:
        finding = quotas.check_concurrency(
            replace(SETTINGS, generate_concurrency=0), CORE, limits(10), is_deployed=False
        )

        assert finding.level is Level.WARNING
        assert "takes 25" in finding.found
        assert "throttle_per_second to 2" in str(finding.cure)

    def test_a_reservation_that_lambda_may_refuse_is_a_warning_before_the_deployment(self) -> None:
        """Also where the account has many, which other functions have reserved."""
        many = {
            "AccountLimit": {"ConcurrentExecutions": 900, "UnreservedConcurrentExecutions": 100}
        }

        for account in (limits(100), many):
            finding = quotas.check_concurrency(SETTINGS, CORE, account, is_deployed=False)

            assert finding.level is Level.WARNING
            assert "leaves 90" in finding.found
            assert "generate_concurrency to 0" in str(finding.cure)

    def test_a_reservation_that_the_stack_has_already_is_fine(self) -> None:
        finding = quotas.check_concurrency(SETTINGS, CORE, limits(100), is_deployed=True)

        assert finding.level is Level.OK

    @pytest.mark.parametrize(
        ("name", "value", "level"),
        [
            ("On-demand model inference requests per minute for Stable Image Core 1.0", 300, "ok"),
            ("On-demand InvokeModel requests per minute for Stable Image Core 1.0", 60, "warning"),
            (
                "Cross-region InvokeModel requests per minute for Stable Image Core 1.0",
                60,
                "not checked",
            ),
            (
                "On-demand InvokeModel tokens per minute for Stable Image Core 1.0",
                60,
                "not checked",
            ),
            ("On-demand InvokeModel requests per minute for Another", 60, "not checked"),
        ],
    )
    def test_a_models_quota_is_found_by_its_name(self, name: str, value: int, level: str) -> None:
        finding = quotas.check_requests_per_minute(SETTINGS, CORE, details(), [quota(name, value)])

        assert finding.level == level

    def test_a_model_without_a_name_has_no_quota_to_be_found(self) -> None:
        finding = quotas.check_requests_per_minute(SETTINGS, CORE, ABSENT, [])

        assert finding.level is Level.NOT_CHECKED
