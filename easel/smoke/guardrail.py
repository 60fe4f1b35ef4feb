"""The guardrail, asked as the workflow asks it, and a prompt that it has to block."""

import random
import struct
import time
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from cdk.definition import CHECK, definition_for
from easel.findings import Finding, Level, not_checked
from easel.smoke.check import NotOkError, check, require, require_in_time
from easel.smoke.deployed import Deployed

# Harmless, and in English, which guardrails of every tier read.
TEXTS = (
    "a lighthouse at dusk",
    "a cat running a marathon",
    'a sign that says "welcome", in brass letters',
    "a bowl of cherries on a wooden table, oil on canvas, " * 10,
    "an empty street in the rain \N{UMBRELLA WITH RAIN DROPS}",
)
PICTURES = 5
# On AWS the word is on the list of profanities, on the local stack the mark says so.
PROFANE = "a sign that says shit guardrail-test:PROFANITY"

# 1.5 MB, as models draw, for noise cannot be compressed.
_SIDE = 707


def examine(deployed: Deployed) -> Iterator[Finding]:
    """Yields findings on the guardrail that the functions use."""
    if not deployed.functions["store"]["Environment"]["Variables"]["GUARDRAIL_ID"]:
        yield not_checked("the guardrail", "it is off")
        return
    yield check_texts(deployed)
    yield check_pictures(deployed)
    yield check_profane_prompt(deployed)


@check("the guardrail reads all of a prompt, in time")
def check_texts(deployed: Deployed) -> str:
    state = definition_for(deployed.environment.settings)["States"][CHECK]
    texts = [{"text": {"text": text}} for text in TEXTS]
    cure = "try again; if it stays so, try another region"
    return _applied(deployed, "INPUT", "textCharacters", texts, state["TimeoutSeconds"], cure)


@check("the guardrail looks at pictures, in time")
def check_pictures(deployed: Deployed) -> str:
    seconds = deployed.environment.settings.picture_check_seconds
    pictures = [
        {"image": {"format": "png", "source": {"bytes": noise(seed)}}} for seed in range(PICTURES)
    ]
    cure = "try again; if it stays so, raise picture_check_seconds"
    return _applied(deployed, "OUTPUT", "images", pictures, seconds, cure)


@check("a profane prompt is blocked")
def check_profane_prompt(deployed: Deployed) -> str:
    if deployed.environment.settings.guardrail_id:
        raise NotOkError("your own guardrail says what it blocks", "try it", Level.NOT_CHECKED)
    answer = deployed.api.request("POST", "/images", {"prompt": PROFANE})
    cure = (
        "make deploy, so that the guardrail has its list of profanities; docs/api.md lists errors"
    )
    deployed.require_refusal(answer, 400, "moderation_blocked", cure)
    return f"{answer.status} {answer.code}"


def noise(seed: int) -> bytes:
    """Returns a PNG of random pixels, the same for the same seed."""
    pixels = random.Random(seed)
    rows = b"".join(b"\0" + pixels.randbytes(3 * _SIDE) for _ in range(_SIDE))
    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    file = b"\x89PNG\r\n\x1a\n"
    for name, content in ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b"")):
        checksum = zlib.crc32(name + content)
        file += struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)
    return file


def _applied(
    deployed: Deployed,
    source: str,
    kind: str,
    contents: list[dict[str, Any]],
    limit: float,
    cure: str,
) -> str:
    """Applies the guardrail to each content, which it has to cover whole, to find harmless, and to
    answer in time. `kind` is the coverage's field, `cure` what helps if it is slow."""
    variables = deployed.functions["store"]["Environment"]["Variables"]
    slowest, assessed = 0.0, 0
    for number, content in enumerate(contents, 1):
        began = time.perf_counter()
        answer = deployed.ask(
            "bedrock-runtime",
            "apply_guardrail",
            guardrailIdentifier=variables["GUARDRAIL_ID"],
            guardrailVersion=variables["GUARDRAIL_VERSION"],
            source=source,
            content=[content],
        )
        slowest = max(slowest, _seconds(answer, time.perf_counter() - began))
        covered = answer.get("guardrailCoverage", {}).get(kind, {})
        require(
            0 < covered.get("guarded", 0) == covered.get("total"),
            f"number {number} was not covered whole: {kind} {covered or 'absent'}",
            "it needs filters for text on its input side and for pictures on its output side, in a "
            "region that has them: docs/operations.md lists those",
        )
        require(
            answer["action"] == "NONE",
            f"number {number} is harmless and was blocked: {answer.get('assessments')}",
            "lower guardrail_strength, or see what denied_words and denied_topics match",
        )
        assessed += bool(answer.get("assessments"))
    # Of five, the slowest is the 95th percentile.
    require_in_time("the slowest", slowest, limit, cure)
    return (
        f"{len(contents)} covered whole, {assessed} with an assessment, the slowest took "
        f"{slowest:.2f} of {limit:g} s"
    )


def _seconds(answer: Mapping[str, Any], seen: float) -> float:
    """Returns the service's own time for an answer, or what was seen from here, with the way."""
    metrics = [each.get("invocationMetrics", {}) for each in answer.get("assessments", [])]
    own = [each.get("guardrailProcessingLatency", 0) for each in metrics]
    return max(own, default=0) / 1_000 or seen
