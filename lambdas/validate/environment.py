"""What the validate function is told by its environment."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Environment:
    bucket: str
    default_model: str
    allow_retired_models: bool
    bedrock_region: str
    draw_until_seconds: int
    recipe_in_picture: bool

    @classmethod
    def from_env(cls) -> "Environment":
        return cls(
            bucket=os.environ["BUCKET"],
            default_model=os.environ["DEFAULT_MODEL"],
            allow_retired_models=os.environ["ALLOW_RETIRED_MODELS"] == "true",
            bedrock_region=os.environ["BEDROCK_REGION"],
            draw_until_seconds=int(os.environ["DRAW_UNTIL_SECONDS"]),
            recipe_in_picture=os.environ["RECIPE_IN_PICTURE"] == "true",
        )
