"""How long the stand-in's painter takes, and how large its files are.

Prints medians over N prompts, beside a baseline from the same run: Pillow encoding a plain
gradient of the same size.
"""

import argparse
import itertools
import statistics
from time import perf_counter

from PIL import Image

from lambdas.common.catalog import STYLE_PRESETS
from local.bedrock.painter import encode, paint

SIDE = 1024
PROMPTS = (
    "a lighthouse at dusk",
    "a cat running a marathon",
    "a futuristic city skyline at sunset",
    "a snowy mountain lake at dawn",
    "a fox in an autumn forest",
    "tulips and a windmill",
    "a ringed planet over an alien moon",
    "a coral reef with fish",
    "dunes in the desert",
    "quux",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20, help="pictures to paint (default 20)")
    parser.add_argument("--styles", action="store_true", help="paint in every style, not plain")
    options = parser.parse_args()

    styles = STYLE_PRESETS if options.styles else (None,)
    paint(prompt="warm-up", seed=1, width=SIDE, height=SIDE)
    requests = zip(itertools.cycle(PROMPTS), itertools.cycle(styles), strict=False)
    runs = [
        measure(prompt, seed, style)
        for seed, (prompt, style) in enumerate(itertools.islice(requests, options.count))
    ]
    gradient = Image.linear_gradient("L").resize((SIDE, SIDE)).convert("RGB")
    baseline = statistics.median(seconds_to_encode(gradient) for _ in range(9))

    painting, encoding, sizes = zip(*runs, strict=True)
    whole = [p + e for p, e in zip(painting, encoding, strict=True)]
    print(f"{options.count} pictures, {SIDE}x{SIDE}")
    print(f"paint     {statistics.median(painting) * 1000:7.1f} ms median")
    print(f"encode    {statistics.median(encoding) * 1000:7.1f} ms median")
    print(
        f"together  {statistics.median(whole) * 1000:7.1f} ms median, {max(whole) * 1000:.1f} max"
    )
    print(f"baseline  {baseline * 1000:7.1f} ms, encoding a gradient")
    print(f"ratio     {statistics.median(whole) / baseline:7.1f}")
    print(
        f"PNG size  {statistics.median(sizes) / 1000:7.0f} KB median, {max(sizes) / 1000:.0f} max"
    )


def measure(prompt: str, seed: int, style: str | None) -> tuple[float, float, int]:
    """Seconds to paint, seconds to encode, and the file's bytes."""
    start = perf_counter()
    picture = paint(prompt=prompt, seed=seed, style=style, width=SIDE, height=SIDE)
    painted = perf_counter()
    file = encode(picture, "png")
    return painted - start, perf_counter() - painted, len(file)


def seconds_to_encode(picture: Image.Image) -> float:
    start = perf_counter()
    encode(picture, "png")
    return perf_counter() - start


if __name__ == "__main__":
    main()
