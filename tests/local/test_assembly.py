"""The cache of synthesized stacks."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local import assembly
from local.assembly import SynthError, synthesized


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose CDK app writes what its ASL file says, and counts its runs."""
    (tmp_path / "cdk").mkdir()
    (tmp_path / "cdk" / "__init__.py").touch()
    (tmp_path / "cdk" / "app.py").write_text(
        "import json, os, pathlib\n"
        "out = pathlib.Path(os.environ['CDK_OUTDIR']); out.mkdir(parents=True)\n"
        "body = pathlib.Path('statemachine/a.json').read_text()\n"
        "assert body != 'broken', 'the ASL is broken'\n"
        "context = json.loads(os.environ['CDK_CONTEXT_JSON'])\n"
        "template = {'Resources': {}, 'Body': body, 'Environment': context['environment']}\n"
        "(out / 'easel-local.template.json').write_text(json.dumps(template))\n"
        "(out / 'easel-local.assets.json').write_text('{\"files\": {}}')\n"
        "with open('runs', 'a') as runs: runs.write('x')\n"
    )
    (tmp_path / "lambdas").mkdir()
    (tmp_path / "statemachine").mkdir()
    (tmp_path / "statemachine" / "a.json").write_text("one")
    (tmp_path / "cdk.json").write_text('{"context": {"environments": {}}}')
    (tmp_path / "requirements.lock").touch()
    monkeypatch.setattr(assembly, "ROOT", tmp_path)
    return tmp_path


def runs(project: Path) -> int:
    return len((project / "runs").read_text())


def test_an_unchanged_project_is_synthesized_once(project: Path) -> None:
    first = synthesized(project / "cache")
    second = synthesized(project / "cache")

    assert first == second
    assert first.document["Environment"] == "local"
    assert runs(project) == 1


def test_at_once_it_is_synthesized_once(project: Path) -> None:
    with ThreadPoolExecutor() as starts:
        first, second = starts.map(lambda _: synthesized(project / "cache"), range(2))

    assert first == second
    assert runs(project) == 1


def test_a_changed_state_machine_is_synthesized_anew(project: Path) -> None:
    synthesized(project / "cache")
    (project / "statemachine" / "a.json").write_text("two")

    assert synthesized(project / "cache").document["Body"] == "two"
    assert runs(project) == 2


def test_a_failed_synth_says_why_and_leaves_nothing(project: Path) -> None:
    (project / "statemachine" / "a.json").write_text("broken")

    with pytest.raises(SynthError, match="the ASL is broken"):
        synthesized(project / "cache")

    assert not list((project / "cache").glob("*"))


@pytest.mark.parametrize(("age_seconds", "kept"), [(-3_600, 2), (3_600, 1)])
def test_assemblies_that_nobody_used_for_days_are_pruned(
    project: Path, age_seconds: int, kept: int
) -> None:
    cache = project / "cache"
    synthesized(cache)
    used_at = time.time() - assembly.KEPT_SECONDS - age_seconds
    for path in cache.iterdir():
        os.utime(path, (used_at, used_at))
    (project / "statemachine" / "a.json").write_text("the next")

    synthesized(cache)

    assert len(list(cache.iterdir())) == kept


def test_a_stack_that_is_used_is_as_good_as_new(project: Path) -> None:
    cache = project / "cache"
    synthesized(cache)
    (made,) = cache.iterdir()
    os.utime(made, (0, 0))

    synthesized(cache)

    assert time.time() - made.stat().st_mtime < 60


def test_changed_settings_are_another_stack(project: Path) -> None:
    synthesized(project / "cache")
    synthesized(project / "cache", settings={"auth": "iam"})
    synthesized(project / "cache", settings={"auth": "iam"})

    assert runs(project) == 2
