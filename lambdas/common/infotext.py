"""A recipe as the text that AUTOMATIC1111's web UI and its kin read from a picture.

Source: that project's `create_infotext` and `parse_generation_parameters`.
"""

import json
import re

from lambdas.common.recipe import Recipe

# SDXL's samplers under the names of the web UI, which has no DDPM.
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

# XML 1.0 cannot hold these, PNG's text no NUL.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def infotext(recipe: Recipe, width: int, height: int) -> str:
    """Prompt, negative prompt and one line of settings, for a picture of this size.

    The form has no escapes for prompts: a line in one that begins with "Negative prompt:" is read
    as such, and what no text can hold is replaced. The recipe itself is the one to rely on.
    """
    parameters = recipe.parameters
    settings = {
        "Steps": parameters.get("steps"),
        "Sampler": _sampler(parameters.get("sampler")),
        "CFG scale": parameters.get("cfg_scale"),
        "Seed": recipe.seed,
        "Size": f"{width}x{height}",
        "Model": recipe.model,
    }
    lines = [_text(recipe.prompt)]
    if recipe.negative_prompt:
        lines.append(f"Negative prompt: {_text(recipe.negative_prompt)}")
    lines.append(
        ", ".join(
            f"{name}: {_quoted(value)}" for name, value in settings.items() if value is not None
        )
    )
    return "\n".join(lines)


def _sampler(sampler: str | None) -> str | None:
    return None if sampler is None else _SAMPLERS.get(sampler, sampler)


def _quoted(value: object) -> str:
    """As JSON where the value itself would end it or read as a name."""
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if re.search("[,:\n]", text) else text


def _text(text: str) -> str:
    """With line feeds alone as ends of lines, and without what cannot be written."""
    return _UNWRITABLE.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
