"""Parses picture files. A new file format is a module beside `png` and `jpeg`."""

from lambdas.picture.jpeg import Jpeg
from lambdas.picture.picture import Picture
from lambdas.picture.png import Png

__all__ = ["CONTENT_TYPES", "FILE_EXTENSIONS", "Picture", "parse"]

CONTENT_TYPES = {"png": "image/png", "jpeg": "image/jpeg"}
FILE_EXTENSIONS = {"png": "png", "jpeg": "jpg"}


def parse(file: bytes) -> Picture:
    """Parses a PNG or JPEG. Raises ValueError with the reason for anything else."""
    if file.startswith(Png.signature):
        return Png.parse(file)
    if file.startswith(Jpeg.signature):
        return Jpeg.parse(file)
    raise ValueError("neither PNG nor JPEG")
