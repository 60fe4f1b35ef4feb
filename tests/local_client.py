"""A caller of the local stack: its API, its AWS endpoint and the Bedrock stand-in's controls."""

import hashlib
import json
import os
import random
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import urllib3
from botocore.exceptions import ClientError

from local.assembly import NO_CHANGE, synthesized
from local.aws.signatures import OPERATOR_KEY, OPERATOR_SECRET
from local.bedrock.renderers.card import render_card
from local.exclusive import HOST
from local.stack import REGION, Options, local_stack
from local.template import Template

_MOST_WORKERS = 100

_http = urllib3.PoolManager(maxsize=60, retries=False, timeout=60)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> dict[str, Any]:
        return dict(json.loads(self.content))

    @property
    def error(self) -> dict[str, Any]:
        return dict(self.body["error"])


@dataclass(frozen=True)
class LocalClient:
    api_url: str
    endpoint_url: str
    bucket: str
    state_machine_arn: str

    def post(
        self,
        body: Any,
        *,
        path: str = "/images",
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """`body` is sent as JSON unless it is bytes."""
        sent = {"x-api-key": "local", "content-type": "application/json", **(headers or {})}
        return self._request(
            method,
            self.api_url + path,
            headers={name: value for name, value in sent.items() if value},
            body=body if isinstance(body, bytes) else json.dumps(body).encode(),
        )

    def get(self, url: str) -> Answer:
        return self._request("GET", url)

    def look(self, path: str) -> Answer:
        """A GET of the API, which needs the key."""
        return self._request("GET", self.api_url + path, headers={"x-api-key": "local"})

    def delete(self, id: str) -> Answer:
        return self.post(b"", path=f"/images/{id}", method="DELETE")

    def rerun(
        self, id: str, body: Any = None, *, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """An absent body is an empty object."""
        return self.post({} if body is None else body, path=f"/images/{id}/rerun", headers=headers)

    def downloaded(self, picture: Mapping[str, Any]) -> bytes:
        """A picture's file, which is the one that the answer describes."""
        answer = self.get(picture["image_url"])
        assert answer.status == 200, answer.content
        assert hashlib.sha256(answer.content).hexdigest() == picture["sha256"]
        return answer.content

    def bedrock(self) -> dict[str, Any]:
        """What the stand-in for Bedrock would bill."""
        return self.control("bedrock")

    def model_calls(self) -> int:
        return int(self.bedrock()["calls"])

    def last_request(self) -> dict[str, Any]:
        return dict(self.bedrock()["last_calls"][-1]["request"])

    def fail(
        self,
        kind: str,
        *,
        at: str = "InvokeModel",
        times: int = 1,
        seconds: float = 0,
        key: str = "*",
    ) -> None:
        """Make a place of the stack fail the next `times` times, and nothing else."""
        self.plan({"at": at, "kind": kind, "times": times, "seconds": seconds, "key": key})

    def plan(self, *faults: dict[str, Any]) -> None:
        """These faults, and no others."""
        self.control("faults", method="PUT", body=json.dumps({"faults": faults}).encode())

    def control(self, name: str, *, method: str = "GET", **rest: Any) -> dict[str, Any]:
        """A call of the local stack's own controls, which need the key."""
        url = f"{self.endpoint_url}/easel/{name}"
        answer = self._request(method, url, headers={"x-api-key": "local"}, **rest)
        assert answer.status == 200, answer.content
        return answer.body

    def wait_until_bedrock_answers(self) -> None:
        """After a fault that refused connections to Bedrock."""
        while not self.control("faults")["bedrock_open"]:
            time.sleep(0.05)

    def aws(self, service: str) -> Any:
        """A boto3 client with the operator's credentials."""
        return self.aws_as(
            {"AccessKeyId": OPERATOR_KEY, "SecretAccessKey": OPERATOR_SECRET}, service
        )

    def aws_as(self, credentials: Mapping[str, str], service: str) -> Any:
        """A boto3 client with credentials as STS gives them."""
        return _client(
            service,
            self.endpoint_url,
            credentials["AccessKeyId"],
            credentials["SecretAccessKey"],
            credentials.get("SessionToken"),
        )

    def history(self, execution_arn: str) -> list[dict[str, Any]]:
        events = self.aws("stepfunctions").get_execution_history(executionArn=execution_arn)
        return list(events["events"])

    def put_object(self, key: str, content: bytes) -> None:
        """Writes an object, or overwrites the one that is there: the bucket asks which of both."""
        s3, at = self.aws("s3"), {"Bucket": self.bucket, "Key": key}
        try:
            condition = {"IfMatch": s3.head_object(**at)["ETag"]}
        except ClientError:
            condition = {"IfNoneMatch": "*"}
        s3.put_object(**at, Body=content, **condition)

    def delete_objects(self, *keys: str) -> None:
        for key in keys:
            self.aws("s3").delete_object(Bucket=self.bucket, Key=key)

    def object_keys(self) -> set[str]:
        listed = self.aws("s3").list_objects_v2(Bucket=self.bucket)
        return {item["Key"] for item in listed.get("Contents", [])}

    def _request(self, method: str, url: str, **rest: Any) -> Answer:
        answer = _http.request(method, url, **rest)
        return Answer(answer.status, answer.headers, answer.data)


@cache
def _client(service: str, endpoint_url: str, key: str, secret: str, token: str | None) -> Any:
    """Makes a client, which takes longer than most of its calls, once."""
    return boto3.session.Session().client(  # type: ignore[call-overload]
        service,
        endpoint_url=endpoint_url,
        region_name=REGION,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
    )


Document = dict[str, Any]
Change = Callable[[Document], None]


def resources(document: Document, type: str) -> list[dict[str, Any]]:
    """The properties of every resource of a type."""
    return [
        resource["Properties"]
        for resource in document["Resources"].values()
        if resource["Type"] == type
    ]


def with_variables(**values: str) -> Change:
    """A change of environment variables, in every function that has them."""

    def change(document: Document) -> None:
        for function in resources(document, "AWS::Lambda::Function"):
            variables = function["Environment"]["Variables"]
            variables.update({name: values[name] for name in values.keys() & variables.keys()})

    return change


def throttled_to(*, rate: float, burst: int) -> Change:
    """A change of how many requests a second each method may get."""

    def change(document: Document) -> None:
        (stage,) = resources(document, "AWS::ApiGateway::Stage")
        (setting,) = stage["MethodSettings"]
        setting |= {"ThrottlingRateLimit": rate, "ThrottlingBurstLimit": burst}

    return change


def drawing_within(seconds: int) -> Change:
    """A change of the template that leaves less time for drawing.

    Where a call usually takes 5 seconds, 7 are enough for one attempt, 10 for a few.
    """

    def change(document: Document) -> None:
        (machine,) = resources(document, "AWS::StepFunctions::StateMachine")
        machine["DefinitionString"], changed = re.subn(
            r"\+ 1000 \* \d+\)", f"+ 1000 * {seconds})", machine["DefinitionString"]
        )
        assert changed == 1

    return change


def free_ports() -> tuple[int, int]:
    """Returns two ports that are free, below those that systems give out by themselves, and not
    another worker's."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    own = range(10_000 + worker, 32_000, _MOST_WORKERS)
    one, other, *_ = filter(_is_free, random.SystemRandom().sample(own, 100))
    return one, other


def _is_free(port: int) -> bool:
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((HOST, port))
        except OSError:
            return False
    return True


@contextmanager
def running(
    *,
    change: Change = lambda document: None,
    settings: Mapping[str, Any] = NO_CHANGE,
    log: Callable[[str], None] = print,
    events: Callable[[str, str], None] = lambda function, event: None,
    **options: Any,
) -> Iterator[LocalClient]:
    """The local stack from the project's template.

    `settings` differ from those of the local environment; `change` may edit the template's
    document. `log` gets what the terminal would, `events` the functions' log events as written. The
    model draws cards, unless `render` is among the options.
    """
    template = assembled(settings)
    document = deepcopy(dict(template.document))
    change(document)
    port, aws_port = free_ports()
    options = {"render": render_card, **options}
    where = Options(port=port, aws_port=aws_port, **options)
    changed = replace(template, document=document)
    with local_stack(changed, where, log=log, events=events) as deployment:
        yield LocalClient(
            api_url=where.api_url,
            endpoint_url=where.endpoint_url,
            bucket=deployment.bucket,
            state_machine_arn=deployment.state_machine_arn,
        )


def assembled(settings: Mapping[str, Any] = NO_CHANGE) -> Template:
    return synthesized(settings=settings, synth=_synth_here)


def _synth_here(out: Path, context: dict[str, Any]) -> None:
    """Synthesizes where aws_cdk is loaded already, which takes a fifth of the time."""
    from aws_cdk import App, AssetStaging

    from cdk.app import main

    AssetStaging.clear_asset_hash_cache()  # or it leaves assets in an earlier directory
    main(App(outdir=str(out), context=context))
