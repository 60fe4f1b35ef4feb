"""What to paint: a request's words and hash, turned into scene, light, figures and style."""

import hashlib
import json
import re
from dataclasses import dataclass

import numpy as np

from lambdas.common.catalog import STYLE_PRESETS
from local.bedrock.painter.lexicon import (
    COLOUR_WORDS,
    FEATURE_WORDS,
    FIGURE_WORDS,
    HOME_SCENES,
    LIGHT_WORDS,
    SCENE_WORDS,
    meanings,
    words_of,
)

# Nova Canvas has style names of its own; each is drawn like the preset that is nearest to it.
KINDRED_PRESETS = {
    "3d-animated-family-film": "3d-model",
    "design-sketch": "line-art",
    "flat-vector-illustration": "origami",
    "graphic-novel-illustration": "comic-book",
    "maximalism": "digital-art",
    "midcentury-retro": "analog-film",
    "photorealism": "photographic",
    "soft-digital-painting": "fantasy-art",
}
# The light a scene may stand in when the prompt does not say.
USUAL_LIGHT = {
    "mountains": ("dawn", "dusk", "golden", "noon", "night", "autumn", "pastel"),
    "lake": ("dawn", "dusk", "noon", "night", "autumn", "pastel"),
    "sea": ("dusk", "dawn", "noon", "golden", "night", "pastel"),
    "desert": ("golden", "dusk", "noon", "dawn", "night"),
    "canyon": ("golden", "dusk", "noon", "dawn"),
    "city": ("night", "dusk", "neon", "dawn"),
    "forest": ("dawn", "noon", "autumn", "night", "golden"),
    "snow": ("winter", "dawn", "night", "dusk"),
    "meadow": ("noon", "spring", "golden", "dusk", "dawn", "autumn"),
    "space": ("night", "neon", "dusk"),
    "underwater": ("noon", "dusk", "night", "spring"),
}
SCENES = tuple(USUAL_LIGHT)
MAX_FIGURES = 3
_NO_GROUND = ("underwater", "space")


@dataclass(frozen=True, slots=True)
class Brief:
    """A request as the painter understands it.

    Two hashes drive the picture. `composition` covers prompt, seed and hand only, so that a picture
    keeps its arrangement under another style, size or negative prompt; `fingerprint` covers every
    argument and moves the details, so that no two requests give the same picture. `coats` are the
    colours that the prompt gives its figures.
    """

    scene: str
    light: str
    figures: tuple[str, ...]
    features: frozenset[str]
    absent: frozenset[str]
    accent: str | None
    coats: tuple[tuple[str, str], ...]
    preset: str | None
    variant: str | None
    seed: int
    width: int
    height: int
    composition: str
    fingerprint: str

    def arrangement(self, stream: str) -> np.random.Generator:
        """Randomness for one part of the composition."""
        return _generator(self.composition, stream)

    def detail(self, stream: str) -> np.random.Generator:
        """Randomness for one kind of detail."""
        return _generator(self.fingerprint, stream)

    def has(self, feature: str, chance: float = 0.0) -> bool:
        """Whether a feature was asked for, or falls to this composition by chance."""
        if feature in self.absent:
            return False
        return feature in self.features or (
            chance > 0 and bool(self.arrangement("has " + feature).random() < chance)
        )


def read_brief(
    *,
    prompt: str,
    negative_prompt: str,
    seed: int,
    style: str | None,
    width: int,
    height: int,
    hand: str = "",
) -> Brief:
    """Reads a request; a style named at the end of the prompt counts where `style` is None.

    Another `hand` gives the same words and seed another picture, as another model does.
    """
    subject, named_style = _split_style(prompt)
    whose = [hand] if hand else []
    composition = _digest(subject, seed, *whose)
    preset, variant = _preset(style if style is not None else named_style)
    unwanted = words_of(negative_prompt)
    absent = frozenset(
        meaning
        for table in (SCENE_WORDS, LIGHT_WORDS, FIGURE_WORDS, FEATURE_WORDS)
        for meaning in meanings(unwanted, table)
    )
    words = words_of(subject)
    features = frozenset(meanings(words, FEATURE_WORDS)) - absent
    figures = _figures(words, absent, running="running" in features)
    scene = _scene(words, figures, absent, composition)
    colours = meanings(words, COLOUR_WORDS)
    return Brief(
        scene=scene,
        light=_light(words, scene, absent, composition),
        figures=figures,
        features=features,
        absent=absent,
        accent=colours[0] if colours else None,
        coats=_coats(words),
        preset=preset,
        variant=variant,
        seed=seed,
        width=width,
        height=height,
        composition=composition,
        fingerprint=_digest(prompt, negative_prompt, seed, style, width, height, *whose),
    )


