"""What tells the picture apart from a model's: a caption, and a signature in its last row."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

# Below this, letters that fit would no longer be letters.
SMALLEST_SIDE = 128


def caption_text(seed: int, *, short: bool) -> str:
    """The caption, or what is left of it on a narrow picture."""
    return "stand-in, not a model" if short else f"Easel stand-in, not a model   seed {seed}"


def add_caption(image: Image.Image, seed: int) -> None:
    """Writes the caption on a dark plate at the bottom, where the picture has room for it."""
    width, height = image.size
    if min(width, height) < SMALLEST_SIDE:
        return
    size = max(9.0, min(width, height) * 0.0185)
    text = caption_text(seed, short=width < 300)
    # Drawn twice as large and reduced: the built-in font has no hinting for small sizes.
    font = ImageFont.load_default(size=size * 2)
    length = font.getlength(text)
    pad = round(size * 1.1)
    plate = ((round(length) + 2 * pad) & ~1, (round(size * 2.4) + pad) & ~1)
    mask = Image.new("L", plate)
    pen = ImageDraw.Draw(mask)
    pen.rounded_rectangle((0, 0, plate[0] - 1, plate[1] - 1), radius=plate[1] // 2, fill=150)
    shade = mask.reduce(2)
    letters = Image.new("L", plate)
    ImageDraw.Draw(letters).text(
        (plate[0] / 2, plate[1] / 2), text, fill=245, font=font, anchor="mm"
    )
    at = ((width - shade.width) // 2, height - shade.height - round(size * 0.8))
    image.paste((12, 12, 20), at, shade)
    image.paste((255, 255, 255), at, letters.reduce(2))


def sign(image: Image.Image, fingerprint: str) -> Image.Image:
    """The picture with its request's fingerprint in the lowest bits of its bottom row.

    Two requests may come out alike, such as two line drawings that differ in a cloud's tint; the
    signature, which nobody sees, keeps their files apart all the same.
    """
    bits = np.unpackbits(np.frombuffer(bytes.fromhex(fingerprint), np.uint8))
    pixels = np.array(image)
    row = pixels[-1].reshape(-1)
    count = min(bits.size, row.size)
    row[:count] = (row[:count] & 0xFE) | bits[:count]
    return Image.fromarray(pixels)
