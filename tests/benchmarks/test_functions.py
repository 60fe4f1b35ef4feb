"""Easel's functions and the single Lambda, run and measured side by side."""

import io

import pytest
from PIL import Image

from benchmarks.functions import FUNCTIONS, draw, noise, session, spread, stamped
from local.bedrock.families import ModelRequest
from tests.share import WHOLE


def request(seed: int) -> ModelRequest:
    return ModelRequest("model", "noise", "", seed=seed, size=(1, 1))


@pytest.mark.parametrize("megabytes", [0.5, 2])
def test_a_picture_of_noise_has_its_size_and_another_file_for_another_seed(
    megabytes: float,
) -> None:
    base = noise(megabytes)

    first, second = (stamped(base, request(seed)) for seed in (1, 22))

    assert len(first) == pytest.approx(megabytes * 1_000_000, rel=0.01)
    assert first != second
    with Image.open(io.BytesIO(second)) as image:
        image.load()
        assert image.info["Comment"] == "22"


def test_a_spread_is_the_median_and_the_quartiles() -> None:
    assert spread([1, 2, 3, 4, 5]) == {"median": 3, "low": 2, "high": 4}


@pytest.mark.skipif(not WHOLE, reason="starts a stack of its own")
@pytest.mark.enable_socket
def test_all_functions_draw_a_picture_and_say_what_they_took() -> None:
    with session(0.5, {}) as run:
        with run.host(*FUNCTIONS) as invoke:
            draw(invoke)

        for function in FUNCTIONS:
            start, first = run.said[function]
            assert start["import_ms"] > 0, function
            assert first["cpu_ms"] > 0, function
            assert first["peak_mb"] > 10, function
        assert "boto3" in run.said["single_lambda"][0]["modules"]
        assert "boto3" not in run.said["validate"][0]["modules"]
