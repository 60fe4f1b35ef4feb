"""Asks before an environment is destroyed, and empties its bucket where its settings allow it."""

import json
import sys
from pathlib import Path

import boto3

from cdk.settings import Settings


def main(environment: str) -> None:
    context = json.loads((Path(__file__).parent.parent / "cdk.json").read_text())["context"]
    if Settings.from_context(context["environments"][environment]).removal_policy != "destroy":
        _ask(environment, "Its pictures stay in their bucket.")
        return
    _ask(environment, "All its pictures go with it.")
    stack = boto3.client("cloudformation").describe_stacks(StackName=f"easel-{environment}")
    outputs = {item["OutputKey"]: item["OutputValue"] for item in stack["Stacks"][0]["Outputs"]}
    bucket = boto3.resource("s3").Bucket(outputs["BucketName"])
    bucket.object_versions.delete()
    print(f"emptied {bucket.name}")


def _ask(environment: str, consequence: str) -> None:
    typed = input(f"This destroys easel-{environment}. {consequence} Type its name to go on: ")
    if typed != f"easel-{environment}":
        raise SystemExit("nothing was destroyed")


if __name__ == "__main__":
    main(sys.argv[1])