def _split_style(prompt: str) -> tuple[str, str | None]:
    """Parts a prompt from a trailing ", <preset words> style", as models without styles get it."""
    match = re.fullmatch(r"(.*),\s*([\w\- ]+?)\s+style\s*\.?\s*", prompt, re.DOTALL | re.IGNORECASE)
    if match and (name := _style_key(match[2])) in STYLE_PRESETS:
        return match[1], name
    return prompt, None


def _preset(style: str | None) -> tuple[str | None, str | None]:
    """The preset that draws a style, and the variant name where the style is not a preset."""
    if style is None:
        return None, None
    key = _style_key(style)
    if key in STYLE_PRESETS:
        return key, None
    fallback = STYLE_PRESETS[int(_digest("style", key), 16) % len(STYLE_PRESETS)]
    return KINDRED_PRESETS.get(key, fallback), key


def _style_key(style: str) -> str:
    return re.sub(r"[\s_\-]+", "-", style.strip().casefold())


def _scene(
    words: list[str], figures: tuple[str, ...], absent: frozenset[str], composition: str
) -> str:
    racing = "finish" in meanings(words, FEATURE_WORDS)
    named = meanings(words, SCENE_WORDS)
    homes = tuple(HOME_SCENES[figure] for figure in figures if figure in HOME_SCENES)
    # A snowy mountain lake is a lake first.
    named = tuple(sorted(named, key=lambda scene: (scene == "snow") * 2 + (scene == "mountains")))
    for scene in named + homes:
        if scene not in absent:
            return scene
    # A race wants a road or a field; any figure without a place, ground under its feet.
    candidates = ("city", "meadow") if "runner" in figures or racing else SCENES
    rest = [s for s in candidates if s not in absent and not (figures and s in _NO_GROUND)]
    return str(_generator(composition, "scene").choice(rest or list(SCENES)))


def _light(words: list[str], scene: str, absent: frozenset[str], composition: str) -> str:
    wanted = [light for light in meanings(words, LIGHT_WORDS) if light not in absent]
    # The hour outranks the mood: a futuristic skyline at sunset stands in the sunset.
    wanted.sort(key=lambda light: light in ("neon", "winter", "pastel", "storm"))
    if wanted:
        return wanted[0]
    usual = [light for light in USUAL_LIGHT[scene] if light not in absent]
    return str(_generator(composition, "light").choice(usual or ["noon"]))


def _figures(words: list[str], absent: frozenset[str], *, running: bool) -> tuple[str, ...]:
    figures = [figure for figure in meanings(words, FIGURE_WORDS) if figure not in absent]
    if running:
        figures = ["runner" if figure == "person" else figure for figure in figures]
    if running and not figures and "runner" not in absent:
        figures = ["runner"]
    # "Pine tree" and "palm tree" are one figure each.
    if "tree" in figures and {"pine", "palm"} & set(figures):
        figures.remove("tree")
    return tuple(dict.fromkeys(figures))[:MAX_FIGURES]


def _coats(words: list[str]) -> tuple[tuple[str, str], ...]:
    """The colours that stand at most two words before a figure: "a red vintage car"."""
    coats: dict[str, str] = {}
    for index, word in enumerate(words):
        for code in meanings([word], COLOUR_WORDS)[:1]:
            for figure in meanings(words[index + 1 : index + 3], FIGURE_WORDS)[:1]:
                coats.setdefault(figure, code)
    return tuple(coats.items())


def _digest(*parts: object) -> str:
    canonical = json.dumps(parts, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _generator(digest: str, stream: str) -> np.random.Generator:
    return np.random.default_rng(int(_digest(digest, stream), 16))
