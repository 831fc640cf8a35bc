"""Positions of a class token and a square of patches on another square, by PyTorch: prints the numbers.

    bicubic.py OLD_SIDE NEW_SIDE WIDTH

The old ones are sin(0), sin(1), … in row-major order.
"""
import sys

import torch

old, new, width = map(int, sys.argv[1:])
table = torch.arange((1 + old * old) * width, dtype=torch.float64).sin().float().reshape(-1, width)
patches = table[1:].reshape(1, old, old, width).permute(0, 3, 1, 2)
patches = torch.nn.functional.interpolate(patches, size=(new, new), mode="bicubic", align_corners=False)
result = torch.cat([table[:1], patches.permute(0, 2, 3, 1).reshape(-1, width)])
print("\n".join(str(value) for value in result.flatten().tolist()))
