"""Sets text in a box: finds a font for every character, the size, and lines of even length."""

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path

from PIL import ImageDraw, ImageFont

_FOLDER = Path(__file__).parent
TABLES = tomllib.loads((_FOLDER / "poster.toml").read_text())
_FONTS = TABLES["fonts"]
_NO_CHARACTER, _UNKNOWN, _JOINERS, _ELLIPSIS = "\U0010ffff", "\u00b7", "\u200c\u200d", "\u2026"
_MEASURED_AT, _LONGEST = 64, 900
# Han breaks anywhere, but not before what closes or after what opens; long words where they must.
_HAN = "\u2e80-\u312f\u3190-\u9fff\uf900-\ufaff\uff00-\uffef"
_PIECE = re.compile(
    rf"[\u3008\u300a\u300c\u300e\uff08]*[{_HAN}]"
    r"[\u3001\u3002\u3009\u300b\u300d\u300f\uff09\uff0c\uff01\uff1f\u30fc]*"
    rf"|[^\s{_HAN}]{{1,16}}[\u0300-\u036f\u0900-\u0e7f]{{,4}}"
)
# What stays on one line, a word or one Han character; its width; the space before it.
_Piece = tuple[str, float, float]


@dataclass(frozen=True)
class Setting:
    """Lines in a size. `height` is from the first line's top to the last line's baseline."""

    lines: list[str]
    face: str
    size: int
    leading: float
    height: int
    rtl: bool

    def draw(self, pen: ImageDraw.ImageDraw, left: int, top: int, right: int, ink: str) -> None:
        """Draws the lines from the left, or from the right in scripts that run to the left."""
        for number, line in enumerate(reversed(self.lines)):
            y = top + self.height - round(self.size * self.leading * number)
            runs = [(text, font(name, self.size)) for text, name in _runs(line, self.face)]
            # Letters have white on their left, which large ones would show at the margin.
            x = float(left - (runs[0][1].getmask(runs[0][0][:1]).getbbox() or (0,))[0])
            if self.rtl:
                runs.reverse()
                x = right - sum(each.getlength(text) for text, each in runs)
            for text, each in runs:
                pen.text((x, y), text, ink, each, "ls")
                x += each.getlength(text)


@lru_cache(maxsize=256)
def font(name: str, size: int, engine: ImageFont.Layout | None = None) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_FOLDER / "fonts" / _FONTS[name][0], size, layout_engine=engine)


@lru_cache(maxsize=8192)
def _has(name: str, character: str) -> bool:
    small = font(name, 12, ImageFont.Layout.BASIC)  # the other would take some apart
    return bytes(small.getmask(character)) != bytes(small.getmask(_NO_CHARACTER))


def _runs(text: str, face: str) -> list[tuple[str, str]]:
    """Parts text by font. Marks and spaces stay in the font before; what no font has is a dot."""
    runs = [("", face)]
    for character in text:
        before, name = runs[-1]
        if unicodedata.category(character)[0] == "M" or character in _JOINERS:
            character = character if before and _has(name, character) else ""
        elif character != " ":
            names = (each for each in (face, *_FONTS) if _has(each, character))
            name = next(names, "")
        if not name:
            character, name = "" if before.endswith(_UNKNOWN) else _UNKNOWN, face
        if name == runs[-1][1]:
            runs[-1] = before + character, name
        else:
            runs.append((character, name))
    return [run for run in runs if run[0]] or [(_UNKNOWN, face)]


def _width(text: str, face: str) -> float:
    return sum(font(name, _MEASURED_AT).getlength(run) for run, name in _runs(text, face))


def _readable(text: str) -> str:
    """Returns the text composed, without control characters, with single spaces, not too long."""
    spaced = re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()
    cut = spaced if len(spaced) <= _LONGEST else spaced[:_LONGEST] + _ELLIPSIS
    return "".join(each for each in cut if each in _JOINERS or unicodedata.category(each)[0] != "C")


def _broken(pieces: list[_Piece], count: int, shift: float) -> list[list[_Piece]]:
    """Parts pieces into lines of even length. A short word rather begins a line than ends one."""
    lines: dict[int, list[_Piece]] = {}
    total, at = sum(gap + width for _, width, gap in pieces), 0.0
    for piece in pieces:
        text, width, gap = piece
        middle = (at + gap + width * (1 if len(text) < 4 and gap else 0.5)) / total * count
        lines.setdefault(min(count - 1, int(middle + shift)), []).append(piece)
        at += gap + width
    return list(lines.values())


def _largest(pieces: list[_Piece], box: tuple[int, int], leading: float) -> tuple[float, list[str]]:
    """Returns the largest size that fits the box, and the lines in it."""
    total = sum(gap + width for _, width, gap in pieces) / _MEASURED_AT
    guess = int((total * box[1] / (box[0] * leading)) ** 0.5)
    settings = []
    for count, shift in product(range(max(1, guess - 2), guess + 5), (-0.2, 0, 0.2)):
        lines = _broken(pieces, count, shift)
        widths = [sum(gap + width for _, width, gap in line) - line[0][2] for line in lines]
        widest, uneven = max(widths), 0.3 * (1 - min(widths) / max(widths))
        texts = ["".join(" " * (gap > 0) + text for text, _, gap in line).strip() for line in lines]
        size = min(box[0] * _MEASURED_AT / widest, box[1] / (leading * (len(lines) - 1) + 0.8))
        settings.append((size * (1 - uneven), size, texts))
    return max(settings)[1:]


def fitted(text: str, face: str, box: tuple[int, int], least: float, most: float) -> Setting:
    """Sets text as large as a box of width and height allows, from `least` to `most` pixels. What
    does not fit ends in an ellipsis; what has no character that can be shown is a dot."""
    readable = _readable(text) or _UNKNOWN
    space = _width("n n", face) - _width("nn", face)
    pieces = [
        (found[0], _width(found[0], face), space * readable[: found.start()].endswith(" "))
        for found in _PIECE.finditer(readable)
    ]
    leading = max(_FONTS[name][1] for _, name in _runs(readable, face))
    size, lines = _largest(pieces, box, leading)
    while size < least and len(pieces) > 1:
        keep = max(1, min(len(pieces) - 1, int(len(pieces) * (size / least) ** 1.5)))
        last = pieces[keep - 1][0].rstrip(".,;:" + _ELLIPSIS) + _ELLIPSIS
        pieces[keep - 1 :] = [(last, _width(last, face), pieces[keep - 1][2])]
        size, lines = _largest(pieces, box, leading)
    size = max(4, int(min(size, most)))
    rises = [-font(name, size).getbbox(run, anchor="ls")[1] for run, name in _runs(lines[0], face)]
    height = round(max(rises) + size * leading * (len(lines) - 1))
    kinds = map(unicodedata.bidirectional, readable)
    rtl = next((kind != "L" for kind in kinds if kind in ("L", "R", "AL")), False)
    return Setting(lines, face, size, leading, height, rtl)
