"""The local run executes the template: what is changed in it changes what happens."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from cdk.definition import task_of
from lambdas.common.keys import staging_key
from lambdas.validate.request import resolve
from local.differences import differences
from tests.environments import VALIDATE
from tests.local_client import (
    Change,
    Document,
    LocalClient,
    assembled,
    drawing_within,
    resources,
    running,
)

BODY = {"prompt": "a change of the template", "seed": 1}
ID = resolve(
    BODY,
    environment=VALIDATE,
    draw_seed=lambda limit: limit,
).id


def change_states(change: Change) -> Change:
    """A change of the state machine's definition."""

    def changed(document: Document) -> None:
        (machine,) = resources(document, "AWS::StepFunctions::StateMachine")
        definition = json.loads(machine["DefinitionString"])
        change(definition)
        machine["DefinitionString"] = json.dumps(definition)

    return changed


def policy_of(easel: LocalClient, role_part: str, action: str) -> dict[str, Any]:
    """Returns the inline policy by which a role may do this: RoleName, PolicyName and document."""
    iam = easel.aws("iam")
    (role,) = [
        each["RoleName"] for each in iam.list_roles()["Roles"] if role_part in each["RoleName"]
    ]
    policies = [
        iam.get_role_policy(RoleName=role, PolicyName=name)
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    ]
    (granting,) = [each for each in policies if action in actions(each["PolicyDocument"])]
    return {name: granting[name] for name in ("RoleName", "PolicyName", "PolicyDocument")}


@contextmanager
def without_permission(easel: LocalClient, role_part: str, action: str) -> Iterator[None]:
    """Takes an action from a role's policy, for a while."""
    granted = policy_of(easel, role_part, action)
    document = granted["PolicyDocument"]
    reduced = json.loads(json.dumps(document).replace(f'"{action}"', '"none:None"'))
    assert actions(document).count(action) == 1
    iam = easel.aws("iam")

    iam.put_role_policy(**granted | {"PolicyDocument": json.dumps(reduced)})
    try:
        yield
    finally:
        iam.put_role_policy(**granted | {"PolicyDocument": json.dumps(document)})


def actions(document: Document) -> list[Any]:
    listed = [statement["Action"] for statement in document["Statement"]]
    return [each for found in listed for each in (found if isinstance(found, list) else [found])]


@pytest.mark.parametrize(
    ("role_part", "action", "code"),
    [
        ("GenerateRole", "bedrock:InvokeModel", "model_access_denied"),
        ("GenerateRole", "s3:PutObject", "storage_access_denied"),
        ("GenerateRole", "s3:ListBucket", "storage_access_denied"),
        ("StoreRole", "s3:PutObject", "storage_access_denied"),
        ("StateMachineRole", "lambda:InvokeFunction", "internal_error"),
        ("StateMachineRole", "bedrock:ApplyGuardrail", "guardrail_refused"),
        ("StoreRole", "bedrock:ApplyGuardrail", "guardrail_refused"),
        ("StartExecutionRole", "states:StartSyncExecution", "internal_error"),
    ],
)
def test_missing_permission_answers_500_naming_it(
    easel: LocalClient, role_part: str, action: str, code: str
) -> None:
    body = {"prompt": f"{role_part} without {action}", "seed": 1}

    with without_permission(easel, role_part, action):
        refused = easel.post(body)
    granted_again = easel.post(body)

    assert (refused.status, refused.error["code"]) == (500, code)
    if refused.body["execution_arn"] is not None:
        history = json.dumps(easel.history(refused.body["execution_arn"]), default=str)
        assert "AccessDenied" in history
    assert granted_again.status == 200


@pytest.mark.parametrize(
    ("role_part", "code"),
    [("StartExecutionRole", "internal_error"), ("StateMachineRole", "internal_error")],
)
def test_a_role_that_trusts_another_service_is_a_500(role_part: str, code: str) -> None:
    def change(document: Document) -> None:
        for logical_id, resource in document["Resources"].items():
            if resource["Type"] == "AWS::IAM::Role" and role_part in logical_id:
                (statement,) = resource["Properties"]["AssumeRolePolicyDocument"]["Statement"]
                statement["Principal"] = {"Service": "ec2.amazonaws.com"}

    with running(change=change) as easel:
        answer = easel.post(BODY)

    assert (answer.status, answer.error["code"]) == (500, code)


def test_a_key_without_a_usage_plan_opens_nothing() -> None:
    def change(document: Document) -> None:
        (plan,) = resources(document, "AWS::ApiGateway::UsagePlan")
        plan["ApiStages"] = []

    with running(change=change) as easel:
        answer = easel.post(BODY)

    assert (answer.status, answer.error["code"]) == (403, "invalid_api_key")


