"""What the stack writes into a function's environment is what the function reads there."""

import pytest

from lambdas.common.environment import ValidateEnvironment
from tests.environments import VALIDATE


@pytest.mark.parametrize("allowed", [(), ("stability.stable-image-core-v1:1", "b")], ids=len)
def test_what_is_written_is_read(monkeypatch: pytest.MonkeyPatch, allowed: tuple[str, ...]) -> None:
    values = {**vars(VALIDATE), "allowed_models": allowed}
    for name, text in ValidateEnvironment.variables(values).items():
        monkeypatch.setenv(name, text)

    assert vars(ValidateEnvironment.read()) == values
