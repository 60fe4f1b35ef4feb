"""Takes the pictures of the playground that the documents show, in a browser on the local stack.

`make screenshots` runs it.
"""

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from local.bedrock.renderers.poster import render_poster
from tests.local_client import LocalClient, running
from tests.web.browser import NoBrowserError, opened
from tests.web.tab import Tab

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HERE = Path(__file__).parent
WINDOW = {"width": 1280, "height": 860}
TRACE_HEIGHT = 1120
PROMPT = "seven herons over a slow river"
# A file of each is to be below 150 kB.
COLOURS = 200
LATENCY_SECONDS = 1.6


def main() -> int:
    try:
        with (
            opened() as browser,
            running(
                render=render_poster, latency_seconds=LATENCY_SECONDS, log=lambda line: None
            ) as easel,
        ):
            for scheme, suffix in (("light", ""), ("dark", "-dark")):
                take(browser, easel, scheme, suffix)
    except NoBrowserError as error:
        print(f"easel: {error}", file=sys.stderr)
        return 1
    return 0


def take(browser: "Browser", easel: LocalClient, scheme: str, suffix: str) -> None:
    """Draws with a throttled model, from the form to the picture to its trace."""
    seed = 7 if suffix else 21
    with Tab.of(browser, easel, color_scheme=scheme, viewport=WINDOW) as tab:
        page = tab.page
        tab.fill(PROMPT, seed=seed, fault="throttled twice")
        page.get_by_label("3:2").check()
        tab.unfold("Style")
        page.evaluate("scrollTo(0, 0)")
        keep(tab, f"compose{suffix}")
        tab.press("Draw")
        tab.shown_id()
        tab.settle()
        keep(tab, f"picture{suffix}")
        tab.trace()
        page.set_viewport_size({"width": WINDOW["width"], "height": TRACE_HEIGHT})
        page.mouse.move(0, 0)
        keep(tab, f"trace{suffix}")


def keep(tab: Tab, name: str) -> None:
    """Keeps what the window shows, with fewer colours than a screen has."""
    shot = Image.open(io.BytesIO(tab.page.screenshot(animations="disabled"))).convert("RGB")
    path = HERE / f"playground-{name}.png"
    shot.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(path, path.stat().st_size)


if __name__ == "__main__":
    sys.exit(main())
