"""A function whose asset lacks a module that it imports."""

import importlib

importlib.import_module("left_out_of_the_asset")


def handler(event: object, context: object) -> None:
    """Never reached."""
