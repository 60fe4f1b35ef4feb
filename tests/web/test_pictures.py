"""Pictures, the gallery and the trace."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.web.browser import skip_without_one
from tests.web.tab import Tab

if TYPE_CHECKING:
    from playwright.sync_api import Browser

skip_without_one()

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script> & \"'</textarea>"


def test_from_a_prompt_to_a_picture_to_its_trace(tab: Tab) -> None:
    id = tab.drawn("a tram in the rain", seed=11)

    assert (tab.fact("seed"), tab.fact("model")) == ("11", "stable-image-core-v1:1")
    assert tab.picture().evaluate("image => image.decode().then(() => image.naturalWidth)") == 1024

    tab.trace()

    assert [row.split()[0] for row in tab.rows()] == [
        "Operation", "Validate", "Accepted", "CheckPrompt", "Verdict", "DrawEach", "Generate",
        "Store", "Answer", "Outcome", "Answered",
    ]  # fmt: skip
    tab.page.get_by_role("button", name=re.compile("^Generate")).click()
    assert '"prompt": "a tram in the rain"' in tab.page.locator(".detail pre").first.inner_text()
    taken = set(tab.page.locator(".graph .node.taken > text:first-of-type").all_text_contents())
    assert {"Validate", "Generate", "Store", "Answered"} <= taken
    assert not {"NotDrawn", "Failed", "Library"} & taken

    tab.page.go_back()
    assert tab.shown_id() == id


def test_an_address_opens_its_picture_in_another_browser(browser: "Browser", tab: Tab) -> None:
    id = tab.drawn("a shared address", seed=12)

    with Tab.of(browser, tab.easel) as other:
        other.open(f"picture/{id}")

        other.page.get_by_role("heading", name="a shared address").wait_for()
        other.open("picture/%E0%A4%A")
        other.page.locator(".view-failed").get_by_text("That did not work").wait_for()
        other.open("constructor")
        assert other.page.title() == "Compose \u00b7 Easel"


@pytest.mark.parametrize(
    ("fault", "verdict", "seed"),
    [
        (None, "identical_bytes", 17),
        ("drift", "different", 18),
        ("reencoded", "identical_pixels", 19),
    ],
)
def test_a_picture_drawn_again_is_compared(
    tab: Tab, fault: str | None, verdict: str, seed: int
) -> None:
    first = tab.drawn("drawn again", seed=seed)
    if fault:
        tab.easel.fail(fault)

    tab.press("Draw it again")
    tab.page.locator(".compare").wait_for()

    assert tab.shown_id() != first
    assert tab.page.locator("[data-verdict]").get_attribute("data-verdict") == verdict
    slider = tab.page.get_by_role("slider")
    slider.focus()
    slider.press("Home")
    assert "0%" in str(tab.page.locator(".both img + img").get_attribute("style"))


def test_copies_draw_the_same_picture(tab: Tab, tmp_path: Path) -> None:
    tab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    prompt = 'it\'s "quoted" $HOME `id` \\ ünïcode'
    id = tab.drawn(prompt, seed=22)

    def ran(*command: str) -> str:
        environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
        environment |= {"EASEL_ENDPOINT": tab.easel.api_url, "LC_ALL": "C.UTF-8"}
        return subprocess.check_output(command, text=True, env=environment, cwd=tmp_path)

    assert json.loads(ran("bash", "-c", tab.copied("curl")))["id"] == id
    assert id in ran(sys.executable, "-c", tab.copied("Python"))
    assert id in ran("bash", "-c", tab.copied("easel"))


def test_the_gallery_has_pages_and_a_filter(tab: Tab) -> None:
    for seed in range(30, 44):
        tab.easel.post({"prompt": f"page {seed}", "seed": seed})
    tab.easel.post({"prompt": "the needle", "seed": 44})
    tab.open("gallery")
    cards = tab.page.locator(".card-title")

    cards.first.wait_for()
    assert cards.first.inner_text() == "the needle"
    assert cards.count() == 12
    tab.page.locator(".card img[src]").first.evaluate("image => image.decode()")
    tab.page.get_by_role("link", name="Older pictures").click()
    tab.page.get_by_text("page 32", exact=True).wait_for()
    assert tab.page.get_by_text("the needle").count() == 0
    tab.page.get_by_role("searchbox").fill("NEEDLE")
    tab.page.get_by_role("searchbox").press("Enter")
    tab.page.get_by_text("the needle").wait_for()
    assert cards.all_inner_texts() == ["the needle"]
    tab.page.go_back()
    tab.page.get_by_text("page 32", exact=True).wait_for()


def test_a_deployment_that_lists_nothing_has_no_gallery(tab: Tab) -> None:
    document = tab.easel.look("/openapi.json").body
    del document["paths"]["/images"]["get"]
    tab.page.route("**/openapi.json", lambda route: route.fulfill(json=document))

    tab.open()

    assert tab.page.get_by_role("link", name="Compose").is_visible()
    assert not tab.page.get_by_role("link", name="Gallery").is_visible()


def test_a_prompt_of_markup_and_script_is_text(tab: Tab) -> None:
    tab.drawn(HOSTILE, seed=21)

    assert tab.page.locator(".title").inner_text() == HOSTILE
    tab.trace()
    tab.page.get_by_role("button", name=re.compile("^Validate")).click()
    assert "onerror=alert" in tab.page.locator(".detail pre").first.inner_text()
    tab.open("gallery")
    tab.page.get_by_text("onerror=alert").first.wait_for()
    assert tab.page.locator("img[src=x], script:not([src])").count() == 0


def test_a_throttled_model_is_tried_again_and_the_timeline_shows_it(tab: Tab) -> None:
    tab.drawn("throttled twice", seed=13, fault="throttled twice")
    tab.trace()

    rows = tab.rows()
    tries = [row for row in rows if row.startswith("Generate")]
    assert [row.endswith("ThrottledError") for row in tries] == [True, True, False]
    assert sum("before it is tried again" in row for row in rows) == 2
    assert tab.page.locator(".graph .node.failed .count", has_text="\u00d73").count() == 1
    tab.page.locator(".row", has_text="ThrottledError").first.click()
    assert "ThrottlingException" in tab.page.locator(".detail .reason").inner_text()


def test_a_state_is_seen_while_it_runs(tab: Tab) -> None:
    tab.draw("seen while it runs", seed=14, fault="slow")

    tab.page.locator(".drawing .node.current", has_text="Generate").first.wait_for()
    breathing = tab.page.locator(".drawing .node.current:not(.map) > rect").evaluate(
        """rect => {
          rect.getAnimations()[0].currentTime = 700;
          return getComputedStyle(rect).fill;
        }"""
    )
    assert breathing == "rgb(255, 253, 248)"
    tab.page.get_by_label("Model", exact=True).select_option("stability.sd3-5-large-v1:0")
    assert tab.page.get_by_role("button", name="Draw", exact=True).is_disabled()
    tab.page.get_by_role("link", name="Watch its trace").click()
    tab.page.get_by_text("running", exact=True).wait_for()
    assert "Store" not in " ".join(tab.rows())
    tab.page.locator(".row").first.focus()

    tab.page.get_by_text("succeeded", exact=True).wait_for()
    assert "Store" in " ".join(tab.rows())
    assert tab.page.locator(".row").first.evaluate("row => row === document.activeElement")
    tab.page.get_by_role("link", name="The picture", exact=True).click()
    tab.page.get_by_role("heading", name="seen while it runs").wait_for()
