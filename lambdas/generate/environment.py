"""What the generate function is told by its environment."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Environment:
    bucket: str
    bedrock_region: str
    model_timeout_seconds: int
    function_timeout_seconds: int
    answer_until_seconds: int
    retry_wait_seconds: int

    @classmethod
    def from_env(cls) -> "Environment":
        return cls(
            bucket=os.environ["BUCKET"],
            bedrock_region=os.environ["BEDROCK_REGION"],
            model_timeout_seconds=int(os.environ["MODEL_TIMEOUT_SECONDS"]),
            function_timeout_seconds=int(os.environ["FUNCTION_TIMEOUT_SECONDS"]),
            answer_until_seconds=int(os.environ["ANSWER_UNTIL_SECONDS"]),
            retry_wait_seconds=int(os.environ["RETRY_WAIT_SECONDS"]),
        )
