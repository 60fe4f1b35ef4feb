"""Callers who see their own pictures only, and callers who are a team, over the running stack."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import Credentials
from moto.core.models import DEFAULT_ACCOUNT_ID

from lambdas.common.recipe import Recipe
from local.stack import REGION
from tests.local_client import Answer, Document, LocalClient, running, with_variables
from tests.share import WHOLE
from tests.stack.command_line import CommandLine
from tests.stack.test_who_may_call import SIGNED, signed

REQUEST = {
    "model": "amazon.nova-canvas-v1:0", "width": 320, "height": 320, "prompt": "mine", "seed": 1,
}  # fmt: skip


@dataclass(frozen=True)
class Caller:
    """One who calls with headers that prove it."""

    easel: LocalClient
    headers: Callable[[str, str, bytes], Mapping[str, str]]

    def draw(self, **change: Any) -> Answer:
        return self._call("POST", "/images", {**REQUEST, **change})

    def show(self, id: str) -> Answer:
        return self._call("GET", f"/images/{id}")

    def rerun(self, id: str) -> Answer:
        return self._call("POST", f"/images/{id}/rerun", {})

    def delete(self, id: str) -> Answer:
        return self._call("DELETE", f"/images/{id}")

    def listed(self) -> list[str]:
        page = self._call("GET", "/images").body
        assert page["after"] is None
        return [picture["id"] for picture in page["pictures"]]

    def _call(self, method: str, path: str, body: Any = None) -> Answer:
        sent = b"" if body is None else json.dumps(body).encode()
        headers = {"x-api-key": "", **self.headers(method, path, sent)}
        return self.easel.post(sent, path=path, method=method, headers=headers)


def second_key(document: Document) -> None:
    """Adds another API key to the usage plan."""
    found = document["Resources"]
    (key,) = [name for name, each in found.items() if each["Type"] == "AWS::ApiGateway::ApiKey"]
    (of_plan,) = [
        each for each in found.values() if each["Type"] == "AWS::ApiGateway::UsagePlanKey"
    ]
    found["Second"] = deepcopy(found[key])
    found["SecondOfPlan"] = deepcopy(of_plan)
    found["SecondOfPlan"]["Properties"]["KeyId"] = {"Ref": "Second"}


def with_key(easel: LocalClient, key: str) -> Caller:
    return Caller(easel, lambda method, path, body: {"x-api-key": key})


def with_role(easel: LocalClient, name: str, *, session: str = "one") -> Caller:
    """A role that may call the API, and its session."""
    iam = easel.aws("iam")
    if name not in {role["RoleName"] for role in iam.list_roles()["Roles"]}:
        iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")
        statement = {
            "Effect": "Allow",
            "Action": "execute-api:Invoke",
            "Resource": f"arn:aws:execute-api:{REGION}:{DEFAULT_ACCOUNT_ID}:*",
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_role_policy(RoleName=name, PolicyName="invoke", PolicyDocument=document)
    role = iam.get_role(RoleName=name)["Role"]["Arn"]
    assumed = easel.aws("sts").assume_role(RoleArn=role, RoleSessionName=session)["Credentials"]
    credentials = Credentials(
        assumed["AccessKeyId"], assumed["SecretAccessKey"], assumed["SessionToken"]
    )
    return Caller(
        easel,
        lambda method, path, body: signed(easel, credentials, body=body, path=path, method=method),
    )


@contextmanager
def two(auth: str, visibility: str) -> Iterator[tuple[Caller, Caller]]:
    def change(document: Document) -> None:
        with_variables(VISIBILITY=visibility)(document)
        if auth == "api_key":
            second_key(document)

    with running(settings=SIGNED if auth == "iam" else {}, change=change) as easel:
        if auth == "api_key":
            callers = with_key(easel, "local"), with_key(easel, "local-2")
        else:
            callers = with_role(easel, "ann"), with_role(easel, "bob")
        # Has Validate import boto3, for which a busy machine takes longer than the state waits.
        callers[0].rerun("0" * 32)
        yield callers


Both = tuple[Caller, Caller]


def told(answer: Answer, id: str) -> tuple[int, Any]:
    """What a caller learns of an id."""
    return answer.status, json.loads(json.dumps(answer.error).replace(id, "ID"))


class TestApart:
    # By role alone only what needs roles, unless all is wanted.
    @pytest.fixture(scope="class", params=["api_key", "iam"] if WHOLE else ["api_key"])
    @classmethod
    def apart(cls, request: pytest.FixtureRequest) -> Iterator[Both]:
        with two(request.param, "caller") as callers:
            yield callers

    def test_the_same_request_of_two_callers_is_two_pictures_each_paid_by_its_own(
        self, apart: Both
    ) -> None:
        ann, bob = apart
        before = ann.easel.model_calls()

        first, second, again = ann.draw().body, bob.draw().body, ann.draw().body

        assert first["id"] != second["id"]
        assert (first["reused"], second["reused"], again["reused"]) == (False, False, True)
        assert again["id"] == first["id"]
        assert ann.easel.model_calls() == before + 2

    def test_anothers_picture_is_as_one_that_does_not_exist(self, apart: Both) -> None:
        ann, bob = apart
        id, none = ann.draw(seed=2).body["id"], "0" * 32

        assert ann.show(id).status == 200
        assert told(bob.show(id), id) == told(bob.show(none), none)
        assert told(bob.rerun(id), id) == told(bob.rerun(none), none)
        assert bob.show(id).error["code"] == "picture_not_found"

    def test_callers_delete_their_own_alone(self, apart: Both) -> None:
        ann, bob = apart
        id, none = ann.draw(seed=10).body["id"], "0" * 32

        assert told(bob.delete(id), id) == told(bob.delete(none), none)
        assert (ann.show(id).status, bob.delete(none).status) == (200, 404)
        assert (ann.delete(id).status, ann.show(id).status) == (200, 404)
        assert id not in ann.listed()

    def test_callers_list_their_own(self, apart: Both) -> None:
        ann, bob = apart
        hers, his = ann.draw(seed=3).body["id"], bob.draw(seed=3).body["id"]
        again = ann.rerun(hers).body["id"]

        assert {hers, again} <= set(ann.listed())
        assert his in bob.listed()
        assert not set(ann.listed()) & set(bob.listed())

    def test_anothers_recipe_draws_a_picture_of_ones_own(self, apart: Both) -> None:
        ann, bob = apart
        hers = ann.draw(seed=4).body["id"]
        recipe = ann.show(hers).body["manifest"]["recipe"]

        his = bob._call("POST", "/images", {"recipe": recipe}).body

        assert (his["reused"], his["id"] == hers) == (False, False)

    def test_a_recipes_own_id_finds_the_callers_picture(self, apart: Both) -> None:
        ann, bob = apart
        hers = ann.draw(seed=5).body["id"]
        recipe = Recipe.from_dict(ann.show(hers).body["manifest"]["recipe"])

        assert ann.show(recipe.id).body["manifest"]["id"] == hers
        assert ann.rerun(recipe.id).body["rerun"]["of"] == hers
        assert bob.show(recipe.id).status == 404

    @pytest.mark.parametrize("apart", ["api_key"], indirect=True)
    def test_the_command_line_finds_a_picture_by_its_file(
        self, apart: Both, tmp_path: Path
    ) -> None:
        ann, _ = apart
        easel = CommandLine(tmp_path, ann.easel)
        drawn = easel.json("draw", "by its file", "--seed", "9", "--out", "own.png")

        shown, again = easel("show", "own.png"), easel.json("rerun", "own.png")

        assert "as it was published" in shown.stdout
        assert drawn["id"] in shown.stdout
        assert (again["rerun"]["of"], again["rerun"]["verdict"]) == (drawn["id"], "identical_bytes")

    def test_nobody_is_told_who_drew_a_picture(self, apart: Both) -> None:
        ann, _ = apart

        assert "owner" not in ann.show(ann.draw(seed=6).body["id"]).body["manifest"]

    @pytest.mark.parametrize("apart", ["iam"], indirect=True)
    def test_sessions_of_a_role_are_one_caller(self, apart: Both) -> None:
        ann, _ = apart
        id = ann.draw(seed=8).body["id"]

        other = with_role(ann.easel, "ann", session="two")

        assert other.show(id).status == 200
        assert other.listed() == ann.listed()

    def test_pictures_from_before_there_were_owners_are_nobodys(self, apart: Both) -> None:
        ann, _ = apart
        id = ann.draw(seed=7).body["id"]
        key = f"output-images/{id}.json"
        stored = ann.easel.aws("s3").get_object(Bucket=ann.easel.bucket, Key=key)["Body"].read()
        manifest = json.loads(stored)
        del manifest["owner"]

        ann.easel.put_object(key, json.dumps(manifest).encode())

        assert ann.show(id).status == ann.rerun(id).status == 404
        assert id not in ann.listed()


@pytest.mark.parametrize("auth", ["iam", "api_key"] if WHOLE else ["iam"])
def test_a_team_shares_its_pictures(auth: str) -> None:
    with two(auth, "team") as (ann, bob):
        hers, his = ann.draw().body, bob.draw().body
        again = bob.rerun(hers["id"])

        assert (hers["id"], his["reused"], again.status) == (his["id"], True, 200)
        assert bob.show(hers["id"]).status == 200
        assert ann.listed() == bob.listed() == [again.body["id"], hers["id"]]
