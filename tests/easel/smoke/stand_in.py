"""A deployed stack for the checks: an API and an account that give prepared answers in order."""

import json
from collections.abc import Mapping
from typing import Any

from cdk.settings import Settings
from easel.api import Answer, Api
from easel.environments import Environment
from easel.smoke.deployed import Deployed
from easel.stack import API, FUNCTION, STAGE, Resources
from easel.target import Target
from tests.easel.stubbed_account import StubbedAccount

STEPS = ("validate", "generate", "store", "library")
ALARMS = ("easel-dev-broken", "easel-dev-cost")
EXECUTION = "arn:aws:states:eu-west-1:111111111111:express:machine:name:id"
SHA256 = "ab" * 32


def answer(
    body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Answer:
    return Answer(status, headers or {}, json.dumps(body).encode())


def picture(seed: int = 7, *, reused: bool = False, **changes: Any) -> dict[str, Any]:
    """An answer to a request for one picture."""
    return {
        "id": f"{seed:032x}",
        "seed": seed,
        "model": "stability.stable-image-core-v1:1",
        "sha256": SHA256,
        "image_url": "https://pictures.example/one.png",
        "reused": reused,
        "execution_arn": EXECUTION,
        **changes,
    }


def refusal(
    status: int,
    code: str,
    execution: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    error = {"message": "No.", "type": "any", "param": None, "code": code}
    return answer({"error": error, "execution_arn": execution}, status, headers)


def resources() -> Resources:
    kinds = {
        **dict.fromkeys(STEPS, FUNCTION),
        **dict.fromkeys(ALARMS, "AWS::CloudWatch::Alarm"),
        "api": API,
        "v1": STAGE,
    }
    return [
        {"PhysicalResourceId": id, "ResourceType": kind, "LogicalResourceId": id}
        for id, kind in kinds.items()
    ]


def machine() -> dict[str, Any]:
    """An Express state machine that logs to the group `states`."""
    group = {"logGroupArn": "arn:aws:logs:eu-west-1:111111111111:log-group:states:*"}
    return {
        "stateMachineArn": "machine",
        "name": "machine",
        "definition": "{}",
        "roleArn": "role",
        "type": "EXPRESS",
        "creationDate": 0,
        "loggingConfiguration": {"destinations": [{"cloudWatchLogsLogGroup": group}]},
    }


def function(step: str) -> dict[str, Any]:
    variables = {"GUARDRAIL_ID": "guard", "GUARDRAIL_VERSION": "1"} if step == "store" else {}
    return {
        "FunctionName": f"easel-dev-{step}",
        "Handler": f"lambdas.{step}.handler.handler",
        "Environment": {"Variables": variables},
    }


class Planned:
    """An HTTP connection that gives answers in order."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.sent: list[tuple[str, str, Mapping[str, str], bytes | None]] = []

    def __call__(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        self.sent.append((method, url, headers, body))
        return self.answers.pop(0)


def deployed(
    *answers: Answer,
    account: StubbedAccount | None = None,
    name: str = "dev",
    drawn: int = 0,
    **settings: Any,
) -> Deployed:
    """A stack whose API gives these answers. Nothing of AWS comes later than at once."""
    target = Target("https://abc.execute-api.eu-west-1.amazonaws.com/v1", local=False, api_key="k")
    asked = (account or StubbedAccount()).account
    return Deployed(
        environment=Environment(name, Settings(**settings), asked),
        api=Api(target, Planned(*answers), 0, lambda seconds: None),
        resources=resources(),
        functions={step: function(step) for step in STEPS},
        sleep=lambda seconds: None,
        patience_seconds=0,
        drawn=drawn,
    )
