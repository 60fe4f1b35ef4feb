"""A Stable Diffusion pipeline of random weights, small enough for tests, as a folder on disk."""

import json
import os
from pathlib import Path

# Before diffusers is imported: nothing is fetched.
os.environ["HF_HUB_OFFLINE"] = "1"

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_START, _END = "<|startoftext|>", "<|endoftext|>"
_TOKENS = [*_LETTERS, *(f"{letter}</w>" for letter in _LETTERS), _START, _END]
_LONGEST_PROMPT = 24


def save_tiny_pipeline(folder: Path) -> Path:
    """Makes the pipeline, whose weights are the same each time, and returns its folder."""
    import torch
    from diffusers import (
        AutoencoderKL,
        DDIMScheduler,
        StableDiffusionPipeline,
        UNet2DConditionModel,
    )
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    torch.set_num_threads(1)  # tensors this small only wait for other threads
    torch.manual_seed(0)
    vocabulary = folder / "vocabulary"
    vocabulary.mkdir(parents=True)
    (vocabulary / "vocab.json").write_text(json.dumps({t: n for n, t in enumerate(_TOKENS)}))
    (vocabulary / "merges.txt").write_text("#version: 0.2\n")
    pipeline = StableDiffusionPipeline(
        unet=UNet2DConditionModel(
            sample_size=8,
            in_channels=4,
            out_channels=4,
            layers_per_block=1,
            block_out_channels=(8, 16),
            norm_num_groups=4,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            cross_attention_dim=16,
            attention_head_dim=4,
        ),
        vae=AutoencoderKL(
            block_out_channels=(4, 8, 8, 8),
            norm_num_groups=4,
            latent_channels=4,
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            mid_block_add_attention=False,  # slow at the size of a real picture
        ),
        text_encoder=CLIPTextModel(
            CLIPTextConfig(
                vocab_size=len(_TOKENS),
                hidden_size=16,
                intermediate_size=32,
                num_hidden_layers=2,
                num_attention_heads=2,
                max_position_embeddings=_LONGEST_PROMPT,
                bos_token_id=_TOKENS.index(_START),
                eos_token_id=_TOKENS.index(_END),
                pad_token_id=_TOKENS.index(_END),
            )
        ),
        tokenizer=CLIPTokenizer.from_pretrained(str(vocabulary), model_max_length=_LONGEST_PROMPT),
        scheduler=DDIMScheduler(steps_offset=1, clip_sample=False),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    saved = folder / "tiny-pipeline"
    pipeline.save_pretrained(saved)
    return saved
