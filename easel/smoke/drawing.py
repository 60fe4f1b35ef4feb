"""Pictures: drawn, found again, downloaded, two at once, and drawn anew from the recipe."""

import hashlib
import random
import secrets
import time
from collections.abc import Iterator, Mapping
from typing import Any

from easel.findings import Finding, Level
from easel.smoke.check import check, require
from easel.smoke.deployed import Deployed

PROMPT = "a lighthouse at dusk"

# Every model takes a seed up to here, and the one after it.
_SEED_LIMIT = 2_147_483_645


def examine(deployed: Deployed) -> Iterator[Finding]:
    """Draws the first picture and yields findings on it, if there is one."""
    yield check_drawn(deployed)
    if deployed.first is not None:
        first = deployed.first.body
        yield check_found_again(deployed, first)
        yield check_file(deployed, first)
        yield check_two_at_once(deployed, first)
        yield check_rerun(deployed, first)


def new_seed() -> int:
    return random.SystemRandom().randint(1, _SEED_LIMIT)


@check("a picture is drawn")
def check_drawn(deployed: Deployed) -> str:
    """Draws a picture that no earlier run has drawn, and asks X-Ray to trace it."""
    trace = f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)};Sampled=1"
    request, headers = {"prompt": PROMPT, "seed": new_seed()}, {"x-amzn-trace-id": trace}
    began = time.perf_counter()
    answer = deployed.api.draw(request, headers=headers)
    took = time.perf_counter() - began
    picture = deployed.count(answer)
    deployed.first = answer
    require(
        not picture["reused"] and picture["seed"] == request["seed"],
        f"seed {request['seed']} is new, and the answer has an old picture, of {picture['seed']}",
        "compare the functions with this checkout: make deploy",
    )
    return f"{picture['id']} by {picture['model']} in {took:.1f} s"


@check("the same request finds its picture, and pays nothing")
def check_found_again(deployed: Deployed, first: Mapping[str, Any]) -> str:
    again = deployed.count(deployed.api.draw({"prompt": PROMPT, "seed": first["seed"]}))
    require(
        again["reused"] and again["sha256"] == first["sha256"],
        f"it was {'found' if again['reused'] else 'drawn'} with SHA-256 {again['sha256']}, at "
        f"first it was {first['sha256']}",
        "see what deletes objects of the bucket: a lifecycle rule, another program",
    )
    return f"{again['id']} again"


@check("the file is the one that the answer describes")
def check_file(deployed: Deployed, first: Mapping[str, Any]) -> str:
    content = deployed.api.download(first["image_url"]).content
    found = hashlib.sha256(content).hexdigest()
    require(
        found == first["sha256"],
        f"its SHA-256 is {found}, the answer says {first['sha256']}",
        "see what changes files on their way, such as a proxy, or in the bucket",
    )
    return f"{len(content):,} bytes, SHA-256 {found}"


@check("count 2 gives two pictures, with seeds in a row")
def check_two_at_once(deployed: Deployed, first: Mapping[str, Any]) -> str:
    """Asks for the first picture, which is found, and one more."""
    request = {"prompt": PROMPT, "seed": first["seed"], "count": 2}
    answer = deployed.count(deployed.api.draw(request))
    found = [(picture["seed"], picture["reused"]) for picture in answer["pictures"]]
    failed = [each["error"]["message"] for each in answer["failed"]]
    require(
        found == [(first["seed"], True), (first["seed"] + 1, False)],
        f"seeds, and whether they were found: {found}; failed: {' '.join(failed) or 'none'}",
        f"easel trace {answer['execution_arn']}",
    )
    return f"seeds {found[0][0]}, which was there already, and {found[1][0]}"


@check("a rerun draws the recipe anew and compares")
def check_rerun(deployed: Deployed, first: Mapping[str, Any]) -> str:
    picture = deployed.count(deployed.api.rerun(first["id"], {}, key=secrets.token_hex(16)))
    verdict = picture["rerun"]["verdict"]
    require(
        picture["rerun"]["of"] == first["id"] and not picture["reused"],
        f"it was {'found' if picture['reused'] else 'drawn'}, of {picture['rerun']['of']}",
        f"easel trace {picture['execution_arn']}",
    )
    require(
        verdict != "different",
        "the model draws the same recipe differently",
        "keep the files of pictures that you want again: only the model's owner can mend this",
        Level.WARNING,
    )
    return f"the verdict is {verdict}"
