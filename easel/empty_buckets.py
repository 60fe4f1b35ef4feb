"""Asks before an environment is destroyed, and empties its buckets if they are to go with it."""

import sys
from collections.abc import Mapping
from typing import Any

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from cdk.settings import SettingsError
from easel.aws import Account, Answer, Reason, Unanswered, session_of
from easel.environments import settings_of
from easel.stack import outputs_of

_BUCKET = "AWS::S3::Bucket"
_CURES = {
    Reason.CREDENTIALS: "Log in again, or set AWS_PROFILE.",
    Reason.DENIED: "Allow it to whoever destroys the stack.",
    Reason.UNREACHABLE: "Check the network and the region.",
}
# CloudFormation's only code for a stack that is not there.
_NO_STACK = "ValidationError"


@click.command()
@click.argument("environment")
@click.option("--yes", is_flag=True, help="Do not ask.")
def main(environment: str, yes: bool) -> None:
    """Ask, and empty ENVIRONMENT's buckets where its deployed stack deletes them."""
    try:
        # What cdk.json does not name, cdk cannot destroy.
        settings_of(environment)
        session = session_of(local=False)
        region = session.get_config_variable("region")
        if region is None:
            raise SystemExit("No AWS region is known. Set AWS_REGION to the stack's.")
        prepare(environment, Account.of(session, region), _s3(session), yes=yes)
    except (SettingsError, BotoCoreError) as error:
        raise SystemExit(f"Nothing was destroyed: {error}.") from error
    except ClientError as error:
        raise SystemExit(f"The buckets could not be emptied: {error}.") from error


def prepare(environment: str, account: Account, s3: Any, *, yes: bool) -> None:
    """Empties the buckets that the deployed stack deletes with itself, after a yes.

    Raises SystemExit, whose text says why, where nothing may be destroyed.
    """
    name = f"easel-{environment}"
    described = account.ask("cloudformation", "describe_stacks", StackName=name)
    stack = _answered(described, name, account.region)["Stacks"][0]
    deployed = account.ask("cloudformation", "get_template", StackName=name)
    template = _answered(deployed, name, account.region)["TemplateBody"]
    kept = keeps_buckets(template)
    if not yes:
        consequence = "Its pictures stay in their bucket." if kept else "All its pictures go."
        _ask(name, account.region, consequence)
    if not kept:
        for bucket in empty(s3, outputs_of(stack)):
            click.echo(f"emptied {bucket}")


def keeps_buckets(template: Mapping[str, Any]) -> bool:
    """Returns whether a template keeps a bucket when its stack is deleted.

    A bucket without a policy of its own is deleted.
    Source: AWS CloudFormation template reference, DeletionPolicy attribute.
    """
    resources = template["Resources"].values()
    buckets = [each for each in resources if each["Type"] == _BUCKET]
    return any(bucket.get("DeletionPolicy", "Delete") != "Delete" for bucket in buckets)


def empty(s3: Any, outputs: Mapping[str, str]) -> tuple[str, ...]:
    """Empties the stack's buckets of all versions, and returns their names.

    A bucket that is not empty cannot be destroyed, and S3 delivers access logs for hours after
    the last request: without its policy it can no more.
    """
    log_bucket = s3.Bucket(outputs["LogBucketName"])
    log_bucket.Policy().delete()
    for bucket in (s3.Bucket(outputs["BucketName"]), log_bucket):
        bucket.object_versions.delete()
    return outputs["BucketName"], outputs["LogBucketName"]


def _s3(session: Session) -> Any:
    return boto3.Session(botocore_session=session).resource("s3")


def _answered(answer: Answer, name: str, region: str) -> Mapping[str, Any]:
    if not isinstance(answer, Unanswered):
        return answer
    if answer.code == _NO_STACK:
        raise SystemExit(f"There is no stack {name} in {region}. AWS_REGION says where to look.")
    cure = _CURES.get(answer.reason, "")
    raise SystemExit(f"Nothing was destroyed: {answer.action}: {answer.message}. {cure}".rstrip())


def _ask(name: str, region: str, consequence: str) -> None:
    if not sys.stdin.isatty():
        raise SystemExit("Nothing was destroyed: there is no terminal to ask on. YES=1 says yes.")
    question = f"This destroys {name} in {region}. {consequence} Type its name to go on"
    if click.prompt(question, default="", show_default=False) != name:
        raise SystemExit("Nothing was destroyed.")


if __name__ == "__main__":
    main()
