"""Everything above the horizon: gradient, sun or moon, stars, clouds, aurora, birds."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from local.bedrock.painter.canvas import Canvas, Colours, to_bytes, upscaled
from local.bedrock.painter.noise import Field, fractal_field, fractal_line, smoothstep
from local.bedrock.painter.palette import Colour, colour, mix, rgb


@dataclass(frozen=True, slots=True)
class Luminary:
    """The sun or the moon: where it stands, in units, and how large it is; `shown` if at all."""

    x: float
    y: float
    radius: float
    moon: bool
    shown: bool


def paint_sky(canvas: Canvas, horizon: float) -> Luminary:
    """Paints the sky down to the horizon (units from the top) and beyond, and its lights."""
    light = _luminary(canvas, horizon)
    x, y = canvas.grid()
    sky = _gradient(canvas, y / np.float32(horizon))
    sky = np.broadcast_to(sky, (y.size, x.size, 3)).copy()
    if light.shown:
        _shine(canvas, sky, x, y, light)
    if canvas.brief.has("aurora", 0.55 if _aurora_weather(canvas) else 0):
        _aurora(canvas, sky, x, y, horizon)
    if canvas.brief.has("rainbow"):
        _rainbow(canvas, sky, x, y, light, horizon)
    cover = _clouds(canvas, sky, x, y, light, horizon)
    canvas.image = upscaled(sky, (sky.shape[1] * 4, sky.shape[0] * 4)).crop(
        (0, 0, canvas.width, canvas.height)
    )
    if canvas.brief.has("stars", 1.0 if canvas.palette.night else 0):
        scatter_stars(canvas, horizon, cover)
    if light.shown:
        _disc(canvas, light)
    if canvas.brief.has("fireworks"):
        _fireworks(canvas, horizon)
    return light


def _aurora_weather(canvas: Canvas) -> bool:
    return canvas.brief.scene == "snow" and canvas.brief.light == "night"


def _luminary(canvas: Canvas, horizon: float) -> Luminary:
    brief = canvas.brief
    rng = brief.arrangement("luminary")
    moon = (canvas.palette.night and brief.light != "neon") or "moon" in brief.features
    if "sun" in brief.features:
        moon = False
    reach = canvas.breadth / 2 - 0.16
    x = float(rng.choice([-1, 1]) * rng.uniform(0.15, 0.75)) * min(reach, 0.6)
    if brief.figures:
        x = abs(x)  # the first figure stands on the left
    height = min(canvas.palette.sun_height * float(rng.uniform(0.8, 1.2)), horizon - 0.17)
    radius = 0.055 + 0.05 * float(rng.random())
    if brief.light in ("dusk", "dawn", "neon"):
        radius *= 1.5
    grey = brief.light == "storm" and not brief.features & {"sun", "moon"}
    shown = not grey and ("moon" if moon else "sun") not in brief.absent
    return Luminary(x, horizon - height, radius, moon, shown)


def _gradient(canvas: Canvas, share: Field) -> Colours:
    """The sky's colours at a share of the way from zenith (0) to horizon (1)."""
    stops = np.array(canvas.palette.sky)
    at = np.clip(share[:, 0], 0, 1) ** np.float32(1.15) * (len(stops) - 1)
    channels = [np.interp(at, np.arange(len(stops)), stops[:, c]) for c in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)[:, None, :]


def _shine(canvas: Canvas, sky: Colours, x: Field, y: Field, light: Luminary) -> None:
    away = np.sqrt((x - np.float32(light.x)) ** 2 + ((y - np.float32(light.y)) * 1.15) ** 2)
    strength = np.float32(0.55 if light.moon else 0.95)
    near = np.exp(-(away / np.float32(light.radius * 2.1)))
    wide = np.exp(-((away / np.float32(0.46)) ** 2))
    amount = np.clip(strength * (near * 0.75 + wide * 0.36), 0, 1)[..., None]
    sky += (canvas.palette.sun - sky) * amount


