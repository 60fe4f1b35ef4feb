"""The doctor against the local stack, and the control plane of Bedrock that it asks there."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

from lambdas.common.catalog import CATALOG
from local.aws.signatures import OPERATOR_KEY, OPERATOR_SECRET
from tests.local_client import LocalClient, running

CORE = "stability.stable-image-core-v1:1"
RETIRED = "amazon.nova-canvas-v1:0"


@pytest.fixture(scope="class")
def easel() -> Iterator[LocalClient]:
    with running() as client:
        yield client


def doctor(easel: LocalClient, *options: str) -> tuple[int, dict[str, Any]]:
    """The doctor's exit code and what it answered."""
    command = [sys.executable, "-m", "easel", "doctor", "--json"]
    where = f"--aws-endpoint={easel.endpoint_url}"
    ended = subprocess.run([*command, where, *options], capture_output=True, text=True, check=False)
    assert ended.stderr == ""
    return ended.returncode, dict(json.loads(ended.stdout))


def found(answer: dict[str, Any], level: str) -> dict[str, str]:
    """Subject -> what was found, of one level."""
    return {
        finding["subject"]: finding["found"]
        for finding in answer["findings"]
        if finding["level"] == level
    }


def bedrock(easel: LocalClient, region: str = "us-west-2") -> Any:
    return boto3.session.Session().client(
        "bedrock",
        endpoint_url=easel.endpoint_url,
        region_name=region,
        aws_access_key_id=OPERATOR_KEY,
        aws_secret_access_key=OPERATOR_SECRET,
    )


class TestWhatItFinds:
    def test_a_healthy_stack_is_ok_and_what_cannot_be_checked_here_is_said(
        self, easel: LocalClient
    ) -> None:
        code, answer = doctor(easel)

        assert (code, answer["problems"]) == (0, 0)
        assert found(answer, "warning") == {}
        assert found(answer, "not checked").keys() == {
            "API Gateway's integration timeout",
            "Lambda's concurrent executions",
            f"Bedrock's quota for {CORE}",
            "API",
        }
        assert found(answer, "ok")[f"call of {CORE}"].startswith("it can be called")
        assert found(answer, "ok")["stack easel-local"] == f"CREATE_COMPLETE {easel.api_url}/images"

    def test_the_doctor_draws_and_pays_for_nothing(self, easel: LocalClient) -> None:
        before = easel.model_calls()

        doctor(easel)

        assert easel.model_calls() == before

    def test_a_default_model_whose_life_has_ended_is_a_problem(self, easel: LocalClient) -> None:
        code, answer = doctor(easel, "--settings", json.dumps({"default_model": RETIRED}))

        assert code == 1
        assert "retired since 2026-09-30" in found(answer, "problem")[f"default model {RETIRED}"]
        assert "DEFAULT_MODEL=" in found(answer, "warning")["function validate"]

    def test_a_region_without_the_default_model_is_a_problem(self, easel: LocalClient) -> None:
        code, answer = doctor(easel, "--settings", json.dumps({"bedrock_region": "eu-west-1"}))

        assert code == 1
        assert "eu-west-1 does not offer" in found(answer, "problem")["settings"]


class TestControlPlane:
    @pytest.mark.parametrize(
        ("operation", "request_"),
        [
            ("GetFoundationModel", {"modelIdentifier": CORE}),
            (
                "GetFoundationModel",
                {"modelIdentifier": f"arn:aws:bedrock:us-west-2::foundation-model/{CORE}"},
            ),
            ("GetFoundationModelAvailability", {"modelId": CORE}),
            ("ListFoundationModels", {}),
        ],
        ids=["id", "ARN", "availability", "list"],
    )
    def test_the_control_plane_answers_in_the_shapes_of_the_service_model(
        self, easel: LocalClient, operation: str, request_: dict[str, str]
    ) -> None:
        client = bedrock(easel)

        answer = client._make_api_call(operation, request_)

        shape = client.meta.service_model.operation_model(operation).output_shape
        answer.pop("ResponseMetadata")
        assert not ParamValidator().validate(answer, shape).has_errors()
        assert answer

    def test_models_are_listed_in_the_regions_that_have_them(self, easel: LocalClient) -> None:
        def listed(region: str, **asked: str) -> set[str]:
            models = bedrock(easel, region).list_foundation_models(**asked)["modelSummaries"]
            return {model["modelId"] for model in models}

        here = {model.id for model in CATALOG.values() if "us-west-2" in model.regions}
        assert listed("us-west-2") == listed("us-west-2", byProvider="Stability AI") == here
        assert listed("us-west-2", byOutputModality="TEXT") == set()
        assert listed("eu-west-1") == set()

    @pytest.mark.parametrize(
        ("region", "model", "code"),
        [
            ("us-west-2", RETIRED, "ResourceNotFoundException"),
            ("us-west-2", "stability.nothing-v1:0", "ResourceNotFoundException"),
            ("eu-west-1", CORE, "ResourceNotFoundException"),
            (
                "eu-west-1",
                f"arn:aws:bedrock:us-west-2::foundation-model/{CORE}",
                "ValidationException",
            ),
            ("us-west-2", "nonsense", "ValidationException"),
        ],
    )
    def test_a_model_that_is_not_there_is_refused(
        self, easel: LocalClient, region: str, model: str, code: str
    ) -> None:
        with pytest.raises(ClientError) as caught:
            bedrock(easel, region).get_foundation_model(modelIdentifier=model)

        assert caught.value.response["Error"]["Code"] == code

    def test_a_role_needs_the_permission_for_the_control_plane(self, easel: LocalClient) -> None:
        roles = easel.aws("iam").list_roles()["Roles"]
        (role,) = [each["Arn"] for each in roles if "generate" in each["RoleName"].lower()]
        credentials = easel.aws("sts").assume_role(RoleArn=role, RoleSessionName="generate")[
            "Credentials"
        ]

        with pytest.raises(ClientError) as caught:
            easel.aws_as(credentials, "bedrock").get_foundation_model(modelIdentifier=CORE)

        assert caught.value.response["Error"]["Code"] == "AccessDeniedException"

    @pytest.mark.parametrize(
        ("service", "operation", "request_"),
        [
            ("service-quotas", "list_service_quotas", {"ServiceCode": "lambda"}),
            ("apigateway", "get_rest_apis", {}),
            ("lambda", "get_account_settings", {}),
        ],
    )
    def test_what_the_local_stack_lacks_is_not_made_up(
        self, easel: LocalClient, service: str, operation: str, request_: dict[str, str]
    ) -> None:
        with pytest.raises(ClientError) as caught:
            getattr(easel.aws(service), operation)(**request_)

        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_a_function_that_was_deleted_is_a_problem() -> None:
    with running() as easel:
        functions = easel.aws("lambda").list_functions()["Functions"]
        (store,) = [each["FunctionName"] for each in functions if "store" in each["Handler"]]
        easel.aws("lambda").delete_function(FunctionName=store)

        code, answer = doctor(easel)

    assert code == 1
    assert "gone" in found(answer, "problem")["functions"]


def test_without_a_local_stack_the_doctor_says_how_to_start_it() -> None:
    nowhere = LocalClient("", "http://127.0.0.1:1", "", "")

    code, answer = doctor(nowhere)

    assert code == 1
    (finding,) = answer["findings"]
    assert finding["cure"] == "start the local stack: make run"
