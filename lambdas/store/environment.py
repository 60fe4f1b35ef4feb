"""What the store function is told by its environment."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Environment:
    """`guardrail_id` and `guardrail_version` are empty where the guardrail is off."""

    bucket: str
    url_expires_seconds: int
    guardrail_id: str
    guardrail_version: str

    @classmethod
    def from_env(cls) -> "Environment":
        return cls(
            bucket=os.environ["BUCKET"],
            url_expires_seconds=int(os.environ["URL_EXPIRES_SECONDS"]),
            guardrail_id=os.environ["GUARDRAIL_ID"],
            guardrail_version=os.environ["GUARDRAIL_VERSION"],
        )
