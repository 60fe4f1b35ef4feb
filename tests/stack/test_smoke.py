"""The smoke test against the local stack, and what a person sees of it."""

from easel.smoke.cost import DRAWN_PICTURES
from tests.local_client import LocalClient
from tests.stack.command_line import CommandLine

NOT_ON_A_LAPTOP = {
    "what every alarm watches can be read",
    "an alarm's action succeeds",
    "the metric Pictures counts what was drawn",
    "the API's log has the request",
    "X-Ray follows the request to S3 and Bedrock",
}


def test_a_healthy_stack_passes_and_what_cannot_be_checked_here_is_said(
    command: CommandLine, easel: LocalClient
) -> None:
    before = easel.model_calls()

    answer = command.json("smoke")

    by_level = {finding["level"]: set[str]() for finding in answer["findings"]}
    for finding in answer["findings"]:
        by_level[finding["level"]].add(finding["subject"])
    assert answer["problems"] == 0, answer["findings"]
    assert by_level["not checked"] == NOT_ON_A_LAPTOP
    assert easel.model_calls() - before == DRAWN_PICTURES


def test_a_model_that_may_not_be_called_fails_it(command: CommandLine, easel: LocalClient) -> None:
    easel.fail("AccessDeniedException", times=9)

    ended = command("smoke")

    easel.plan()
    assert ended.returncode == 1
    assert "problem      a picture is drawn: " in ended.stdout
    assert "(500 model_access_denied)" in ended.stdout
