"""How AWS is asked, and why a question has no answer."""

import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError

from easel.aws import Account, Reason, Unanswered
from easel.findings import Level, without_answer
from tests.easel.doctor.answers import CORE
from tests.easel.stubbed_account import StubbedAccount


class TestAccount:
    @pytest.mark.parametrize(
        ("code", "status", "reason"),
        [
            ("AccessDeniedException", 403, Reason.DENIED),
            ("ResourceNotFoundException", 404, Reason.ABSENT),
            ("ExpiredTokenException", 403, Reason.CREDENTIALS),
            ("UnrecognizedClientException", 403, Reason.CREDENTIALS),
            ("NotImplemented", 501, Reason.NOT_HERE),
            ("ThrottlingException", 429, Reason.REFUSED),
        ],
    )
    def test_a_refusal_has_its_reason_and_the_permission(
        self, code: str, status: int, reason: Reason
    ) -> None:
        account = StubbedAccount()
        account.fails("bedrock", "get_foundation_model", code, status)

        answer = account.account.ask("bedrock", "get_foundation_model", modelIdentifier=CORE.id)

        assert answer == Unanswered(
            reason, "bedrock:GetFoundationModel", code, "the service's words"
        )

    @pytest.mark.parametrize(
        ("service", "operation", "request_", "action"),
        [
            ("apigateway", "get_integration", ("restApiId", "resourceId", "httpMethod"), "GET"),
            (
                "service-quotas",
                "get_service_quota",
                ("ServiceCode", "QuotaCode"),
                "GetServiceQuota",
            ),
            ("stepfunctions", "describe_state_machine", ("stateMachineArn",), ""),
            ("cloudwatch", "describe_alarm_history", (), "DescribeAlarmHistory"),
        ],
    )
    def test_permissions_are_named_as_iam_names_them(
        self, service: str, operation: str, request_: tuple[str, ...], action: str
    ) -> None:
        prefix = {"service-quotas": "servicequotas", "stepfunctions": "states"}.get(
            service, service
        )
        account = StubbedAccount()
        account.fails(service, operation, "AccessDeniedException", 403)

        answer = account.account.ask(service, operation, **dict.fromkeys(request_, "abc"))

        assert isinstance(answer, Unanswered)
        assert answer.action == f"{prefix}:{action or 'DescribeStateMachine'}"

    @pytest.mark.parametrize(
        ("error", "reason"),
        [
            (NoCredentialsError(), Reason.CREDENTIALS),
            (EndpointConnectionError(endpoint_url="https://x"), Reason.UNREACHABLE),
        ],
        ids=["no credentials", "no network"],
    )
    def test_what_never_reached_a_service_has_a_reason(
        self, error: Exception, reason: Reason
    ) -> None:
        class Broken:
            def get_caller_identity(self) -> None:
                raise error

        answer = Account(lambda service, region: Broken(), "eu-west-1").ask(
            "sts", "get_caller_identity"
        )

        assert isinstance(answer, Unanswered)
        assert answer.reason is reason

    @pytest.mark.parametrize(
        ("reason", "level"),
        [
            (Reason.NOT_HERE, Level.NOT_CHECKED),
            (Reason.DENIED, Level.WARNING),
            (Reason.CREDENTIALS, Level.PROBLEM),
            (Reason.UNREACHABLE, Level.PROBLEM),
            (Reason.REFUSED, Level.WARNING),
        ],
    )
    def test_no_answer_is_a_line(self, reason: Reason, level: Level) -> None:
        finding = without_answer("anything", Unanswered(reason, "a:B", "Code", "words"))

        assert finding.level is level
        assert str(finding).startswith(f"{level:<12} anything: ")
