"""The deployed stack, against the settings."""

import pytest

from easel.doctor import deployment
from easel.environments import Environment
from easel.findings import Level
from tests.easel.doctor.answers import ABSENT, OTHER, SETTINGS, function, levels
from tests.easel.stubbed_account import StubbedAccount


class TestStack:
    @pytest.mark.parametrize(
        ("status", "level"),
        [
            ("CREATE_COMPLETE", Level.OK),
            ("UPDATE_COMPLETE", Level.OK),
            ("UPDATE_IN_PROGRESS", Level.WARNING),
            ("UPDATE_ROLLBACK_COMPLETE", Level.WARNING),
            ("ROLLBACK_COMPLETE", Level.PROBLEM),
            ("UPDATE_ROLLBACK_FAILED", Level.PROBLEM),
        ],
    )
    def test_status(self, status: str, level: Level) -> None:
        answer = {"Stacks": [{"StackStatus": status}]}

        environment = Environment("dev", SETTINGS, StubbedAccount().account)
        assert deployment.check_status(environment, answer).level is level

    def test_settings_that_were_not_deployed_are_warnings(self) -> None:
        functions = [
            function("validate", DEFAULT_MODEL=OTHER.id, BEDROCK_REGION="us-west-2"),
            function("generate", MODEL_TIMEOUT_SECONDS="60"),
            function("store"),
        ]

        findings = deployment.check_functions(SETTINGS, functions)

        assert [(finding.level, finding.subject) for finding in findings] == [
            (Level.WARNING, "function validate"),
            (Level.WARNING, "function generate"),
        ]
        assert f"DEFAULT_MODEL={OTHER.id}" in findings[0].found

    def test_a_setting_that_an_older_stack_does_not_have_is_a_warning(self) -> None:
        functions = [function(step) for step in deployment.steps_of(SETTINGS)]
        del functions[-1]["Environment"]["Variables"]["VISIBILITY"]

        (finding,) = deployment.check_functions(SETTINGS, functions)

        assert finding.level is Level.WARNING
        assert "VISIBILITY=, the settings say team" in finding.found

    def test_a_function_that_went_is_a_problem(self) -> None:
        gone = deployment.check_functions(
            SETTINGS, [ABSENT, function("generate"), function("store")]
        )
        never_there = deployment.check_functions(
            SETTINGS, [function("generate"), function("store")]
        )

        assert levels(gone) == [Level.PROBLEM]
        assert levels(never_there) == [Level.PROBLEM]

    def test_a_function_that_failed_to_start_is_a_problem(self) -> None:
        failed = {**function("generate"), "State": "Failed", "StateReason": "no role"}

        findings = deployment.check_functions(
            SETTINGS, [function("validate"), failed, function("store")]
        )

        assert [str(finding.found) for finding in findings] == ["Failed: no role"]

    @pytest.mark.parametrize(
        ("milliseconds", "level"), [(29_000, Level.OK), (60_000, Level.WARNING)]
    )
    def test_the_deployed_gateway_timeout_is_compared(
        self, milliseconds: int, level: Level
    ) -> None:
        assert deployment.check_api(SETTINGS, [{"timeoutInMillis": milliseconds}]).level is level

    def test_without_an_api_or_a_state_machine_there_is_a_problem(self) -> None:
        assert deployment.check_api(SETTINGS, []).level is Level.PROBLEM
        assert deployment.check_state_machine([]).level is Level.PROBLEM
        assert deployment.check_state_machine([ABSENT]).level is Level.PROBLEM
