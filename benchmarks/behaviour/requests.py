"""The requests that a record of behaviour is made of: good, bad, hostile and alike."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from lambdas.common.catalog import CATALOG, STYLE_PRESETS, Choice, ListedSizes, Parameter, Range

Json = dict[str, Any]

CORE, SDXL, NOVA = (
    "stability.stable-image-core-v1:1", "stability.stable-diffusion-xl-v1",
    "amazon.nova-canvas-v1:0",
)  # fmt: skip
OLD_SDXL, TITAN = "stability.stable-diffusion-xl-v0", "amazon.titan-image-generator-v2:0"
SMALL: Json = {"model": NOVA, "width": 320, "height": 320}
SMALLEST: Mapping[str, Json] = {NOVA: SMALL, TITAN: {"width": 320, "height": 704}}
NO_ID = "0" * 32
KEY = "Idempotency-Key"
ROUTES = ("/", "/image", "/image-generation", "/generate-poster", "/images")

# Prompts and other texts that have a meaning somewhere on their way.
HOSTILE = (
    "a \"b\" 'c' `d` \u201ce\u201d",
    '\\ \\\\ \\n \\u0041 \\" end\\',
    "@@ x@@,@@admin@@:@@yes",
    "{% $states.input.request.prompt %}",
    "a {% $uuid() %} b {% x",
    "$states $states.context.Execution.Id $.recipe $$.Execution.Id States.UUID()",
    "${Foo} ${AWS::Region} ${GuardrailId} <<Class.status>>",
    "{} {0} {{x}} } { \\{\\}",
    "$input.json('$') #set($x=1) $x #if(true)y#end $context.requestId ## z",
    "one\ntwo\r\nthree\tfour\n\n",
    "\U0001f408\u200d\u2b1b \U0001f3f3\ufe0f\u200d\U0001f308 \U0010fffd",
    "a\u2028b\u2029c\u0085d\u00a0e\u200bf\ufeffg\uffffh",
    "a\x00b\x01c\x08d\x0ce\x1ff\x7f",
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 \u202eabc",
    "</script><!-- & &amp; %s %n %00 ; DROP TABLE",
    '{"prompt": "x", "seed": 1}',
    "  x  ",
)
ANCESTORS: tuple[tuple[str, Json], ...] = (
    ("/", {"message": "generate a cat eating ice cream"}),
    ("/image-generation", {"message": "A cat running a marathon"}),
    ("/", {"prompt": "A futuristic city skyline at sunset"}),
    ("/generate-poster", {"prompt": "..."}),
    ("/image", {"prompt": "...", "seed": 0, "stylePreset": "cinematic"}),
    ("/", {"message": "generate a cat eating ice cream", "model": OLD_SDXL, "cfg_scale": 10,
           "seed": 42, "steps": 120}),
    ("/image-generation", {"text_prompts": [{"text": "A cat running a marathon"}], "model": SDXL,
                           "cfg_scale": 10, "seed": 0, "steps": 100}),
    ("/", {"prompt": "A futuristic city skyline at sunset", "model": SDXL, "cfg_scale": 10,
           "steps": 30, "seed": 0}),
    ("/image", {"model": SDXL, "text_prompts": [{"text": "a fox", "weight": 1},
                                                {"text": "snow", "weight": 0.5}],
                "height": 832, "width": 1216, "cfg_scale": 7.5, "samples": 1, "seed": 3,
                "clip_guidance_preset": "FAST_BLUE", "sampler": "K_DPMPP_2M", "steps": 30,
                "style_preset": "anime", "extras": {"any": "thing"}}),
)  # fmt: skip

# Other ways to say what is the same, or nearly so.
SAME: tuple[Any, ...] = (
    {"prompt": "alike", "seed": 7}, {"prompt": "alike", "seed": 7.0},
    {"prompt": "alike", "seed": 7, "model": None, "style_preset": None, "width": None},
    b'{"prompt": "other", "seed": 1, "prompt": "alike", "seed": 7.0e0}',
    {"prompt": "alike, anime style", "seed": 7},
    {"message": "alike", "seed": 7, "stylePreset": "anime"},
    *({**SMALL, "prompt": "alike", "seed": 7, "cfg_scale": scale} for scale in (7, 7.0, 7.25, 1e1)),
    {"model": SDXL, "prompt": "alike", "seed": 7, "steps": 30.0, "samples": 1.0},
    *({"model": SDXL, "seed": 7, "text_prompts": [{"text": "alike", **weight}, *more]}
      for weight in ({}, {"weight": 1.0}, {"weight": 0.5})
      for more in ([], [{"text": "people", "weight": -1}])),
)  # fmt: skip

_WEIGHTED = {"text": "a", "weight": 1}
# What each of these values of a field is refused for, beside what the rest of the request has.
REFUSED: tuple[tuple[Json, str, tuple[Any, ...]], ...] = (
    ({}, "negative_prompt", ("no prompt",)),
    ({}, "prompt", ("", " \n", None, 1, True, [], {}, "x" * 10_001)),
    ({}, "message", ("", 1)),
    ({"prompt": "x"}, "message", ("x",)),
    ({"prompt": "x", "style_preset": "anime"}, "stylePreset", ("anime",)),
    ({"prompt": "x"}, "negative_prompt", (1, ["x"], "x" * 10_001)),
    *(({"model": model}, "prompt", ("x" * (limit + 1),))
      for model, limit in ((SDXL, 2_000), (NOVA, 1_024), (TITAN, 512))),
    ({"prompt": "x" * 9_999}, "style_preset", ("anime",)),
    ({"prompt": "x"}, "model", ("nope", "", 1, [], CORE.upper(), *HOSTILE)),
    ({"prompt": "x"}, "promt", (1,)), ({"prompt": "x"}, "Seed", (1,)),
    ({"prompt": "x"}, "zzz", (None, 1)), ({"prompt": "x"}, "y" * 100, (1,)),
    *(({"prompt": "x"}, text, (1,)) for text in HOSTILE),
    ({"prompt": "x"}, "style_preset", ("nope", 1, [], "PHOTOREALISM", *HOSTILE)),
    ({"prompt": "x", "model": NOVA}, "style_preset", ("nope",)),
    ({"prompt": "x"}, "aspect_ratio", ("4:3", 1, "", "1: 1")),
    ({"prompt": "x", "model": TITAN}, "aspect_ratio", ("16:9",)),
    ({"prompt": "x", "aspect_ratio": "1:1"}, "width", (1024,)),
    *(({"prompt": "x", "model": model}, side, (1024,))
      for model in (CORE, SDXL) for side in ("width", "height")),
    ({"prompt": "x", "model": SDXL, "height": 1024}, "width", (1000, 0, 1.5, "1024", 10_001, True)),
    ({"prompt": "x", "model": TITAN, "height": 512}, "width", (768,)),
    *(({"prompt": "x", "model": NOVA, "height": height}, "width", widths)
      for height, widths in ((1024, (304, 330, 4112)), (320, (1296,)), (2064, (2048,)))),
    ({"prompt": "x"}, "output_format", ("webp", "PNG", 1)),
    ({"prompt": "x", "model": SDXL}, "output_format", ("jpeg",)),
    ({"prompt": "x"}, "seed", (-1, 1.5, "1", True, [], 4_294_967_295, 10**400)),
    *(({"prompt": "x", "model": model.id}, "seed", (model.seed_limit + 1,))
      for model in CATALOG.values()),
    ({"prompt": "x"}, "samples", (1,)),
    ({"prompt": "x", "model": SDXL}, "samples", (0, 2, "1", True)),
    ({"prompt": "x", "model": SDXL}, "extras", ({"a": "x" * 4_096}, {"a": "\ud800"})),
    ({}, "text_prompts", ([_WEIGHTED],)), ({"model": NOVA}, "text_prompts", ([_WEIGHTED],)),
    ({"prompt": "x", "model": SDXL}, "text_prompts", ([_WEIGHTED],)),
    ({"negative_prompt": "x", "model": SDXL}, "text_prompts", ([_WEIGHTED],)),
    ({"model": SDXL}, "text_prompts", (
        [], [_WEIGHTED] * 11, "a", {}, 1, [1], ["a"], [None], [{}], [{"weight": 1}],
        [_WEIGHTED, {**_WEIGHTED, "more": 1}], [{str(n): n for n in range(11)}], [{"text": 1}],
        [{"text": " "}], [_WEIGHTED, {"text": "x" * 2_001}],
        *([{"text": "a", "weight": weight}] for weight in (0, 101, -101, "1", True, None, -1)),
    )),
    ({"prompt": "x"}, "count", (0, 5, -1, 1.5, "2", True, [2], {})),
    ({**SMALL, "prompt": "x", "count": 3}, "seed", (2_147_483_645,)),
    ({"prompt": "x"}, "recipe_in_picture", ("yes", 0, [])),
    ({"prompt": "x"}, "recipe", ({},)), ({}, "recipe", (1, "x", [], {}, {"version": 1}, True)),
)  # fmt: skip
# What makes a good recipe a bad one.
BAD_RECIPES: tuple[Json, ...] = (
    {"version": 2}, {"version": "1"}, {"version": True}, {"seed": 0}, {"seed": None}, {"seed": -1},
    {"seed": "1"}, {"parameters": []}, {"parameters": {}}, {"parameters": {"steps": 3}},
    {"prompt": ""}, {"prompt": 1}, {"prompt": "x" * 1_025}, {"negative_prompt": 5},
    {"negative_prompt": None}, {"model": "nope"}, {"model": 1}, {"model": SDXL}, {"more": 1},
    {"version": "{% x %}"}, {str(n): n for n in range(11)},
)  # fmt: skip
KEYS = ("a", "q\"b\\c 'd' @@ $x #set($y=1) {% $z %} ${Foo}", "x" * 255, "x" * 256, "\xe9", "a\tb")
QUERIES = (
    "limit=1", "limit=100", "limit=0", "limit=101", "limit=-1", "limit=1.5", "limit=ten", "limit=",
    "limit=%D9%A1", "limit=9999999999", "after=", "after=x", "after=output-images%2F", "page=2",
    f"after={'9' * 13}-{NO_ID}", f"after={'0' * 13}-{NO_ID}", f"{'z' * 100}=1",
    *(f"after={quote(text)}" for text in HOSTILE),
    *(f"{quote(text)}=1" for text in HOSTILE),
)  # fmt: skip
BAD_IDS = ("x", "0" * 31, "0" * 33, "F" * 32, *map(quote, HOSTILE))
BAD_BODIES = (
    b"", b"{", b"[]", b'"text"', b"1", b"null", b"not json", b'{"prompt": "x", "seed": NaN}',
    b'{"prompt": "\xff"}', b'{"prompt": "\\ud800"}', b'{"\\ud800": 1}', b"[" * 50_000,
    b'{"prompt": ' + b"[" * 101 + b"]" * 101 + b"}", b'{"prompt": "x", "seed": 1e999}',
    b'{"prompt": "' + b"x" * 262_144 + b'"}', b'{"prompt": "' + b"x" * 11_000_000 + b'"}',
)  # fmt: skip


def values_of(parameter: Parameter) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Good values, and bad ones."""
    match parameter:
        case Range(minimum=low, maximum=high, default=default, whole=whole):
            bad = (low - 1, high + 1, "1", True, [], *([low + 0.5] if whole else []))
            return (low, high, default), bad
        case Choice(words=words):
            return words[::3], ("nope", "", 1, words[0].swapcase())
    return ({"any": "thing"}, {text: [text] for text in HOSTILE}), (1, "x", [])


def draws() -> Iterator[Json]:
    """Every model with its parameters and formats, some styles, and all shapes of a family."""
    families = set()
    for model in CATALOG.values():
        plain = {"prompt": "a lighthouse at dusk", "model": model.id, "seed": 7}
        small = plain | SMALLEST.get(model.id, {})
        yield plain
        yield {**small, "seed": model.seed_limit, "negative_prompt": "people"}
        for name, parameter in model.parameters.items():
            yield from ({**small, name: value} for value in values_of(parameter)[0])
        yield from ({**small, "output_format": format} for format in model.output_formats)
        yield from ({**small, "style_preset": preset} for preset in STYLE_PRESETS[::6])
        step = 4 if model.family in families else 1
        families.add(model.family)
        yield from ({**plain, "aspect_ratio": ratio} for ratio in [*model.aspect_ratios][::step])
        sizes = model.sizes.sizes[::step] if isinstance(model.sizes, ListedSizes) else ()
        yield from ({**plain, "width": width, "height": height} for width, height in sizes)
    for width, height in ((320, 1280), (1280, 320), (1008, 1040), (2048, 2048), (4096, 1024)):
        yield {**SMALL, "prompt": "a size", "seed": 1, "width": width, "height": height}
