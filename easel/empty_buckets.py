"""Asks before an environment is destroyed, and empties its buckets where its settings allow it."""

import sys
from collections.abc import Mapping
from typing import Any

import boto3

from easel.environments import settings_of


def main(environment: str) -> None:
    if settings_of(environment).removal_policy != "destroy":
        _ask(environment, "Its pictures and their access logs stay in their buckets.")
        return
    _ask(environment, "All its pictures go with it.")
    stack = boto3.client("cloudformation").describe_stacks(StackName=f"easel-{environment}")
    outputs = {item["OutputKey"]: item["OutputValue"] for item in stack["Stacks"][0]["Outputs"]}
    for name in empty(boto3.resource("s3"), outputs):
        print(f"emptied {name}")


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


def _ask(environment: str, consequence: str) -> None:
    typed = input(f"This destroys easel-{environment}. {consequence} Type its name to go on: ")
    if typed != f"easel-{environment}":
        raise SystemExit("nothing was destroyed")


if __name__ == "__main__":
    main(sys.argv[1])
