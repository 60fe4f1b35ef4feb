"""What holds of the page as a whole."""

import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from local.assembly import ROOT
from tests.local_client import LocalClient
from tests.web.browser import skip_without_one
from tests.web.tab import Tab

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

skip_without_one()


def test_the_keyboard_is_enough(tab: Tab) -> None:
    page = tab.page
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.get_by_label("Prompt", exact=True).focus()
    page.keyboard.type("by keyboard")
    page.get_by_label("1:1", exact=True).focus()
    page.keyboard.press("ArrowLeft")
    assert page.get_by_label("16:9").is_checked()
    page.get_by_label("Seed", exact=True).focus()
    assert page.get_by_label("Seed", exact=True).evaluate(
        """control => {
          const {x, y, width, height} = control.getBoundingClientRect();
          return document.elementFromPoint(x + width / 2, y + height / 2) === control;
        }"""
    )
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Control+Enter")

    tab.shown_id()
    assert sent.count("POST") == 1
    assert tab.fact("size") == "1344 \u00d7 768"
    assert page.evaluate("document.activeElement.id") == "main"
    assert page.locator("#main").evaluate("main => getComputedStyle(main).outlineStyle") == "none"


def test_no_request_leaves_the_page_but_for_pictures(tab: Tab) -> None:
    tab.drawn("no other host", seed=23)
    tab.trace()
    tab.open("gallery")
    tab.page.locator(".card img").first.wait_for()

    assert tab.hosts - {""} == {urlsplit(url).netloc for url in (tab.url, tab.easel.endpoint_url)}


def test_the_first_paint_waits_for_no_answer_of_the_api(tab: Tab) -> None:
    held: list[Route] = []
    tab.page.route("**/web/api/**", lambda route: held.append(route))
    tab.page.goto("about:blank")
    tab.page.goto(tab.url)

    tab.page.evaluate(
        """new Promise(done =>
          new PerformanceObserver(done).observe({type: "paint", buffered: true}))"""
    )

    assert tab.page.locator("h1").count() == 0
    for route in held:
        route.continue_()
    tab.page.locator("h1").wait_for(state="attached")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390], ids=["wide", "phone"])
def test_every_view_is_accessible_and_fits(
    browser: "Browser", easel: LocalClient, scheme: str, width: int
) -> None:
    easel.plan()
    options: dict[str, Any] = {"color_scheme": scheme, "viewport": {"width": width, "height": 844}}
    found: dict[str, list[str]] = {}
    with Tab.of(browser, easel, **options) as tab:

        def look(view: str) -> None:
            found[view] = tab.findings() + ["too wide"] * tab.is_wider_than_its_window()

        look("compose")
        tab.unfold("Style")
        tab.unfold("More")
        look("compose, all open")
        tab.draw("guardrail-test:VIOLENCE", seed=1)
        tab.problem("prompt")
        look("a refusal")
        id = tab.drawn(f"a long word {'w' * 80}", seed=24)
        look("picture")
        rerun = easel.rerun(id).body["id"]
        tab.open(f"picture/{rerun}")
        tab.page.locator(".compare").wait_for()
        look("comparison")
        tab.trace()
        look("trace")
        tab.open("gallery")
        tab.page.locator(".card").first.wait_for()
        look("gallery")
        background = tab.page.evaluate("getComputedStyle(document.body).backgroundColor")

    assert {view: said for view, said in found.items() if said} == {}
    brightest = max(map(int, re.findall(r"\d+", background)[:3]))
    assert (brightest < 60) == (scheme == "dark")


def test_the_command_serves_the_same_page_for_an_api(
    browser: "Browser", easel: LocalClient
) -> None:
    command = [sys.executable, "-m", "easel", "ui", "--port", "0", "--endpoint", easel.api_url]
    options = ["--aws-endpoint", easel.endpoint_url]
    with subprocess.Popen(command + options, stdout=subprocess.PIPE, text=True, cwd=ROOT) as served:
        try:
            assert served.stdout is not None
            url = served.stdout.readline().strip()
            with Tab.of(browser, easel, url) as tab:
                tab.drawn("by the command", seed=25)
                tab.trace()
                assert tab.fact("answer") == "200"
        finally:
            served.terminate()
