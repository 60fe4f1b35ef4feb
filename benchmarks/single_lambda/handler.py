"""Takes a proxy event, has a Bedrock model draw, puts the picture into S3, returns its URL.

This is what the published single-Lambda services do. Two of their faults are left out, because
they cost no time: keys that collide, and URLs that are signed before the upload.
"""

import base64
import json
import os
import uuid
from typing import Any

import boto3
from botocore.config import Config

# One service sets a read timeout this long; retries are boto3's own.
bedrock = boto3.client("bedrock-runtime", region_name="us-west-2", config=Config(read_timeout=300))
s3 = boto3.client("s3", config=Config(signature_version="s3v4"))


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    body = json.loads(event["body"])
    answer = bedrock.invoke_model(
        modelId=os.environ["MODEL_ID"],
        body=json.dumps({"prompt": body["prompt"], "seed": body.get("seed", 0)}),
        contentType="application/json",
        accept="application/json",
    )
    picture = base64.b64decode(json.loads(answer["body"].read())["images"][0])
    bucket, key = os.environ["BUCKET"], f"output-images/{uuid.uuid4()}.png"
    s3.put_object(Bucket=bucket, Key=key, Body=picture, ContentType="image/png")
    url = s3.generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=3600
    )
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps({"image_url": url}),
    }