def _clouds(
    canvas: Canvas, sky: Colours, x: Field, y: Field, light: Luminary, horizon: float
) -> Field:
    """Paints clouds into the sky and returns their cover, 0 to 1."""
    brief = canvas.brief
    cover = np.zeros((y.size, x.size), np.float32)
    if not brief.has("clouds", 0.88):
        return cover
    rng = brief.detail("clouds")
    heavy = "clouds" in brief.features or brief.light == "storm"
    density = float(brief.arrangement("cloud cover").uniform(0.42, 0.72)) + (0.2 if heavy else 0)
    stretch = float(brief.arrangement("cloud shape").uniform(2.0, 5.5))
    rows = max(2, int(np.searchsorted(y[:, 0], horizon * 1.02)))
    shape = (rows, x.size)
    cells = (horizon * 5.5, canvas.breadth * 5.5 / stretch)
    body = fractal_field(rng, shape, cells, 5)
    level = (y[:rows] / np.float32(horizon)).clip(0, 1)
    # Most clouds gather in the middle band; the zenith and the horizon stay clear.
    band = np.exp(-(((level - 0.5) / 0.42) ** 2))
    thick = smoothstep((body - np.float32(0.86 - 0.5 * density) + (band - 1) * 0.18) / 0.24)
    # Lit where the cloud thins towards the light, shaded where more cloud lies between.
    shift = max(1, rows // 26)
    padded = np.pad(body, ((0, shift), (shift, shift)), mode="edge")
    aside = 2 * shift if light.x > 0 else 0
    sunward = padded[shift : shift + rows, aside : aside + x.size]
    relief = np.clip(0.5 + (body - sunward) * 3.4, 0, 1)[..., None]
    palette = canvas.palette
    if palette.night:
        bright, dark = mix(palette.sky[2], palette.sky[3], 0.4), palette.sky[1]
    else:
        bright = mix(palette.sun, palette.sky[3], 0.35)
        dark = mix(palette.sky[1], palette.sky[2], 0.55)
    shade = dark + (bright - dark) * relief
    sky[:rows] += (shade - sky[:rows]) * (thick * np.float32(0.85))[..., None]
    cover[:rows] = thick
    return cover


def scatter_stars(canvas: Canvas, horizon: float, cover: Field | None = None) -> None:
    """Sprinkles stars above the horizon where no cloud covers them."""
    rng = canvas.brief.detail("stars")
    # A star is never smaller than a pixel, so that small pictures hold fewer.
    share = min(1.0, canvas.unit / 512)
    count = int(260 * canvas.breadth * min(horizon, canvas.tallness) * share)
    places = rng.random((count, 2))
    sizes = rng.pareto(2.6, count)
    pen = ImageDraw.Draw(canvas.image)
    for (u, v), size in zip(places, sizes, strict=True):
        px, py = u * canvas.width, v * v * horizon * canvas.unit * 0.96
        if cover is not None and cover[min(int(py) // 4, len(cover) - 1), int(px) // 4] > 0.35:
            continue
        below = canvas.image.getpixel((int(px), min(int(py), canvas.height - 1)))
        base = np.array(below, np.float32)
        tone = mix(base, colour("#fffaf0"), min(0.95, 0.35 + 0.4 * size))
        radius = min(0.45 + 0.5 * size, 1.7) * canvas.unit / 1024
        if radius < 0.7:
            pen.point((px, py), fill=rgb(tone))
        else:
            pen.ellipse((px - radius, py - radius, px + radius, py + radius), fill=rgb(tone))


def _disc(canvas: Canvas, light: Luminary) -> None:
    radius = light.radius * canvas.unit
    left, top = light.x * canvas.unit + canvas.width / 2, light.y * canvas.unit
    reach = int(radius) + 2
    x0, y0 = int(left) - reach, int(top) - reach
    grid = np.arange(2 * reach + 1, dtype=np.float32)
    dx = (grid + np.float32(x0 + 0.5 - left))[None, :]
    dy = (grid + np.float32(y0 + 0.5 - top))[:, None]
    away = np.sqrt(dx * dx + dy * dy)
    mask = np.clip(np.float32(radius) - away + 0.5, 0, 1)
    white = mix(canvas.palette.sun, colour("#ffffff"), 0.45)
    face = np.broadcast_to(white, (*mask.shape, 3))
    if light.moon:
        face = _moon_face(canvas, dx / np.float32(radius), dy / np.float32(radius), white)
    patch = Image.fromarray(to_bytes(np.ascontiguousarray(face)))
    canvas.image.paste(patch, (x0, y0), Image.fromarray(to_bytes(mask * 255)))


def _moon_face(canvas: Canvas, dx: Field, dy: Field, white: Colour) -> Colours:
    rng = canvas.brief.arrangement("moon")
    seas = fractal_field(rng, (dy.shape[0], dx.shape[1]), (3, 3), 3)
    limb = np.sqrt(np.clip(1 - dx * dx - dy * dy, 0, 1))
    shade = 0.80 + 0.20 * limb - 0.20 * smoothstep((seas - 0.5) / 0.2)
    face: Colours = white * shade[..., None]
    return face


def _aurora(canvas: Canvas, sky: Colours, x: Field, y: Field, horizon: float) -> None:
    rng = canvas.brief.detail("aurora")
    for name, reach in (("#3dfab0", 0.34), ("#7a6bff", 0.46), ("#38e0d0", 0.30)):
        foot = np.float32(horizon * rng.uniform(0.5, 0.75)) + fractal_line(
            rng, x[0], 0.7, 3
        ) * np.float32(0.12)
        rays = 0.55 + 0.45 * fractal_line(rng, x[0], 0.05, 3)
        height = (foot[None, :] - y) / np.float32(reach)
        curtain = np.exp(-np.clip(height, 0, 9) * 2.2) * smoothstep(height * 7 + 0.6)
        amount = np.clip(curtain * rays[None, :] * 0.85, 0, 1)[..., None]
        sky += (colour(name) - sky) * amount


def _rainbow(
    canvas: Canvas, sky: Colours, x: Field, y: Field, light: Luminary, horizon: float
) -> None:
    centre = -light.x * 0.6
    radius = min(0.62 * horizon + 0.12, 0.8)
    away = np.sqrt((x - np.float32(centre)) ** 2 + (y - np.float32(horizon)) ** 2)
    place = (away - np.float32(radius)) / np.float32(0.075)
    bands = ("#8a5cf0", "#4a7df5", "#3dcf8e", "#f5e05a", "#f79a4a", "#ee5a5a")
    stops = np.array([colour(code) for code in bands])
    tint = np.stack(
        [np.interp(place, np.linspace(0, 1, 6), stops[:, c]) for c in range(3)], axis=-1
    )
    amount = smoothstep(1 - np.abs(place - 0.5) * 1.7) * np.float32(0.5)
    sky += (tint.astype(np.float32) - sky) * amount[..., None]


def _fireworks(canvas: Canvas, horizon: float) -> None:
    rng = canvas.brief.arrangement("fireworks")
    pen = ImageDraw.Draw(canvas.image)
    for name in ("#ffd166", "#ff5d8f", "#4de8ff", "#b6ff7a", "#ff9f5a"):
        px = canvas.width * rng.uniform(0.1, 0.9)
        py = horizon * canvas.unit * rng.uniform(0.12, 0.6)
        reach = canvas.unit * rng.uniform(0.07, 0.17)
        for angle in np.linspace(0, 2 * np.pi, int(rng.integers(22, 34))):
            spread = reach * rng.uniform(0.8, 1.05)
            for share in np.linspace(0.2, 1, 9):
                tone = mix(canvas.palette.sky[0], colour(name), 0.3 + 0.7 * float(share))
                sx = px + np.cos(angle) * spread * share
                sy = py + np.sin(angle) * spread * share + reach * 0.22 * share**2
                dot = canvas.unit * 0.0019 * (0.5 + share)
                pen.ellipse((sx - dot, sy - dot, sx + dot, sy + dot), fill=rgb(tone))
