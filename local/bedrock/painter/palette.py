"""Colours of a picture: the sky, the light that falls on things, and how distance looks."""

import colorsys
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from local.bedrock.painter.brief import Brief

Colour: TypeAlias = NDArray[np.floating[Any]]


def colour(code: str) -> Colour:
    """The colour of a "#rrggbb" code, channels 0 to 255."""
    return np.array([int(code[i : i + 2], 16) for i in (1, 3, 5)], dtype=np.float32)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """The first colour with a share (0 to 1) of the second."""
    return first + (second - first) * np.float32(share)


def rgb(value: Colour) -> tuple[int, int, int]:
    """The colour as Pillow takes it."""
    red, green, blue = (int(c) for c in np.clip(np.rint(value), 0, 255))
    return red, green, blue


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one hour or mood.

    `sky` runs from the zenith to the horizon; `light` multiplies the colour a thing has at noon;
    `haze` is what distance fades into and `ink` what the nearest silhouettes are drawn in.
    """

    sky: tuple[Colour, ...]
    sun: Colour
    light: Colour
    haze: Colour
    ink: Colour
    accent: Colour
    leaf: Colour
    sun_height: float
    night: bool

    def lit(self, code: str) -> Colour:
        """A thing's own colour in this light."""
        return colour(code) * self.light / 255

    def far(self, near: Colour, distance: float) -> Colour:
        """A colour seen from a distance of 0 (here) to 1 (all haze)."""
        return mix(near, self.haze, distance)


# sky (zenith to horizon) | sun | light | haze | ink | accent | leaf | sun height | night
_TABLE: dict[str, tuple[str, ...]] = {
    "dawn": (
        "#34508c #8a83b4 #f0a8a4 #ffe0b4|#fff3cf|#f0cfc6|#f2b6ac|#2b2a4d|#ff7e67|#5c8a6a|0.10|",
        "#4a6fa8 #9db4cf #f7cfb2 #fff0cf|#fff8dc|#f5dcc8|#efc9b4|#263a4f|#f4845f|#5f9468|0.16|",
    ),
    "noon": (
        "#2471c8 #5fb0ea #b4def5 #eaf7f8|#fffce8|#ffffff|#c4e0ee|#17353c|#e4572e|#4f9a4a|0.46|",
        "#1f86b8 #63c3d8 #bfe9e4 #f3faec|#fffbe0|#fffdf4|#c8e8e4|#12383a|#ff6b4a|#58a650|0.42|",
    ),
    "golden": (
        "#5c86b4 #d2bda2 #fbd890 #ffefc4|#fff6d0|#ffe2ad|#f4cf95|#3a2a2a|#d1495b|#7d8f3d|0.20|",
        "#6a7fa8 #d8b69c #ffcf7d #ffe9ac|#fff4cc|#ffd59c|#f2bd83|#3d2630|#c8443f|#8b8b3a|0.14|",
    ),
    "dusk": (
        "#1c2a5e #693f86 #e2617f #ffbb6e|#ffe69a|#c98a96|#d9728c|#1b1636|#ff5d5d|#4b6b5b|0.06|",
        "#203a68 #84597a #f27f4f #ffd479|#fff0a8|#d99a80|#e28763|#22182e|#e63946|#6b6b3f|0.07|",
        "#141a48 #4b3385 #b253a8 #ffa09c|#ffdcb8|#b583b8|#b467ac|#151034|#ff5c8a|#4a5f73|0.05|",
    ),
    "night": (
        "#050a26 #0d1c4c #1f3d78 #5173a8|#f6f2dc|#56699e|#2d4a80|#050a1c|#ffd166|#2f5a5a|0.42|",
        "#03101e #082c44 #12566c #58a39c|#f2f6e4|#4d8088|#1c5566|#041219|#ffb454|#2b6654|0.38|",
        "#0c0828 #1f1650 #44307f #8a68a8|#fdf0dc|#66599c|#4a3a80|#0a0720|#ff9f6b|#3a4f6e|0.40|",
    ),
    "autumn": (
        "#6590bc #c4c9bd #f5d6a2 #fcebca|#fff7dc|#ffe0b4|#e9c79a|#382022|#c8402c|#cf6a2a|0.24|",
        "#7f8fa0 #cfbfaa #f2c48c #fae0b4|#fff2d0|#f6d2a6|#deb48c|#33222a|#b3372c|#b8552a|0.18|",
    ),
    "spring": (
        "#62b2e0 #aedaf0 #fbe3ea #fff6ee|#fffdf0|#fff8f2|#dcebe6|#254a45|#f4729f|#86c25f|0.40|",
        "#7fc4dc #c4e6e8 #f2f3dc #fffbe6|#fffce8|#fdfaec|#dff0dc|#28503f|#f06a8a|#92c94f|0.36|",
    ),
    "winter": (
        "#7398c4 #b2cce2 #e3eaf2 #fdf0ea|#fffaf0|#eaf0fc|#d3dfec|#26384f|#d64545|#4d6e72|0.22|",
        "#8a94bc #c4bcd6 #f0d6d8 #ffecd8|#fff6e4|#efe6f2|#dfd2de|#2f3553|#e05252|#5a6f7c|0.14|",
    ),
    "neon": (
        "#0a0326 #2f0a60 #98208e #ff5aa4|#ffd8ec|#8052c4|#86309c|#0a0420|#20e3ff|#2f4f8f|0.08|1",
        "#04102e #0b2a66 #2450a8 #38d0e8|#e4fbff|#4a6cc8|#2760b0|#040a20|#ff3ea5|#1f5f8a|0.12|1",
    ),
    "storm": (
        "#26323f #4b5a68 #84949c #c2c9c6|#f2f0e4|#a4b0b8|#92a0a8|#161e26|#f2c14e|#45604f|0.34|",
        "#2c2f44 #565a72 #908fa0 #d0c4bc|#f6ead8|#aaa6b4|#9c98a6|#1a1a2a|#ee9b4b|#4c5a55|0.30|",
    ),
    "pastel": (
        "#9cc4ea #cbc6ec #f5d0e2 #feefd2|#fff8ec|#f6e6f0|#e8d4e8|#54466e|#ff7f96|#8fb59a|0.26|",
        "#a8d8dc #d4e2d8 #fbe0cc #fff2dc|#fffaf0|#faeee4|#ecdcd2|#4a5568|#f98b7d|#9dbf8f|0.28|",
    ),
}
LIGHTS = tuple(_TABLE)


def choose_palette(brief: Brief) -> Palette:
    """The palette of the brief's light, its hues turned a little by composition and details."""
    rng = brief.arrangement("palette")
    row = str(rng.choice(_TABLE[brief.light]))
    codes, *rest = row.split("|")
    turn = float(rng.uniform(-0.014, 0.014) + brief.detail("palette").uniform(-0.006, 0.006))
    sun, light, haze, ink, accent, leaf = (_turned(colour(code), turn) for code in rest[:6])
    return Palette(
        sky=tuple(_turned(colour(code), turn) for code in codes.split()),
        sun=sun,
        light=light,
        haze=haze,
        ink=ink,
        accent=colour(brief.accent) if brief.accent else accent,
        leaf=leaf,
        sun_height=float(rest[6]) * float(rng.uniform(0.85, 1.15)),
        night=bool(rest[7]) or brief.light == "night",
    )


def _turned(value: Colour, turn: float) -> Colour:
    """The colour with its hue turned by a fraction of the circle."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*(float(c) / 255 for c in value))
    return np.array(colorsys.hls_to_rgb((hue + turn) % 1, lightness, saturation), np.float32) * 255
