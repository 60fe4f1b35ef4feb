"""What the library function is told by its environment."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Environment:
    bucket: str
    url_expires_seconds: int

    @classmethod
    def from_env(cls) -> "Environment":
        return cls(
            bucket=os.environ["BUCKET"],
            url_expires_seconds=int(os.environ["URL_EXPIRES_SECONDS"]),
        )
