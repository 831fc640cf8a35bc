"""Writes a fixture: configuration, weights, one batch, outputs, losses and gradients of the reference.

    make_fixture.py --out F.safetensors --seed 1 [--pairs 6] [--set frames=3 …] [--without-asr 1,4] [--without-title 2,4]
    make_fixture.py --missing-texts FOLDER       the fixtures of Tests/ParityTests in which texts are missing

Everything is computed in float64 and stored in float32 (bytes as uint8, indices as int64). Keys: config (JSON, in the file's
metadata), param.<name>, input.<name>, output.<name>, loss.<name>, grad.<name>. Texts that are missing have numbers like all
others in the file, which nothing may read.
"""
import argparse, json, sys
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save_file

from sgmn_missing_texts import SGMNWithMissingTexts  # finds scripts/peers for what follows
from sgmn_torch import Config, SGMN, pixels_from_bytes

SMALL = dict(resolution=32, patch=8, width=48, layers=2, heads=3, embed_dim=32, frames=4, tmc_heads=2, gci_heads=2,
             smf_heads=2, fusion_hidden=64, text_dim=24, text_token_dim=20, text_gate_hidden=16)
TINY = ["resolution=8", "patch=4", "width=12", "layers=1", "heads=2", "embed_dim=8", "fusion_hidden=10", "text_dim=6",
        "text_token_dim=5", "text_gate_hidden=4", "frames=3", "tmc_layers=1"]
# Some pairs without ASR, some without title, one without both; in the last no pair has both.
MISSING = {
    "missing-texts": (207, [], "1,4", "2,4"),
    "missing-texts-gated": (204, ["text_filter=gated", "mining=distance", "smf_tokens=frame"], "0,4", "4,5"),
    "missing-texts-hardest": (214, ["mining=hardest"], "3", "0,2"),
    "no-pair-has-both-texts": (201, [], "0,2,4", "1,3,5"),
}


def configuration(settings: list[str]) -> Config:
    values = dict(SMALL)
    for item in settings:
        key, value = item.split("=", 1)
        kind = type(getattr(Config(), key))
        values[key] = value.lower() == "true" if kind is bool else kind(value)
    return Config(**values)


def batch_of(c: Config, n: int, token_count: int, missing: dict[str, list[int]]):
    """A random batch as the model takes it, and as it is stored."""
    l, r = c.frames, c.resolution
    raw_clip = torch.randint(0, 256, (n, l, 3, r, r), dtype=torch.uint8)
    raw_image = torch.randint(0, 256, (n, 3, r, r), dtype=torch.uint8)
    lengths = torch.randint(1, l + 1, (n,))
    lengths[0] = l
    mask = torch.arange(l)[None] < lengths[:, None]
    product = torch.arange(n)
    if n > 3:
        product[3] = product[1]                 # two pairs of one product: never negatives of each other
    batch = dict(clip=pixels_from_bytes(raw_clip, torch.float64), image=pixels_from_bytes(raw_image, torch.float64),
                 mask=mask, product=product)
    stored = dict(clip=raw_clip, image=raw_image, mask=mask.to(torch.uint8), product=product)
    if c.mining == "distance":
        batch["uniform"] = stored["uniform"] = torch.rand(5, 2, n).float().double()
    for name in ("asr", "title") if c.text else ():
        batch[name] = stored[name] = torch.randn(n, c.text_dim).float().double()
        if c.text_filter == "gated":
            tokens = torch.randn(n, token_count, c.text_token_dim).float().double()
            there = torch.arange(token_count)[None] < torch.randint(1, token_count + 1, (n,))[:, None]
            batch[name + "_tokens"] = stored[name + "_tokens"] = tokens
            batch[name + "_mask"], stored[name + "_mask"] = there, there.to(torch.uint8)
        if any(missing.values()):
            present = torch.tensor([row not in missing[name] for row in range(n)])
            batch[name + "_present"], stored[name + "_present"] = present, present.to(torch.uint8)
    return batch, stored


def write(out: str, seed: int, settings: list[str], pairs: int, token_count: int, missing: dict[str, list[int]]) -> None:
    c = configuration(settings)
    torch.manual_seed(seed)
    model = (SGMNWithMissingTexts if any(missing.values()) else SGMN)(c)
    with torch.no_grad():                       # away from the special points of the initial values
        for p in model.parameters():
            p.add_(0.05 * torch.randn_like(p))
            p.copy_(p.float())                  # the stored weights are exactly these
    batch, stored = batch_of(c, pairs, token_count, missing)
    outputs = model(batch)
    outputs["loss.total"].backward()
    real = lambda x: x.detach().float().contiguous() if x.is_floating_point() else x.contiguous()
    tensors = {}
    for name, p in model.named_parameters():
        tensors["param." + name] = real(p)
        tensors["grad." + name] = real(p.grad if p.grad is not None else torch.zeros_like(p))
    tensors |= {"input." + name: real(x) for name, x in stored.items()}
    tensors |= {name if name.startswith("loss.") else "output." + name: real(x) for name, x in outputs.items()}
    save_file(tensors, out, metadata={"config": json.dumps(asdict(c)), "seed": str(seed)})
    print(out, {name: round(x.item(), 6) for name, x in outputs.items() if name.startswith("loss.")})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    rows = lambda text: [int(row) for row in text.split(",") if row]
    parser.add_argument("--out")
    parser.add_argument("--missing-texts", metavar="FOLDER")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pairs", type=int, default=6)
    parser.add_argument("--tokens", type=int, default=7)
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--without-asr", type=rows, default=[])
    parser.add_argument("--without-title", type=rows, default=[])
    a = parser.parse_args()
    torch.set_default_dtype(torch.float64)
    if a.missing_texts:
        for name, (seed, settings, without_asr, without_title) in MISSING.items():
            write(str(Path(a.missing_texts) / (name + ".safetensors")), seed, TINY + settings, 6, 7,
                  dict(asr=rows(without_asr), title=rows(without_title)))
    if a.out:
        write(a.out, a.seed, a.set, a.pairs, a.tokens, dict(asr=a.without_asr, title=a.without_title))
    if not (a.out or a.missing_texts):
        sys.exit("make_fixture.py: nothing to write; give --out or --missing-texts")


if __name__ == "__main__":
    main()
