"""The playground as people use it, in a browser."""

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from local.assembly import ROOT
from tests.local_client import LocalClient
from tests.share import WHOLE
from tests.web.browser import lacking
from tests.web.tab import Tab

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

if reason := lacking() if WHOLE else "make test-all opens a browser":
    pytest.skip(reason, allow_module_level=True)

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script> & \"'</textarea>"
RETIRED = "stability.stable-diffusion-xl-v1"


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


def test_a_refused_prompt_is_said_at_its_field(tab: Tab) -> None:
    tab.draw("guardrail-test:VIOLENCE", seed=1, fault="another picture")

    assert "guardrail" in tab.problem("prompt")
    tab.page.locator("[value='another picture']:not(:checked)").wait_for(state="attached")
    assert tab.page.get_by_label("Prompt", exact=True).get_attribute("aria-invalid") == "true"
    tab.page.get_by_role("link", name="its trace").click()
    tab.page.locator(".row", has_text="Verdict").wait_for()
    assert tab.fact("answer") == "400 moderation_blocked"


def test_a_retired_model_names_its_successor_at_its_field(tab: Tab) -> None:
    tab.draw("a cat", seed=1, model=RETIRED)

    assert "stability.stable-image-core-v1:1" in tab.problem("model")
    assert tab.page.get_by_text("410 model_retired").is_visible()


def test_the_form_has_what_the_model_takes(tab: Tab) -> None:
    tab.page.get_by_label("Prompt", exact=True).focus()
    tab.page.keyboard.insert_text("w" * 10_001)
    assert len(tab.page.get_by_label("Prompt", exact=True).input_value()) == 10_001

    tab.page.get_by_label("Model", exact=True).select_option(RETIRED)
    tab.unfold("More")

    assert tab.page.get_by_label("steps, 10 to 150").get_attribute("placeholder") == "30"
    assert tab.page.get_by_label("sampler").locator("option").count() == 11

    tab.page.get_by_label("Model", exact=True).select_option("stability.sd3-5-large-v1:0")

    assert tab.page.get_by_label("steps, 10 to 150").count() == 0
    assert "$0.08 by list price" in tab.page.locator("#cost").inner_text()


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


def test_a_picture_that_takes_too_long_is_found_and_paid_once(tab: Tab) -> None:
    """As on AWS, where an execution's log comes late."""
    before = tab.easel.model_calls()
    looks: list[int] = []

    def express(route: "Route") -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace(":execution:", ":express:"))

    def logged_late(route: "Route") -> None:
        looks.append(404 if not looks else 200)
        url = route.request.url.replace("express", "execution")
        route.fulfill(status=404, json={}) if len(looks) == 1 else route.continue_(url=url)

    tab.page.route("**/web/api/images", express, times=1)
    tab.page.route("**/web/trace?execution=*express*", logged_late)
    tab.draw("slower than callers wait", seed=15, fault="too slow")
    tab.page.get_by_text("Looking again in").wait_for()
    tab.shown_id()

    assert looks == [404, 200]
    assert tab.easel.model_calls() - before == 1


def test_a_reload_goes_on_with_a_request(tab: Tab) -> None:
    before = tab.easel.model_calls()

    tab.draw("interrupted by a reload", seed=16, fault="slow")
    tab.page.locator(".drawing .node.current", has_text="Generate").first.wait_for()
    tab.page.route("**/web/api/images", being_drawn, times=1)
    tab.page.reload()

    tab.page.get_by_text("Looking again in").wait_for()
    tab.shown_id()
    assert tab.easel.model_calls() - before == 1


def being_drawn(route: "Route") -> None:
    error = {"message": "It is being drawn.", "code": "being_drawn", "param": None}
    route.fulfill(status=409, headers={"retry-after": "1"}, json={"error": error})


def test_the_form_is_kept_on_a_reload(tab: Tab) -> None:
    tab.page.get_by_label("Prompt", exact=True).fill("kept")
    tab.unfold("Style")
    tab.page.get_by_label("origami").check()

    tab.page.reload()

    assert tab.page.get_by_label("Prompt", exact=True).input_value() == "kept"
    assert tab.page.get_by_label("origami").is_checked()


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


