#!/usr/bin/env python3
"""Writes small files of torch.save and torch.jit.save, and beside each what is in it as safetensors.

    python scripts/references/make_torch_fixtures.py

needs torch and safetensors and writes Tests/WeightFilesTests/Fixtures/NAME.pt and NAME.safetensors. That holds
the weights under the names and with the values that our reader must find, all as float32; and legacy.pt, of the
format before 1.6; hostile-*.pt, which run a command in a Python that loads them with weights_only=False; module.pt, a
whole module, which needs its class.
"""

import enum
import os
import pathlib
import sys
import warnings
from typing import Dict, List, Optional

import torch
from safetensors.torch import save_file

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "Tests/WeightFilesTests/Fixtures"


def numbers(*shape, dtype=torch.float32):
    return torch.randn(shape).to(dtype)


class Command:
    """What a hostile file is made with: Python calls this when it loads the file."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


class Attention(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.in_proj_weight = torch.nn.Parameter(numbers(6, 2))
        self.out_proj = torch.nn.Linear(2, 2)

    def forward(self, x):
        return self.out_proj((x @ self.in_proj_weight.t())[:, :2])


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.attn = Attention()
        self.ln_1 = torch.nn.LayerNorm(2)

    def forward(self, x):
        return x + self.attn(self.ln_1(x))


class Color(enum.Enum):
    RED = 1


class Scripted(torch.nn.Module):
    """Names nest as in OpenAI's archives, and beside them are attributes of all kinds."""

    classes: Dict[str, List[int]]
    title: Optional[str]

    def __init__(self):
        super().__init__()
        self.visual = torch.nn.Sequential(Block(), Block())
        self.logit_scale = torch.nn.Parameter(torch.tensor(2.5))
        self.register_buffer("input_resolution", torch.tensor(224))
        self.sizes, self.rates, self.label, self.count = [1, 2], [0.5], "x", 3
        self.classes, self.title, self.color, self.device = {"a": [1]}, None, Color.RED, torch.device("cpu")

    def forward(self, x):
        return self.visual(x) * self.logit_scale.exp()


def write(name, value, expected, **options):
    if isinstance(value, torch.jit.ScriptModule):
        torch.jit.save(value, str(FOLDER / f"{name}.pt"))
    else:
        torch.save(value, FOLDER / f"{name}.pt", **options)
    write_expected(name, expected)


def write_expected(name, expected):
    values = {key: tensor.detach().float().contiguous().clone() for key, tensor in expected.items()}
    save_file(values, FOLDER / f"{name}.safetensors")


def is_weight(tensor):
    return tensor.dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def weights(values):
    return {name: tensor for name, tensor in values.items() if is_weight(tensor)}


def write_big_endian(name, values):
    """As a machine of the other byte order would; torch.load must read it as we do."""
    swapped = {key: tensor.clone() for key, tensor in values.items()}
    for tensor in swapped.values():
        tensor.untyped_storage().byteswap(tensor.dtype)
    order, sys.byteorder = sys.byteorder, "big"
    try:
        torch.save(swapped, FOLDER / f"{name}.pt")
    finally:
        sys.byteorder = order
    write_expected(name, values)
    loaded = torch.load(FOLDER / f"{name}.pt")
    assert all(torch.equal(loaded[key], values[key]) for key in values), name


def types():
    values = {str(t).removeprefix("torch."): numbers(2, 3, dtype=t)
              for t in (torch.float16, torch.bfloat16, torch.float32, torch.float64)}
    others = {str(t).removeprefix("torch."): torch.ones(2, dtype=t)
              for t in (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.bool, torch.complex64,
                        torch.uint16, torch.uint32, torch.uint64, torch.float8_e4m3fn, torch.float8_e5m2)}
    values["scalar"] = torch.tensor(-0.0)
    values["infinite"] = torch.tensor([float("inf"), float("-inf"), 1e-42])
    values["empty"] = torch.zeros(0, 4)
    return {**values, **others}


def views():
    base = numbers(5, 4)
    half = numbers(3, 4, 5, dtype=torch.float16)
    return {
        "base": base, "transposed": base.t(), "row": base[2], "column": base[:, 1], "every_second": base[1::2, ::3],
        "half": half, "permuted": half.permute(2, 0, 1), "corner": half[1:, 2:, :2], "one": half[:, :1].transpose(0, 2),
        "expanded_singleton": base[:1].expand(1, 4), "last": base[4, 3],
    }


def main():
    torch.manual_seed(7)
    warnings.filterwarnings("ignore", category=FutureWarning)
    FOLDER.mkdir(parents=True, exist_ok=True)
    values = types()
    for protocol in (2, 3, 4, 5):
        write(f"types-protocol-{protocol}", values, weights(values), pickle_protocol=protocol)
    write_big_endian("big-endian", {name: values[name] for name in ("float16", "bfloat16", "float32", "float64")})
    values = views()
    write("views", values, values)
    model = Scripted()
    write("state-dict", model.state_dict(), weights(model.state_dict()))
    marked = torch.nn.Parameter(numbers(2))
    marked.origin = "an attribute"
    parameters = {"plain": torch.nn.Parameter(numbers(3)), "marked": marked}
    nested = {"encoder": {"layers": [numbers(2), numbers(3)], 7: (numbers(1), None)}, **parameters,
              "epoch": 3, "rate": 0.1, "big": 1 << 80, "shape": torch.Size([2, 3]), "dtype": torch.float16,
              "device": torch.device("cpu"), "done": True}
    write("nested", nested, {
        "encoder.layers.0": nested["encoder"]["layers"][0], "encoder.layers.1": nested["encoder"]["layers"][1],
        "encoder.7.0": nested["encoder"][7][0], **parameters})
    optimizer = torch.optim.AdamW(model.parameters())
    model(numbers(1, 2)).sum().backward()
    optimizer.step()
    distributed = {f"module.{name}": value for name, value in model.state_dict().items()}
    for key in ("state_dict", "model"):
        write(f"training-{key}", {"epoch": 3, key: distributed, "optimizer": optimizer.state_dict()},
              weights(model.state_dict()))
    write("script", torch.jit.script(model.half()), weights(model.state_dict()))
    torch.save({"a": numbers(2)}, FOLDER / "legacy.pt", _use_new_zipfile_serialization=False)
    for protocol in (2, 4):
        torch.save({"a": numbers(2), "b": Command(os.system, "exit 1")}, FOLDER / f"hostile-system-{protocol}.pt",
                   pickle_protocol=protocol)
    torch.save({"b": Command(eval, "1 / 0"), "a": numbers(2)}, FOLDER / "hostile-eval.pt")
    torch.save(model.float(), FOLDER / "module.pt")


main()
