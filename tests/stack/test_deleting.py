"""A picture is deleted over the running stack, by the API and by the command line."""

from typing import Any

from tests.local_client import LocalClient
from tests.stack.command_line import CommandLine

SMALL = {"model": "amazon.nova-canvas-v1:0", "width": 320, "height": 320, "prompt": "cinnabar"}


def kept(easel: LocalClient) -> list[bytes]:
    """Every version of every object, with its key."""
    s3, at = easel.aws("s3"), {"Bucket": easel.bucket}
    found: list[bytes] = []
    for page in s3.get_paginator("list_object_versions").paginate(**at):
        for each in page.get("Versions", []):
            one = {"Key": each["Key"], "VersionId": each["VersionId"]}
            found.append(each["Key"].encode() + s3.get_object(**at, **one)["Body"].read())
        found += [each["Key"].encode() for each in page.get("DeleteMarkers", [])]
    return found


def test_a_deleted_picture_is_gone_in_all_versions_and_is_drawn_anew(easel: LocalClient) -> None:
    def draw(**change: Any) -> dict[str, Any]:
        return easel.post({**SMALL, **change}, headers={"idempotency-key": "cinnabar"}).body

    drawn, calls = draw(), easel.model_calls()
    id = drawn["id"]
    easel.post({**SMALL, "seed": drawn["seed"], "recipe_in_picture": False})

    answer = easel.delete(id)

    assert (answer.status, answer.body["id"], answer.body["deleted"]) == (200, id, True)
    assert easel.get(drawn["image_url"]).status == 404
    assert not [each for each in kept(easel) if id.encode() in each or b"cinnabar" in each]
    for gone in (easel.look(f"/images/{id}"), easel.delete(id), easel.rerun(id)):
        assert (gone.status, gone.error["code"]) == (404, "picture_not_found")
    again = draw()
    assert (again["id"], again["reused"], easel.model_calls()) == (id, False, calls + 1)


def test_the_command_deletes_pictures_and_says_which_are_gone(command: CommandLine) -> None:
    one = command.json("draw", "vermilion", "--seed", "1")["id"]
    two = command.json("draw", "vermilion", "--seed", "2")["id"]

    ended = command("delete", one, two, "--yes")

    assert (ended.returncode, ended.stdout.split()[1::2]) == (0, [one, two])
    assert command("show", one).returncode == 3
