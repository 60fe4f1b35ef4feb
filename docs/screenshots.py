"""Takes the pictures of the playground that the documents show, in a browser on the local stack.

`make screenshots` runs it.
"""

import io
import sys
from pathlib import Path

from PIL import Image

from local.bedrock.renderers.poster import render_poster
from tests.local_client import running
from tests.web.browser import NoBrowserError, opened
from tests.web.tab import Tab

HERE = Path(__file__).parent
WINDOW = {"width": 1280, "height": 860}
TRACE_HEIGHT = 1120
PROMPT = "seven herons over a slow river"
# A file of each is to be below 150 kB.
COLOURS = 200
LATENCY_SECONDS = 1.6


def main() -> int:
    quick = running(render=render_poster, latency_seconds=LATENCY_SECONDS, log=lambda line: None)
    try:
        with opened() as browser, quick as easel, Tab.of(browser, easel, viewport=WINDOW) as tab:
            take(tab)
    except NoBrowserError as error:
        print(f"easel: {error}", file=sys.stderr)
        return 1
    return 0


def take(tab: Tab) -> None:
    """Draws with a throttled model, from the form to the picture to its trace."""
    page = tab.page
    tab.fill(PROMPT, seed=21, fault="throttled twice")
    page.get_by_label("3:2").check()
    tab.unfold("Style")
    page.evaluate("scrollTo(0, 0)")
    keep(tab, "compose")
    tab.press("Draw")
    tab.shown_id()
    tab.settle()
    page.emulate_media(color_scheme="dark")
    keep(tab, "picture")
    page.emulate_media(color_scheme="light")
    tab.trace()
    page.set_viewport_size({"width": WINDOW["width"], "height": TRACE_HEIGHT})
    page.mouse.move(0, 0)
    keep(tab, "trace")


def keep(tab: Tab, name: str) -> None:
    """Keeps what the window shows, with fewer colours than a screen has."""
    shot = Image.open(io.BytesIO(tab.page.screenshot(animations="disabled"))).convert("RGB")
    path = HERE / f"playground-{name}.png"
    shot.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(path, path.stat().st_size)


if __name__ == "__main__":
    sys.exit(main())
