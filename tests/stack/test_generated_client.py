"""A Python client, as openapi-python-client makes it from the document that the API serves."""

import importlib.util
import subprocess
import sys
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

from tests.local_client import LocalClient

NAME = "easel_client"


@pytest.fixture(scope="module")
def generated(easel: LocalClient, tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    directory = tmp_path_factory.mktemp("generated")
    (directory / "openapi.json").write_bytes(easel.look("/openapi.json").content)
    (directory / "config.yml").write_text("post_hooks: []")
    made = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", "--path=openapi.json",
         "--config=config.yml", "--meta=none", f"--output-path={NAME}"],
        cwd=directory, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (made.returncode, "arning" in made.stdout + made.stderr) == (0, False), made.stdout
    spec = importlib.util.spec_from_file_location(NAME, directory / NAME / "__init__.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def client(easel: LocalClient, generated: ModuleType) -> Any:
    return generated.AuthenticatedClient(
        base_url=easel.api_url, token="local", prefix="", auth_header_name="x-api-key"
    )


def call(operation: str, **arguments: Any) -> Any:
    return import_module(f"{NAME}.api.default.{operation}").sync_detailed(**arguments).parsed


def request(**fields: Any) -> Any:
    return import_module(f"{NAME}.models").DrawRequest(**fields)


def test_it_has_a_type_for_each_answer_and_few_others(generated: ModuleType) -> None:
    models = import_module(f"{NAME}.models")

    names = {name for name, each in vars(models).items() if isinstance(each, type)}
    assert {"Picture", "Pictures", "RerunPicture", "ShownPicture", "Page", "ErrorAnswer"} <= names
    assert len(names) < 26


def test_it_draws_shows_lists_and_draws_again(client: Any) -> None:
    drawn = call("draw_images", client=client, body=request(prompt="by a generated client", seed=5))
    shown = call("show", client=client, id=drawn.id)
    listed = call("list_", client=client, limit=1)
    again = call("rerun", client=client, id=drawn.id, body=rerun_request())

    assert (drawn.seed, drawn.reused) == (5, False)
    assert shown.manifest["recipe"]["prompt"] == "by a generated client"
    assert listed.pictures[0].id == drawn.id
    assert (again.rerun.of, again.rerun.verdict.value) == (drawn.id, "identical_bytes")


def test_it_tells_several_pictures_from_one(client: Any) -> None:
    several = call(
        "draw_images", client=client, body=request(prompt="by a generated client", seed=6, count=2)
    )

    assert [each.seed for each in several.pictures] == [6, 7]


def test_its_errors_are_typed(client: Any) -> None:
    refused = call("draw_images", client=client, body=request(prompt=""))

    assert type(refused).__name__ == "ErrorAnswer"
    assert (refused.error.code, refused.error.param) == ("invalid_value", "prompt")


def rerun_request() -> Any:
    return import_module(f"{NAME}.models").RerunRequest()
