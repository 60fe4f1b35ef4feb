"""A picture that was published before there was a guardrail, as an older version of Easel did."""

import hashlib
import json

from tests.local_client import LocalClient

CORE = "stability.stable-image-core-v1:1"
BLOCKED = "picture-test:HATE"  # in a prompt: the guardrail blocks the picture


def publish_unchecked(easel: LocalClient, prompt: str) -> str:
    """Returns the picture's id. Its two files are under the keys that they had in those days."""
    before = easel.object_keys()
    answer = easel.post({"prompt": prompt, "seed": 1, "model": CORE})
    assert answer.status in (200, 400), answer.content  # a 400 where the guardrail blocks it
    (staged,) = {
        key
        for key in easel.object_keys() - before
        if key.startswith("staging/") and not key.endswith(".claim")
    }
    id = staged.removeprefix("staging/")
    file = easel.aws("s3").get_object(Bucket=easel.bucket, Key=staged)["Body"].read()
    manifest = easel.look(f"/images/{id}").body["manifest"] | {
        "guardrail": None,
        "key": f"output-images/{id}.png",
        "recipe_in_picture": False,
        "content_type": "image/png",
        "output_format": "png",
        "width": 1024,
        "height": 1024,
        "sha256": hashlib.sha256(file).hexdigest(),
        "index_key": None,
    }
    for key in (manifest["key"], f"output-images/{id}.bare.png"):
        easel.put_object(key, file)
    easel.put_object(f"output-images/{id}.json", json.dumps(manifest).encode())
    return id
