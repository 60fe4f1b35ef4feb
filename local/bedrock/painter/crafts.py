"""Styles that build the picture again from another material: paper, clay, tiles, pixels."""

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from local.bedrock.painter.effects import (
    curve,
    halved,
    mask_of,
    outlines,
    painted,
    posterised,
    saturated,
    softened,
    toned,
    vignette,
)
from local.bedrock.painter.noise import Field, fractal_field, smoothstep


def pixel_art(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Large pixels in the colours of an old console."""
    block = max(2, round(min(image.size) / 112))
    size = (-(-image.width // block), -(-image.height // block))
    small = saturated(image, 1.35).resize(size, Image.Resampling.BOX)
    # An ordered pattern, as artists dither by hand, before the colours are counted out.
    bayer = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.int16)
    tiled = np.tile(bayer - 8, (size[1] // 4 + 1, size[0] // 4 + 1))[: size[1], : size[0], None]
    pixels = np.clip(np.asarray(small).astype(np.int16) + tiled, 0, 255).astype(np.uint8)
    few = Image.fromarray(pixels).quantize(20, dither=Image.Dither.NONE).convert("RGB")
    large = few.resize((size[0] * block, size[1] * block), Image.Resampling.NEAREST)
    return large.crop((0, 0, *image.size))


def low_poly(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Flat triangles over a jittered grid."""
    pitch = max(6.0, min(image.size) / 32)
    columns, rows = round(image.width / pitch) + 1, round(image.height / pitch) + 1
    x, y = np.meshgrid(np.arange(columns + 1) - 0.5, np.arange(rows + 1) - 0.5)
    xs = (x + rng.uniform(-0.36, 0.36, x.shape)) * image.width / (columns - 1)
    ys = (y + rng.uniform(-0.36, 0.36, y.shape)) * image.height / (rows - 1)
    small = np.asarray(
        saturated(image, 1.2).resize((columns * 4, rows * 4), Image.Resampling.BOX)
    ).astype(np.float32)
    shades = rng.uniform(0.9, 1.1, (rows, columns, 2))
    result = Image.new("RGB", image.size)
    pen = ImageDraw.Draw(result)
    for row in range(rows):
        for column in range(columns):
            corners = [(float(xs[r, c]), float(ys[r, c]))
                       for r, c in ((row, column), (row, column + 1),
                                    (row + 1, column + 1), (row + 1, column))]  # fmt: skip
            split = (0, 1, 3), (1, 2, 3)
            if (row + column) % 2:
                split = (0, 1, 2), (0, 2, 3)
            for half, (a, b, c) in enumerate(split):
                points = [corners[a], corners[b], corners[c]]
                u = sum(p[0] for p in points) / 3 / image.width * columns * 4
                v = sum(p[1] for p in points) / 3 / image.height * rows * 4
                tone = small[
                    min(max(int(v), 0), rows * 4 - 1), min(max(int(u), 0), columns * 4 - 1)
                ]
                red, green, blue = (min(255, int(t * shades[row, column, half])) for t in tone)
                pen.polygon(points, fill=(red, green, blue))
    return result


def origami(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Sheets of cut paper in layers, each with its shadow, over a folded ground."""
    levels = 7
    pastel = curve(saturated(image, 1.1), ((0, 52), (128, 158), (255, 255)))
    smooth = softened(pastel, 2, 1.6)
    # The slight blur rounds off the stairs that a slow gradient is cut into.
    sheets = posterised(smooth, levels).filter(ImageFilter.BoxBlur(1))
    step = 255 / (levels - 1)
    heights = smooth.convert("L").point([round(round(v / step) * step) for v in range(256)])
    drop = max(2, round(min(image.size) / 110))
    moved = (1, 0, -drop, 0, 1, -drop)
    above = softened(heights, 4, max(1.0, drop / 5)).transform(
        image.size, Image.Transform.AFFINE, moved
    )
    shadow = ImageChops.subtract(above, heights).point([min(130, v * 3) for v in range(256)])
    sheets = painted(sheets, "#2c1f3a", shadow)
    return ImageChops.overlay(sheets, _folds(image.size))


def isometric(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Cubes seen from the corner, each in the colour of what it stands for."""
    side = max(4.0, min(image.size) / 60)
    half, rise = side * 0.866, side * 0.5
    columns, rows = int(image.width / (2 * half)) + 2, int(image.height / (3 * rise)) + 2
    small = np.asarray(
        saturated(image, 1.25).resize((columns * 2, rows), Image.Resampling.BOX)
    ).astype(np.int32)
    result = Image.new("RGB", image.size)
    pen = ImageDraw.Draw(result)
    for row in range(rows + 1):
        y = row * 3 * rise
        for column in range(columns):
            x = column * 2 * half + (half if row % 2 else 0)
            red, green, blue = small[min(row, rows - 1), min(column * 2 + row % 2, columns * 2 - 1)]
            crown, left, right = (
                (
                    int(min(255, red * k + lift)),
                    int(min(255, green * k + lift)),
                    int(min(255, blue * k + lift)),
                )
                for k, lift in ((1.08, 16), (0.9, 0), (0.7, 0))
            )
            pen.polygon(
                [(x, y - side), (x + half, y - rise), (x, y), (x - half, y - rise)], fill=crown
            )
            pen.polygon(
                [(x - half, y - rise), (x, y), (x, y + side), (x - half, y + rise)], fill=left
            )
            pen.polygon(
                [(x + half, y - rise), (x, y), (x, y + side), (x + half, y + rise)], fill=right
            )
    return result


def tile_texture(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Glazed tiles: the picture small, mirrored from tile to tile so that every seam matches."""
    count = 4
    side = max(8, min(image.size) // count)
    square = min(image.size)
    left, top = (image.width - square) // 2, (image.height - square) // 2
    crop = image.crop((left, top, left + square, top + square))
    tile = posterised(saturated(crop.resize((side, side), Image.Resampling.BOX), 1.3), 14)
    mirror = Image.new("RGB", (2 * side, 2 * side))
    for x, y, turns in (
        (0, 0, ()),
        (side, 0, (Image.Transpose.FLIP_LEFT_RIGHT,)),
        (0, side, (Image.Transpose.FLIP_TOP_BOTTOM,)),
        (side, side, (Image.Transpose.ROTATE_180,)),
    ):
        piece = tile.copy()
        for turn in turns:
            piece = piece.transpose(turn)
        mirror.paste(_glazed(piece), (x, y))
    result = Image.new("RGB", image.size)
    for y in range(0, image.height, 2 * side):
        for x in range(0, image.width, 2 * side):
            result.paste(mirror, (x, y))
    return result


def line_art(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Ink on cream paper: outlines, contours of brightness, and hatching in the shade."""
    grey = image.convert("L")
    contours = softened(grey, 2, 1.4).point([v // 26 * 26 for v in range(256)])
    paper = Image.new("RGB", image.size, "#f7f1e3")
    pitch = max(4, round(min(image.size) / 128))
    hatch = _hatching(image.size, pitch)
    shade = grey.point([max(0, min(150, (96 - v) * 3)) for v in range(256)])
    paper = painted(paper, "#27335a", ImageChops.multiply(hatch, shade))
    paper = painted(
        paper, "#27335a", outlines(contours, 7, floor=6).point([v * 3 // 5 for v in range(256)])
    )
    return painted(paper, "#141a33", outlines(image, 8, floor=22))


def comic_book(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Flat inks, halftone dots in the mid-tones, black outlines and a panel's border."""
    # Grey would stay grey in flat inks, so brightness is given a colour of its own first.
    popped = toned(image, ("#1b1464", "#2d6fd1", "#ff6b57", "#ffd84d", "#fff8e0"), 0.34)
    flat = posterised(curve(saturated(popped, 1.5), ((0, 10), (128, 150), (255, 255))), 5)
    flat = flat.filter(ImageFilter.BoxBlur(1))
    pitch = max(4, round(min(image.size) / 90))
    small = image.convert("L").resize(
        (-(-image.width // pitch), -(-image.height // pitch)), Image.Resampling.BOX
    )
    level = small.resize((small.width * pitch, small.height * pitch), Image.Resampling.NEAREST)
    screen = _dot_screen((small.width * pitch, small.height * pitch), pitch)
    dots = ImageChops.subtract(screen, level).point([min(255, v * 5) for v in range(256)])
    dots = dots.crop((0, 0, *image.size)).point([v // 4 for v in range(256)])
    inked = painted(painted(flat, "#1b1464", dots), "#0a0a12", outlines(image, 9, floor=20))
    pen = ImageDraw.Draw(inked)
    border = max(2, round(min(image.size) * 0.026))
    width, height = image.size
    pen.rectangle((0, 0, width - 1, height - 1), outline="#fffdf4", width=border)
    pen.rectangle(
        (border, border, width - 1 - border, height - 1 - border),
        outline="#0a0a12", width=max(1, border // 4),
    )  # fmt: skip
    return inked


def modeling_compound(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Clay: rounded lumps of few colours with soft highlights and thumb prints."""
    small = image.resize(
        (max(8, image.width // 4), max(8, image.height // 4)), Image.Resampling.BOX
    )
    lumps = posterised(saturated(small, 1.5).filter(ImageFilter.GaussianBlur(1.1)), 6)
    clay = lumps.filter(ImageFilter.GaussianBlur(0.8)).resize(image.size, Image.Resampling.BICUBIC)
    clay = curve(clay, ((0, 46), (128, 150), (255, 244)))
    height = np.asarray(lumps.convert("L").filter(ImageFilter.GaussianBlur(2.2))).astype(np.float32)
    dents = fractal_field(rng, (height.shape[0], height.shape[1]), (30, 30), 2)
    prints = np.sin(dents * 42) * smoothstep((dents - 0.5) * 5)
    slope = _slope(height * np.float32(0.55) + dents * 26 + prints * 0.8)
    shading = Image.fromarray(np.clip(128 + slope * 11, 20, 235).astype(np.uint8))
    shading = shading.resize(image.size, Image.Resampling.BICUBIC)
    return halved(ImageChops.overlay(clay, Image.merge("RGB", (shading, shading, shading))))


def model_3d(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A renderer's viewport: a relief of the picture under studio light, with its wire mesh."""
    size = (max(8, image.width // 4), max(8, image.height // 4))
    grey = image.convert("L").resize(size, Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(2))
    height = np.asarray(grey).astype(np.float32)
    lit = Image.fromarray(np.clip(132 + _slope(height) * 11, 10, 250).astype(np.uint8))
    lit = lit.resize(image.size, Image.Resampling.BICUBIC)
    matte = toned(softened(image, 2, 1.0), ("#30343c", "#7d828c", "#c9ccd2", "#f2f2f4"), 0.5)
    render = ImageChops.overlay(matte, Image.merge("RGB", (lit, lit, lit)))
    render = painted(render, "#ffffff", _mesh(image.size, height))
    return _gizmo(halved(vignette(render, 0.45, "#22242a")))


def _slope(height: Field) -> Field:
    """How far a surface faces the light at the upper left."""
    slope: Field = np.gradient(height, axis=0) + np.gradient(height, axis=1)
    return slope


def _mesh(size: tuple[int, int], height: Field) -> Image.Image:
    """A wire mesh that rises with the relief."""
    width, tall = size
    pitch = max(6.0, min(size) / 34)
    lift = min(size) / 26
    columns, rows = int(width / pitch) + 3, int(tall / pitch) + 3
    x, y = np.meshgrid(np.arange(columns) * pitch - pitch / 2, np.arange(rows) * pitch)
    down = np.clip(y / tall * height.shape[0], 0, height.shape[0] - 1).astype(np.int32)
    across = np.clip(x / width * height.shape[1], 0, height.shape[1] - 1).astype(np.int32)
    raised = y - (height[down, across] / 255 - 0.35) * lift
    mask = Image.new("L", size)
    pen = ImageDraw.Draw(mask)
    for row in range(rows):
        pen.line(list(zip(x[row].tolist(), raised[row].tolist(), strict=True)), fill=84)
    for column in range(columns):
        pen.line(list(zip(x[:, column].tolist(), raised[:, column].tolist(), strict=True)), fill=84)
    return mask


def _gizmo(image: Image.Image) -> Image.Image:
    """The axes in the viewport's corner."""
    pen = ImageDraw.Draw(image)
    unit = min(image.size)
    x, y, reach = image.width - unit * 0.09, unit * 0.1, unit * 0.045
    for dx, dy, code in ((0.9, 0.35, "#e5484d"), (-0.9, 0.35, "#7ac74f"), (0, -1, "#4f8ff7")):
        tip = (x + dx * reach, y + dy * reach)
        pen.line((x, y, *tip), fill=code, width=max(1, round(unit * 0.005)))
        dot = unit * 0.009
        pen.ellipse((tip[0] - dot, tip[1] - dot, tip[0] + dot, tip[1] + dot), fill=code)
    return image


def _folds(size: tuple[int, int]) -> Image.Image:
    """Creases of a folded sheet as an overlay: each facet runs from light to shade."""
    width, height = size
    pitch = min(size) / 5
    x = np.arange(width, dtype=np.float32)[None, ::2] / np.float32(pitch)
    y = np.arange(height, dtype=np.float32)[::2, None] / np.float32(pitch)
    rising, falling = x + y, x - y
    first, second = np.floor(rising), np.floor(falling)
    side = ((first + second) % 2) * 2 - 1
    shade = 128 + side * 7 + (rising - first - 0.5) * 15 + (falling - second - 0.5) * 8
    fold = Image.fromarray(np.clip(shade, 0, 255).astype(np.uint8)).resize(
        size, Image.Resampling.BILINEAR
    )
    return Image.merge("RGB", (fold, fold, fold))


def _glazed(tile: Image.Image) -> Image.Image:
    """A tile with a bevel, a gleam and its half of the grout."""
    side = tile.width
    pen = ImageDraw.Draw(tile)
    grout = max(1, round(side * 0.022))
    pen.rectangle((0, 0, side - 1, side - 1), outline="#e9e2d4", width=grout)
    pen.line((grout, grout, side - grout, grout), fill="#ffffff", width=max(1, grout // 2))
    pen.line((grout, grout, grout, side - grout), fill="#ffffff", width=max(1, grout // 2))
    edge = side - 1 - grout
    pen.line((grout, edge, edge, edge), fill="#4a4440", width=max(1, grout // 2))
    pen.line((edge, grout, edge, edge), fill="#4a4440", width=max(1, grout // 2))
    ramp = np.linspace(0, 1, side, dtype=np.float32)
    gleam = np.exp(-(((ramp[None, :] + ramp[:, None] - 0.55) / 0.16) ** 2)) * np.float32(0.28)
    return painted(tile, "#ffffff", mask_of(tile, gleam))


def _hatching(size: tuple[int, int], pitch: int) -> Image.Image:
    x, y = np.arange(size[0])[None, :], np.arange(size[1])[:, None]
    lines = ((x + y) % pitch < max(1, pitch // 4)).astype(np.uint8) * np.uint8(255)
    return Image.fromarray(lines)


def _dot_screen(size: tuple[int, int], pitch: int) -> Image.Image:
    """A halftone screen: thresholds that grow a dot from each cell's middle."""
    ramp = (np.arange(pitch, dtype=np.float32) + 0.5) / pitch - 0.5
    away = np.sqrt(ramp[:, None] ** 2 + ramp[None, :] ** 2)
    cell = np.clip(235 - away * 330, 0, 255).astype(np.uint8)
    return Image.fromarray(np.tile(cell, (size[1] // pitch, size[0] // pitch)))
