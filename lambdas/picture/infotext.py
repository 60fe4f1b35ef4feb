"""Writes a recipe as the text that AUTOMATIC1111's web UI and similar tools read from a picture.

Sources: that project's `create_infotext` and `parse_generation_parameters`; SD Prompt Reader's
`a1111.py` and Civitai's `automatic.metadata.ts`, which look for the line of settings by `Steps:` at
its beginning. Civitai drops all of it where that is no number (`image.schema.ts`).
"""

import json
import re

from lambdas.common.recipe import Recipe

# The web UI's names for SDXL's samplers. It has no DDPM.
_SAMPLERS = {
    "K_DPMPP_2M": "DPM++ 2M",
    "K_DPMPP_2S_ANCESTRAL": "DPM++ 2S a",
    "K_DPM_2": "DPM2",
    "K_DPM_2_ANCESTRAL": "DPM2 a",
    "K_EULER": "Euler",
    "K_EULER_ANCESTRAL": "Euler a",
    "K_HEUN": "Heun",
    "K_LMS": "LMS",
}

# Characters that XML 1.0 cannot hold. PNG text cannot hold NUL.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def infotext(recipe: Recipe, width: int, height: int) -> str:
    """Returns prompt, negative prompt and one line of settings, for a picture of this size.

    The format has no escapes for prompts: a line of a prompt that begins with "Negative prompt:"
    is read as such. Characters that no text can hold are replaced. Only the recipe is exact.
    """
    parameters = recipe.parameters
    sampler = parameters.get("sampler")
    settings = {
        # How many steps other models take is not known.
        "Steps": parameters.get("steps", "unknown"),
        "Sampler": _SAMPLERS.get(str(sampler), sampler),
        "CFG scale": parameters.get("cfg_scale"),
        "Seed": recipe.seed,
        "Size": f"{width}x{height}",
        "Model": recipe.model,
    }
    known = [f"{name}: {_quoted(value)}" for name, value in settings.items() if value is not None]
    lines = [_text(recipe.prompt)]
    if recipe.negative_prompt:
        lines.append(f"Negative prompt: {_text(recipe.negative_prompt)}")
    return "\n".join([*lines, ", ".join(known)])


def _quoted(value: object) -> str:
    """Returns a value, as JSON if it holds a character that would end it or make it a name."""
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if re.search("[,:\n]", text) else text


def _text(text: str) -> str:
    """Returns a text with only line feeds as line ends, and unwritable characters replaced."""
    return _UNWRITABLE.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