def test_a_dropped_picture_fills_the_form(tab: Tab) -> None:
    body = {"prompt": "dropped", "seed": 20, "aspect_ratio": "3:2", "negative_prompt": "fog"}
    file = tab.easel.downloaded(tab.easel.post(body).body)
    tab.open("gallery")

    tab.recall(file)

    assert tab.page.get_by_label("Prompt", exact=True).input_value() == "dropped"
    assert tab.page.get_by_label("What not to draw").input_value() == "fog"
    assert tab.page.get_by_label("3:2").is_checked()
    tab.press("Draw")
    tab.page.get_by_text("It was there already").wait_for()
    assert tab.shown_id()


def test_a_recipe_of_texts_with_weights_is_recalled_whole(tab: Tab) -> None:
    """A retired model's, whose successor says at the field that it does not take them."""
    texts = [{"text": "a cat", "weight": 1.5}, {"text": "fog", "weight": -1}]
    recipe = {
        "version": 1, "model": RETIRED, "prompt": "a cat", "negative_prompt": "fog", "seed": 5,
        "parameters": {"text_prompts": texts, "width": 1216, "height": 832, "steps": 20},
    }  # fmt: skip

    tab.recall(picture_with(recipe))

    with tab.page.expect_request("**/web/api/images") as sent:
        tab.press("Draw")
    assert sent.value.post_data_json == {
        "model": RETIRED, "seed": 5, "width": 1216, "height": 832, "steps": 20,
        "text_prompts": texts,
    }  # fmt: skip


def test_a_recipe_of_a_model_that_is_unknown_here_says_so(tab: Tab) -> None:
    recipe = {
        "version": 1, "model": "a.newer-model", "prompt": "a cat", "negative_prompt": "", "seed": 5,
        "parameters": {},
    }  # fmt: skip

    tab.recall(picture_with(recipe))

    tab.page.get_by_text("a.newer-model is unknown here").wait_for()


def picture_with(recipe: dict[str, Any]) -> bytes:
    written = PngInfo()
    written.add_itxt("easel", json.dumps(recipe))
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "PNG", pnginfo=written)
    return file.getvalue()


def test_texts_that_are_no_json_are_said_at_their_field(tab: Tab) -> None:
    tab.page.get_by_label("Model", exact=True).select_option(RETIRED)
    tab.unfold("More")
    tab.page.get_by_label("extras").fill("{")

    tab.press("Draw")

    assert "no JSON" in tab.problem("extras")


def test_several_pictures_and_the_one_that_was_not_drawn_are_shown(tab: Tab) -> None:
    tab.fill("three of a kind", seed=26, fault="filtered")
    tab.page.get_by_label("3", exact=True).check()

    tab.press("Draw")
    tab.page.locator(".several .frame").first.wait_for()

    assert tab.page.locator(".several .frame").count() == 2
    assert "moderation_blocked" in tab.page.locator(".several .refusal").inner_text()
    tab.page.locator(".several .frame").first.click()
    tab.shown_id()
    tab.page.go_back()
    tab.page.locator(".several .frame").nth(1).wait_for()


def test_a_seed_is_varied_and_the_rest_kept(tab: Tab) -> None:
    # As another site's page that was opened in the tab and left by the back button.
    tab.page.evaluate("['beforeunload', 'pageshow'].map(name => dispatchEvent(new Event(name)))")
    first = tab.drawn("with another seed", seed=27)

    tab.press("Vary the seed")
    tab.page.get_by_label("Prompt", exact=True).wait_for()
    tab.press("Draw")
    tab.page.wait_for_url(lambda url: "#/picture/" in url and first not in url)

    tab.page.get_by_role("heading", name="with another seed").wait_for()
    assert tab.fact("seed") != "27"


def test_a_dropped_file_without_a_recipe_says_why(tab: Tab) -> None:
    tab.drop(b"no picture", "notes.txt")

    tab.page.get_by_text("notes.txt: This is no whole PNG or JPEG").wait_for()


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
