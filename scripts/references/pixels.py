"""Random pictures, and how CLIP sees them."""
import torch

MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)


def random_pictures(shape: tuple[int, ...], size: int, generator: torch.Generator) -> torch.Tensor:
    """Bytes (*shape, 3, size, size)."""
    return torch.randint(0, 256, (*shape, 3, size, size), dtype=torch.uint8, generator=generator)


def normalized(pictures: torch.Tensor) -> torch.Tensor:
    """Bytes (B, 3, R, R) as the encoder takes them."""
    mean, std = (torch.tensor(values).reshape(3, 1, 1) for values in (MEAN, STD))
    return (pictures.float() / 255 - mean) / std
