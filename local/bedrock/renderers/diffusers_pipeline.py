"""Draws with a text-to-image pipeline of Hugging Face's diffusers, on this machine's GPU or CPU."""

import inspect
import os
import re
import threading
from pathlib import Path
from typing import Any

from local.bedrock.families import ModelRequest
from local.bedrock.renderers import (
    FilteredError,
    NoModelError,
    Render,
    RenderError,
    first_line,
    fitted,
    styled_prompt,
)

INSTALL = ".venv/bin/pip install --editable '.[model]'"

# Pipelines take sides in steps of 8, 16, 32 or 64.
_SIDE_STEP = 64

# A model's name at Hugging Face.
_NAME = re.compile(r"\w[\w.-]*(/[\w.-]+)?")


def diffusers_pipeline(model: str) -> Render:
    """Loads a pipeline from a folder, or by its name from Hugging Face, and returns what draws with
    it, one picture at a time. Raises NoModelError."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")  # or it asks for torchvision
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # CUDA's matrices, equal each time
    try:
        import torch
        from diffusers import AutoPipelineForText2Image
    except (ImportError, RuntimeError) as error:  # diffusers turns some of the first into the other
        raise NoModelError(
            f"MODEL={model} needs diffusers and torch: {INSTALL} ({first_line(error)})"
        ) from error

    folder = Path(model).expanduser()
    if not folder.is_dir() and not _NAME.fullmatch(model):
        raise NoModelError(f"MODEL={model} is no folder")
    torch.use_deterministic_algorithms(True, warn_only=True)
    cuda = torch.cuda.is_available()
    try:
        pipeline = AutoPipelineForText2Image.from_pretrained(
            str(folder), dtype=torch.bfloat16 if cuda else torch.float32
        )
        pipeline.to("cuda" if cuda else "cpu")
    except Exception as error:  # each pipeline's parts have errors of their own
        raise NoModelError(
            f"MODEL={model} does not load as a text-to-image pipeline: {first_line(error)}"
        ) from error
    pipeline.set_progress_bar_config(disable=True)
    lock = threading.Lock()

    def render(request: ModelRequest) -> bytes:
        # The CPU's generator, whose numbers are the same on every device.
        generator = torch.Generator("cpu").manual_seed(request.seed)
        try:
            with lock:
                drawn = pipeline(**_arguments(pipeline, request), generator=generator)
        except Exception as error:  # as above
            raise RenderError(first_line(error)) from error
        if any(getattr(drawn, "nsfw_content_detected", None) or ()):
            raise FilteredError("the pipeline's safety checker blocked the picture")
        return fitted(drawn.images[0], request)

    return render


def _arguments(pipeline: Any, request: ModelRequest) -> dict[str, Any]:
    """Returns what the request asks for and the pipeline's call takes."""
    width, height = (-(-side // _SIDE_STEP) * _SIDE_STEP for side in request.size)
    wanted = {
        "prompt": styled_prompt(request),
        "negative_prompt": request.negative_prompt or None,
        "width": width,
        "height": height,
        "num_inference_steps": request.steps,
        "guidance_scale": request.guidance,
    }
    taken = inspect.signature(pipeline.__call__).parameters
    return {name: value for name, value in wanted.items() if value is not None and name in taken}
