"""What a release's import is compared on: pictures and texts, the weights, and the scores of the model that has them."""
import os

import torch
from safetensors.torch import save_file

from pixels import random_pictures

FRAMES = 10


class Inputs:
    """Clips of ten frames, of which a clip of length l shows the first l; images; features of both texts."""

    def __init__(self, resolution: int, clips: int = 2, images: int = 4, text_dim: int = 512):
        generator = torch.Generator().manual_seed(9)
        picture = lambda *count: random_pictures(count, resolution, generator)
        self.images = picture(images)
        # Frames of a clip resemble one another.
        self.frames = (picture(clips, 1) // 2 + picture(clips, FRAMES) // 2).contiguous()
        self.asr = torch.randn(clips, text_dim, generator=generator)
        self.title = torch.randn(images, text_dim, generator=generator)


def write(folder: str, weights: dict[str, torch.Tensor], inputs: Inputs, visual, text) -> None:
    """weights.safetensors, weights.bin as torch.save writes it, and expected.safetensors.

    visual: scores of clips and images for every length, (FRAMES, clips, images); text: (clips, images).
    """
    weights = {name: value.detach().clone().contiguous() for name, value in weights.items()}
    save_file(weights, os.path.join(folder, "weights.safetensors"))
    torch.save(weights, os.path.join(folder, "weights.bin"))
    save_file(
        {"images": inputs.images, "frames": inputs.frames, "asr": inputs.asr, "title": inputs.title,
         "visual_scores": visual.contiguous(), "text_scores": text.contiguous()},
        os.path.join(folder, "expected.safetensors"))
