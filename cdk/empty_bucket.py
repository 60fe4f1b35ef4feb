"""Empties the bucket of an environment whose settings let its pictures go with the stack."""

import json
import sys
from pathlib import Path

import boto3

from cdk.settings import Settings


def main(environment: str) -> None:
    context = json.loads((Path(__file__).parent.parent / "cdk.json").read_text())["context"]
    if Settings.from_context(context["environments"][environment]).removal_policy != "destroy":
        print(f"{environment} retains its bucket: its pictures stay")
        return
    stack = boto3.client("cloudformation").describe_stacks(StackName=f"easel-{environment}")
    outputs = {item["OutputKey"]: item["OutputValue"] for item in stack["Stacks"][0]["Outputs"]}
    bucket = boto3.resource("s3").Bucket(outputs["BucketName"])
    bucket.object_versions.delete()
    print(f"emptied {bucket.name}")


if __name__ == "__main__":
    main(sys.argv[1])
