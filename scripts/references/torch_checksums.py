#!/usr/bin/env python3
"""Writes random weights with PyTorch, and prints the CRC-32 of every tensor as float32.

    python scripts/references/torch_checksums.py FOLDER

FOLDER/dict.pt: a state dict of the shapes of CLIP ViT-B/32's image encoder, 350 MB, with parameters, a transposed
matrix and views of one storage. FOLDER/script.pt: a TorchScript archive of three such blocks in half precision. A line
each: FILE, name, CRC-32, sizes.
"""

import pathlib
import sys
import warnings
import zlib

import torch

WIDTH = 768


class Attention(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.in_proj_weight = torch.nn.Parameter(torch.randn(3 * WIDTH, WIDTH))
        self.in_proj_bias = torch.nn.Parameter(torch.randn(3 * WIDTH))
        self.out_proj = torch.nn.Linear(WIDTH, WIDTH)

    def forward(self, x):
        return self.out_proj((x @ self.in_proj_weight.t() + self.in_proj_bias)[..., : x.size(-1)])


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.attn = Attention()
        self.ln_1 = torch.nn.LayerNorm(WIDTH)
        self.mlp = torch.nn.Sequential(torch.nn.Linear(WIDTH, 4 * WIDTH), torch.nn.Linear(4 * WIDTH, WIDTH))
        self.ln_2 = torch.nn.LayerNorm(WIDTH)

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


def visual(layers):
    model = torch.nn.Module()
    model.conv1 = torch.nn.Conv2d(3, WIDTH, 32, 32, bias=False)
    model.class_embedding = torch.nn.Parameter(torch.randn(WIDTH))
    model.positional_embedding = torch.nn.Parameter(torch.randn(50, WIDTH))
    model.resblocks = torch.nn.ModuleList(Block() for _ in range(layers))
    model.proj = torch.nn.Parameter(torch.randn(WIDTH, 512))
    return model


def show(file, values):
    for name, tensor in values.items():
        data = tensor.detach().float().contiguous().numpy().tobytes()
        print(file, name, zlib.crc32(data), ",".join(map(str, tensor.shape)) or "-")


def main():
    folder = pathlib.Path(sys.argv[1])
    torch.manual_seed(11)
    warnings.filterwarnings("ignore", category=FutureWarning)
    values = {f"visual.{name}": value for name, value in visual(12).state_dict().items()}
    values["visual.proj"] = values["visual.proj"].t()
    values["parameter"] = torch.nn.Parameter(torch.randn(5, 7))
    shared = torch.randn(64, 1024)
    values.update({f"shared.{row}": shared[row] for row in range(0, 64, 7)}, columns=shared[:, 5:900:3])
    torch.save({"epoch": 1, "state_dict": values}, folder / "dict.pt")
    show("dict.pt", values)
    script = torch.jit.script(torch.nn.Sequential(*(Block() for _ in range(3))).half())
    torch.jit.save(script, str(folder / "script.pt"))
    show("script.pt", script.state_dict())


main()
