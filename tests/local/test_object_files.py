"""Files that stand in for moto's buffers pass the same contract as the real ones."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from moto.s3 import models

from local.object_files import ObjectFiles, objects_in_files


@pytest.fixture(params=["tempfile", "object files"])
def buffer(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    made: Any = tempfile if request.param == "tempfile" else ObjectFiles(tmp_path)
    return made.SpooledTemporaryFile(10)


def test_what_is_written_is_read(buffer: Any) -> None:
    buffer.write(b"one")
    buffer.write(b"two")
    buffer.seek(0)

    assert buffer.read() == b"onetwo"
    assert buffer.read() == b""
    buffer.close()


def test_it_is_read_in_pieces_from_anywhere(buffer: Any) -> None:
    buffer.write(b"0123456789abcdef")
    buffer.seek(4)

    assert (buffer.read(3), buffer.tell()) == (b"456", 7)
    buffer.seek(-2, 2)
    assert buffer.read() == b"ef"
    buffer.close()


def test_truncated_at_the_start_it_takes_new_content(buffer: Any) -> None:
    buffer.write(b"the old content")
    buffer.seek(0)
    buffer.truncate()
    buffer.write(b"new")
    buffer.seek(0)

    assert buffer.read() == b"new"
    buffer.close()


def test_moto_gets_its_own_buffers_back() -> None:
    with objects_in_files():
        assert isinstance(vars(models)["tempfile"], ObjectFiles)

    assert vars(models)["tempfile"] is tempfile


def test_no_file_is_left_behind(tmp_path: Path) -> None:
    file = ObjectFiles(tmp_path).SpooledTemporaryFile()
    file.write(b"x")

    file.close()

    assert list(tmp_path.iterdir()) == []
