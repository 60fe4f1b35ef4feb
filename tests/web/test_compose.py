"""The form, and what comes of sending it."""

import io
import json
from typing import TYPE_CHECKING, Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.web.browser import skip_without_one
from tests.web.tab import Tab

if TYPE_CHECKING:
    from playwright.sync_api import Route

skip_without_one()

RETIRED = "stability.stable-diffusion-xl-v1"


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
