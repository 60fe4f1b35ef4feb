"""What has to be installed for the command line: click, rich, urllib3 and boto3, no more."""

import importlib
import pkgutil
import subprocess
import sys
import tomllib
from pathlib import Path

import easel

ROOT = Path(easel.__file__).parent.parent

# These four, and what they bring along.
INSTALLED = (
    "boto3", "botocore", "click", "dateutil", "jmespath", "markdown_it", "mdurl", "pygments",
    "rich", "s3transfer", "six", "urllib3",
)  # fmt: skip
OWN = ("easel", "lambdas", "cdk", "web")

ALONE = f"""
import sys
from importlib.abc import MetaPathFinder

class NothingElse(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        package = name.partition(".")[0]
        if package not in {INSTALLED + OWN} and package not in sys.stdlib_module_names:
            raise ModuleNotFoundError(f"{{package}} is not installed", name=package)

sys.meta_path.insert(0, NothingElse())
"""


def run_alone(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", ALONE + code], capture_output=True, text=True, check=False
    )


def test_every_module_but_the_comparison_can_be_imported_with_these_four() -> None:
    names = [module.name for module in pkgutil.walk_packages(easel.__path__, "easel.")]
    wanted = [name for name in names if name != "easel.comparison"]
    assert {"easel.cli", "easel.executions", "easel.doctor.report"} <= set(wanted)

    ended = run_alone(f"for name in {wanted}: __import__(name)")

    assert ended.stderr == ""


def test_a_table_is_shown_with_these_four() -> None:
    ended = run_alone("from easel.cli import main; main(['styles'])")

    assert (ended.returncode, ended.stderr) == (0, "")
    assert "stability" in ended.stdout


def test_the_comparison_needs_more() -> None:
    ended = run_alone("import easel.comparison")

    assert "is not installed" in ended.stderr


def test_the_wheel_has_every_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = importlib.import_module("setuptools").find_packages(
        ROOT, include=project["tool"]["setuptools"]["packages"]["find"]["include"]
    )

    directories = {path.parent for name in OWN for path in (ROOT / name).rglob("*.py")}

    assert {".".join(path.relative_to(ROOT).parts) for path in directories} == set(packages)


def test_the_wheel_has_every_file_of_the_playground() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    patterns = project["tool"]["setuptools"]["package-data"]["web"]

    files = {path.name for path in (ROOT / "web").iterdir() if path.is_file()}

    packed = {path.name for pattern in patterns for path in (ROOT / "web").glob(pattern)}
    assert files == packed | {"__init__.py"}
