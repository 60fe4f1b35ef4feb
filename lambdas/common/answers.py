"""Types of the API's answers. The OpenAPI document is made from them."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypedDict

# cdk/schemas.py gives these names their lengths and ranges for the OpenAPI document.
Id = Annotated[str, "id"]
Seed = Annotated[int, "seed"]
Sha256 = Annotated[str, "sha256"]

# How a picture that was drawn again compares with the first one.
Verdict = Literal["identical_bytes", "identical_pixels", "different"]


class Picture(TypedDict):
    id: Id
    image_url: str
    expires_at: str
    seed: Seed
    model: str
    width: int
    height: int
    output_format: str
    sha256: Sha256
    reused: bool
    execution_arn: str
    trace_url: str


class Rerun(TypedDict):
    of: Id
    verdict: Verdict
    model: str  # the first picture's


class RerunPicture(Picture):
    rerun: Rerun


class Error(TypedDict):
    message: str
    type: str
    param: str | None
    code: str


class ErrorAnswer(TypedDict):
    error: Error
    execution_arn: str | None  # None if no execution was started


class FailedPicture(TypedDict):
    seed: int
    status: int
    error: Error


class Pictures(TypedDict):
    """The answer for several pictures, which the state machine puts together."""

    pictures: list[Picture]
    failed: list[FailedPicture]
    execution_arn: str


class ShownPicture(TypedDict):
    manifest: Mapping[str, Any]
    image_url: str | None  # None for a picture that was refused or deleted
    expires_at: str | None


class DeletedPicture(TypedDict):
    id: Id
    deleted: bool
    execution_arn: str


class Entry(TypedDict):
    id: Id
    published_at: str
    model: str
    prompt: str
    seed: int
    width: int
    height: int
    output_format: str
    sha256: str
    rerun_of: str | None


class Page(TypedDict):
    pictures: list[Entry]
    after: str | None  # what to send as `after` for the next page; None on the last one
