"""The models that Easel can draw with: their families, parameters, sizes, prices and lifecycle.

Sources: the inference parameter pages of the Bedrock user guide for each model, and its list of
model lifecycles. Prices are list prices in US dollars for one picture. If AWS names two prices,
this is the higher one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

STYLE_PRESETS = (
    "3d-model", "analog-film", "anime", "cinematic", "comic-book", "digital-art", "enhance",
    "fantasy-art", "isometric", "line-art", "low-poly", "modeling-compound", "neon-punk",
    "origami", "photographic", "pixel-art", "tile-texture",
)  # fmt: skip

Size = tuple[int, int]


@dataclass(frozen=True)
class Range:
    """A number from `minimum` to `maximum`, both included."""

    minimum: float
    maximum: float
    default: float
    whole: bool = False

    def accepts(self, value: Any) -> bool:
        """Returns whether a value is in range. Infinities, NaN and other types never are."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        if not self.minimum <= value <= self.maximum:
            return False
        return not self.whole or value == int(value)

    def __str__(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        return f"{kind} from {self.minimum:g} to {self.maximum:g}"


@dataclass(frozen=True)
class Choice:
    """One of a few words. Without a default, the parameter is not sent and the model decides."""

    words: tuple[str, ...]
    default: str | None = None

    def accepts(self, value: Any) -> bool:
        return isinstance(value, str) and value in self.words

    def __str__(self) -> str:
        return "one of " + ", ".join(self.words)


@dataclass(frozen=True)
class FreeForm:
    """A JSON object that is sent to the model unchanged."""

    default: None = None

    def accepts(self, value: Any) -> bool:
        return isinstance(value, dict)

    def __str__(self) -> str:
        return "a JSON object"


Parameter = Range | Choice | FreeForm


@dataclass(frozen=True)
class ListedSizes:
    """A list of the sizes (width and height) that a model takes."""

    sizes: tuple[Size, ...]

    def accepts(self, size: Size) -> bool:
        return size in self.sizes

    def __str__(self) -> str:
        return "one of " + ", ".join(f"{width}x{height}" for width, height in self.sizes)


@dataclass(frozen=True)
class FreeSizes:
    """Limits within which width and height are free."""

    minimum: int
    maximum: int
    step: int
    longest_ratio: int
    most_pixels: int

    def accepts(self, size: Size) -> bool:
        return (
            all(self.minimum <= side <= self.maximum and side % self.step == 0 for side in size)
            and max(size) <= self.longest_ratio * min(size)
            and size[0] * size[1] <= self.most_pixels
        )

    def __str__(self) -> str:
        return (
            f"sides from {self.minimum} to {self.maximum} in steps of {self.step}, at most "
            f"{self.longest_ratio}:1, at most {self.most_pixels} pixels"
        )


@dataclass(frozen=True)
class Legacy:
    """A model's last phase: only accounts that already use it can call it, perhaps at a higher
    price. Dates look like 2026-11-20."""

    since: str
    until: str
    successor: str


@dataclass(frozen=True)
class Retirement:
    """The end of a model's life: from this date on, no region offers it."""

    date: str
    successor: str

    def __str__(self) -> str:
        return f"reached the end of its life ({self.date}). Use {self.successor}."


@dataclass(frozen=True)
class Model:
    """One foundation model.

    `family` names the module that knows its wire format, in `lambdas.generate.families` and in
    `local.bedrock.families`.

    `aspect_ratios` maps each ratio to the size that Easel asks for, or to None if the model takes
    the ratio itself. `sizes` is None if the model takes no width and height. `regions` are the AWS
    regions that offer it; a retired model has none. `usual_seconds` is how long a call usually
    takes: a generous estimate, because AWS publishes none. `takes_mode` says whether the model
    takes the parameter `mode`; the others refuse it.
    """

    id: str
    family: str
    prompt_limit: int
    seed_limit: int
    parameters: Mapping[str, Parameter]
    aspect_ratios: Mapping[str, Size | None]
    list_price_usd: float
    output_formats: tuple[str, ...] = ("png",)
    usual_seconds: int = 10
    sizes: ListedSizes | FreeSizes | None = None
    weighted_prompts: bool = False
    takes_mode: bool = False
    regions: tuple[str, ...] = ()
    legacy: Legacy | None = None
    retired: Retirement | None = None


_STABILITY_RATIOS: Mapping[str, Size | None] = MappingProxyType(
    dict.fromkeys(("16:9", "1:1", "21:9", "2:3", "3:2", "4:5", "5:4", "9:16", "9:21"))
)
_MEGAPIXEL_SIZES: Mapping[str, Size | None] = MappingProxyType(
    {
        "16:9": (1344, 768),
        "1:1": (1024, 1024),
        "21:9": (1536, 640),
        "2:3": (832, 1216),
        "3:2": (1216, 832),
        "4:5": (896, 1152),
        "5:4": (1152, 896),
        "9:16": (768, 1344),
        "9:21": (640, 1536),
    }
)
_SDXL_SAMPLERS = (
    "DDIM", "DDPM", "K_DPMPP_2M", "K_DPMPP_2S_ANCESTRAL", "K_DPM_2", "K_DPM_2_ANCESTRAL",
    "K_EULER", "K_EULER_ANCESTRAL", "K_HEUN", "K_LMS",
)  # fmt: skip
_CANVAS_STYLES = (
    "3D_ANIMATED_FAMILY_FILM", "DESIGN_SKETCH", "FLAT_VECTOR_ILLUSTRATION",
    "GRAPHIC_NOVEL_ILLUSTRATION", "MAXIMALISM", "MIDCENTURY_RETRO", "PHOTOREALISM",
    "SOFT_DIGITAL_PAINTING",
)  # fmt: skip
_TITAN_SIZES = (
    (1024, 1024), (768, 768), (512, 512), (768, 1152), (384, 576), (1152, 768), (576, 384),
    (768, 1280), (384, 640), (1280, 768), (640, 384), (896, 1152), (448, 576), (1152, 896),
    (576, 448), (768, 1408), (384, 704), (1408, 768), (704, 384), (640, 1408), (320, 704),
    (1408, 640), (704, 320), (1152, 640),
)  # fmt: skip


def _stability_image(
    id: str, *, list_price_usd: float, usual_seconds: int, takes_mode: bool = True
) -> Model:
    return Model(
        id=id,
        family="stability_image",
        prompt_limit=10_000,
        seed_limit=4_294_967_294,
        parameters={},
        aspect_ratios=_STABILITY_RATIOS,
        output_formats=("png", "jpeg"),
        list_price_usd=list_price_usd,
        usual_seconds=usual_seconds,
        takes_mode=takes_mode,
        regions=("us-west-2",),
    )


def _sdxl(id: str, *, cfg_scale: Range, list_price_usd: float, retired: Retirement) -> Model:
    return Model(
        id=id,
        family="sdxl",
        prompt_limit=2_000,
        seed_limit=4_294_967_295,
        parameters={
            "cfg_scale": cfg_scale,
            # The guide allows 50 for v1. But AWS had a separate price for more than 50, and
            # services that used 100 on v1 must be able to move here.
            "steps": Range(10, 150, default=30, whole=True),
            "sampler": Choice(_SDXL_SAMPLERS),
            "clip_guidance_preset": Choice(
                ("FAST_BLUE", "FAST_GREEN", "NONE", "SIMPLE", "SLOW", "SLOWER", "SLOWEST")
            ),
            "style_preset": Choice(STYLE_PRESETS),
            "extras": FreeForm(),
        },
        aspect_ratios=_MEGAPIXEL_SIZES,
        list_price_usd=list_price_usd,
        sizes=ListedSizes(tuple(size for size in _MEGAPIXEL_SIZES.values() if size)),
        weighted_prompts=True,
        retired=retired,
    )


_SUCCESSOR = "stability.stable-image-core-v1:1"

_MODELS = (
    _stability_image(
        "stability.stable-image-core-v1:1",
        list_price_usd=0.04,
        usual_seconds=5,
        takes_mode=False,
    ),
    _stability_image("stability.sd3-5-large-v1:0", list_price_usd=0.08, usual_seconds=8),
    _stability_image("stability.stable-image-ultra-v1:1", list_price_usd=0.14, usual_seconds=10),
    _sdxl(
        "stability.stable-diffusion-xl-v1",
        cfg_scale=Range(0, 35, default=7),
        list_price_usd=0.08,
        retired=Retirement("2025", _SUCCESSOR),
    ),
    _sdxl(
        "stability.stable-diffusion-xl-v0",
        cfg_scale=Range(0, 30, default=10),
        list_price_usd=0.072,
        retired=Retirement("2024-07", _SUCCESSOR),
    ),
    Model(
        id="amazon.nova-canvas-v1:0",
        family="canvas",
        prompt_limit=1_024,
        seed_limit=2_147_483_646,
        parameters={
            "cfg_scale": Range(1.1, 10, default=6.5),
            "quality": Choice(("standard", "premium"), default="standard"),
            "style_preset": Choice(_CANVAS_STYLES),
        },
        aspect_ratios=_MEGAPIXEL_SIZES,
        list_price_usd=0.08,
        sizes=FreeSizes(minimum=320, maximum=4096, step=16, longest_ratio=4, most_pixels=4_194_304),
        retired=Retirement("2026-09-30", _SUCCESSOR),
    ),
    Model(
        id="amazon.titan-image-generator-v2:0",
        family="canvas",
        prompt_limit=512,
        seed_limit=2_147_483_646,
        parameters={
            "cfg_scale": Range(1.1, 10, default=8),
            "quality": Choice(("standard", "premium"), default="standard"),
        },
        aspect_ratios={"1:1": (1024, 1024), "2:3": (768, 1152), "3:2": (1152, 768)},
        list_price_usd=0.012,
        sizes=ListedSizes(_TITAN_SIZES),
        retired=Retirement("2026-06-30", _SUCCESSOR),
    ),
)

CATALOG: Mapping[str, Model] = MappingProxyType({model.id: model for model in _MODELS})


def offered_models(
    region: str, *, allow_retired: bool, allowed: Sequence[str] = ()
) -> tuple[str, ...]:
    """Returns the ids of the models that may be called in a region of Bedrock: of the `allowed`
    ones, unless that is empty."""
    return tuple(
        model.id
        for model in CATALOG.values()
        if (allow_retired if model.retired else region in model.regions)
        and (not allowed or model.id in allowed)
    )
