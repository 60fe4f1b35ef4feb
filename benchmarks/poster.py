"""How long the stand-in takes for a poster, in processor time, and how large its files are.

Beside it, from the same run, Pillow encoding a gradient of the same size.
"""

import argparse
import statistics
from itertools import cycle, islice
from time import process_time

from PIL import Image

from lambdas.common.catalog import STYLE_PRESETS
from local.bedrock.families import ModelRequest
from local.bedrock.renderers import encoded
from local.bedrock.renderers.poster import render_poster

SIZE = (1024, 1024)
PROMPTS = (
    "a lighthouse at dusk",
    "sushi",
    "A snowy mountain lake at dawn, mist over the water, a wooden boat tied to an old pier",
    "\u5915\u66ae\u308c\u306e\u706f\u53f0",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20, help="posters to draw (default 20)")
    parser.add_argument("--styles", action="store_true", help="in every style, not plain")
    options = parser.parse_args()
    styles = STYLE_PRESETS if options.styles else (None,)
    requests = [
        ModelRequest("stability.stable-image-core-v1:1", prompt, "", seed, SIZE, style)
        for seed, prompt, style in islice(
            zip(range(options.count), cycle(PROMPTS), cycle(styles), strict=False), options.count
        )
    ]
    gradient = Image.linear_gradient("L").resize(SIZE).convert("RGB")
    for request in requests[: len(PROMPTS)]:
        render_poster(request)

    posters, gradients, lengths = [], [], []
    for request in requests:
        start = process_time()
        file = render_poster(request)
        drawn = process_time()
        encoded(gradient, "png")
        posters.append((drawn - start) * 1000)
        gradients.append((process_time() - drawn) * 1000)
        lengths.append(len(file) / 1000)

    median = statistics.median(posters)
    print(f"poster   {median:6.1f} ms median, {max(posters):.1f} max")
    print(f"gradient {statistics.median(gradients):6.1f} ms")
    print(f"ratio    {median / statistics.median(gradients):6.1f}")
    print(f"file     {statistics.median(lengths):6.0f} KB median, {max(lengths):.0f} max")


if __name__ == "__main__":
    main()
