"""What make bench writes into the document."""

import json
from functools import partial
from typing import Any
from xml.etree import ElementTree

import pytest

from benchmarks import report
from benchmarks.bench import RESULTS
from benchmarks.plots import plot
from docs.markdown import filled


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    return dict(json.loads(RESULTS.read_text()))


def test_every_figure_of_the_document_comes_from_the_results(results: dict[str, Any]) -> None:
    document = report.DOCUMENT.read_text()
    parts = {name: partial(make, results) for name, make in report.PARTS.items()}

    made = filled(document, parts, report.COMMAND)

    assert made == document, "run make bench, or python -m benchmarks.bench --render"


def test_every_plot_is_made_from_the_results_and_shown(results: dict[str, Any]) -> None:
    for name, svg in report.plots(results).items():
        assert report.DOCUMENT.with_name(f"{name}.svg").read_text() == svg
        assert f"({name}.svg)" in report.DOCUMENT.read_text()


def test_a_plot_is_an_svg_whose_lines_stay_in_it() -> None:
    lines = {"one": [(0.5, 0.0), (5.0, 50.0), (1_000.0, 120.0)], "two": [(1.0, 100.0)]}

    svg = ElementTree.fromstring(plot("title", "x", lines, y_most=100, unit=" %"))  # noqa: S314

    drawn = [each.attrib["points"] for each in svg if each.tag.endswith("polyline")]
    places = [[tuple(map(float, at.split(","))) for at in points.split()] for points in drawn]
    assert len(places) == 2
    (left, bottom), (_, middle), (right, top) = places[0]
    assert 0 < left < right < 640
    assert 0 < top < middle < bottom < 320
    assert places[1][0][1] == top  # what is above the axis is drawn at its end