def test_a_function_without_concurrency_left_is_a_429() -> None:
    def change(document: Document) -> None:
        for function in resources(document, "AWS::Lambda::Function"):
            if "generate" in function["Handler"]:
                function["ReservedConcurrentExecutions"] = 1
        drawing_within(7)(document)

    with running(change=change, latency_seconds=4) as easel:
        with ThreadPoolExecutor(2) as callers:
            bodies = [{"prompt": "busy", "seed": seed} for seed in (1, 2)]
            answers = list(callers.map(easel.post, bodies))

        assert sorted(answer.status for answer in answers) == [200, 429]
        (busy,) = [answer for answer in answers if answer.status == 429]
        assert (busy.error["code"], busy.headers["Retry-After"]) == ("rate_limit_exceeded", "5")


def test_with_the_guardrail_off_nothing_asks_it() -> None:
    with running(settings={"guardrail": "off"}) as easel:
        answer = easel.post({"prompt": "guardrail-test:VIOLENCE picture-test:SEXUAL", "seed": 1})
        history = json.dumps(easel.history(answer.body["execution_arn"]), default=str)

    assert answer.status == 200
    assert "CheckPrompt" not in history


def test_a_guardrail_of_ones_own_that_is_not_there_lets_nothing_through_and_is_warned_of() -> None:
    own = {"guardrail_id": "abcdefgh1234", "guardrail_version": "7"}
    warned = "\n".join(differences(assembled(own)))
    with running(settings=own) as easel:
        answer = easel.post(BODY)

        assert "warning: guardrail_id abcdefgh1234 is not on this machine" in warned
        assert (answer.status, answer.error["code"]) == (500, "guardrail_refused")
        assert easel.model_calls() == 0


class TestChanged:
    """Several changes at once, of which none touches another's test."""

    @pytest.fixture(scope="class")
    @classmethod
    def easel(cls) -> Iterator[LocalClient]:
        with running(change=everything_else) as client:
            yield client

    def test_a_retry_less_in_the_state_machine_is_a_retry_less_in_the_run(
        self, easel: LocalClient
    ) -> None:
        easel.fail("ThrottlingException")

        assert easel.post({**BODY, "prompt": "throttled"}).status == 429

    def test_a_renamed_state_has_its_new_name_in_the_history(self, easel: LocalClient) -> None:
        arn = easel.post(BODY).body["execution_arn"]

        assert '"name": "Publish"' in json.dumps(easel.history(arn), default=str)

    def test_a_line_of_a_mapping_template_changes_the_answer(self, easel: LocalClient) -> None:
        assert "image_url" in easel.post(BODY, path="/image").body["wrapped"]

    def test_a_request_model_is_enforced(self, easel: LocalClient) -> None:
        answer = easel.post({"prompt": "no seed"})

        assert (answer.status, answer.error["param"]) == (400, "body")

    def test_a_bucket_policy_that_asks_for_no_condition_refuses_no_write(
        self, easel: LocalClient
    ) -> None:
        at = {"Bucket": easel.bucket, "Key": "output-images/1"}

        easel.aws("s3").put_object(**at, Body=b"1")


def everything_else(document: Document) -> None:
    """No retry after a throttled call, another state's name, an answer of `/image` that is wrapped,
    a request model that wants a seed, and a bucket policy that asks for no condition."""

    def change(definition: dict[str, Any]) -> None:
        task_of(definition, "Generate")["Catch"][0]["ErrorEquals"].remove("ThrottledError")
        drawing = definition["States"]["DrawEach"]["ItemProcessor"]["States"]
        drawing["Publish"] = drawing.pop("Store")
        drawing["Generate"]["Next"] = "Publish"

    change_states(change)(document)
    (image,) = [
        logical_id
        for logical_id, resource in document["Resources"].items()
        if resource.get("Properties", {}).get("PathPart") == "image"
    ]
    for method in resources(document, "AWS::ApiGateway::Method"):
        if method["ResourceId"] == {"Ref": image}:
            for response in method["Integration"]["IntegrationResponses"]:
                templates = response["ResponseTemplates"]
                templates["application/json"] = templates["application/json"].replace(
                    "$answer.body", '{"wrapped":$answer.body}'
                )
    (model,) = resources(document, "AWS::ApiGateway::Model")
    model["Schema"]["required"] = ["seed"]
    for policy in resources(document, "AWS::S3::BucketPolicy"):
        policy["PolicyDocument"]["Statement"] = [
            each
            for each in policy["PolicyDocument"]["Statement"]
            if "Null" not in each["Condition"]
        ]


def test_a_caller_who_gave_up_pays_once_and_gets_the_picture_later() -> None:
    """The workflow ends before the model does; the function goes on and stages the picture."""

    def change(definition: dict[str, Any]) -> None:
        definition["TimeoutSeconds"] = 2

    with running(change=change_states(change), latency_seconds=3) as easel:
        late = easel.post(BODY)
        wait_for(easel, staging_key(ID))
        again = easel.post(BODY)

        assert (late.status, late.error["code"]) == (504, "timeout")
        assert (again.status, again.body["reused"]) == (200, True)
        assert easel.model_calls() == 1


def wait_for(easel: LocalClient, key: str) -> None:
    for _ in range(100):
        if key in easel.object_keys():
            return
        time.sleep(0.1)
    raise AssertionError(f"{key} does not appear")
