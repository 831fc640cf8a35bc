"""Holds an exported model, used as docs/onnx.md says, against the model in PyTorch with the same weights.

    check_onnx_against_torch.py FOLDER DOCUMENT

FOLDER has the export in it, named `exported`; DOCUMENT is docs/onnx.md, whose first Python block is run. Prints the
greatest differences, and fails where one is beyond 1e-5 or where the export lacks a weight of inference.
"""
import os
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import torch
import yaml
from safetensors.torch import load_file

sys.path.insert(0, str(Path(__file__).parents[1] / "peers"))
import sgmn_torch  # noqa: E402


def torch_model(settings: dict) -> sgmn_torch.SGMN:
    known = {field.name for field in fields(sgmn_torch.Config)}
    config = sgmn_torch.Config(**{key: value for key, value in settings.items() if key in known})
    config.tmc_first_frame_mask = settings["padding"] == "release"
    model = sgmn_torch.SGMN(config).double().eval()
    keys = model.load_state_dict(load_file("exported/weights.safetensors"), strict=False)
    lacking = [key for key in keys.missing_keys if not key.startswith(("gci.", "smf."))]
    if lacking or keys.unexpected_keys:
        raise SystemExit(f"missing {lacking}, unexpected {keys.unexpected_keys}")
    return model


def main(folder: str, document: str) -> None:
    block = Path(document).read_text().split("```python\n")[1].split("```")[0]
    os.chdir(folder)
    use: dict = {}
    exec(block, use)

    settings = yaml.safe_load(use["encoders"]["clip"].get_modelmeta().custom_metadata_map["configuration"])["model"]
    model = torch_model(settings)
    side, length = settings["resolution"], settings["frames"]
    random = np.random.default_rng(5)
    pictures = lambda count: list(random.integers(0, 256, (count, 3, side, side), dtype=np.uint8))
    images = pictures(length + 1)
    clips = [pictures(count) for count in range(1, length + 2)]         # the last is longer than the model sees
    texts = {kind: random.standard_normal((length + 1, settings["text_dim"])) for kind in ("asr", "title")}

    mean = torch.tensor([0.48145466, 0.4578275, 0.40821073], dtype=torch.float64)[:, None, None]
    deviation = torch.tensor([0.26862954, 0.26130258, 0.27577711], dtype=torch.float64)[:, None, None]
    pixels = lambda values: (torch.from_numpy(np.stack(values)).double() / 255 - mean) / deviation
    unit = sgmn_torch.normalize
    frames = torch.full((len(clips), length, 3, side, side), 7.0, dtype=torch.float64)
    mask = torch.zeros((len(clips), length), dtype=torch.bool)
    for number, clip in enumerate(clips):
        seen = [clip[int(place)] for place in np.linspace(0, len(clip) - 1, length)] if len(clip) > length else clip
        frames[number, : len(seen)], mask[number, : len(seen)] = pixels(seen), True
    with torch.no_grad():
        expected = {
            "image": unit(model.encode_image(pixels(images))[:, 0]),
            "clip": model.encode_clip(frames, mask)[2],
            **{kind: unit(getattr(model, kind)(torch.from_numpy(texts[kind]))) for kind in texts},
        }
    found = {
        "image": use["embed_images"](images),
        "clip": use["embed_clips"](clips),
        **{kind: use["embed_texts"](kind, list(texts[kind])) for kind in texts},
    }
    weight = float(settings["lambda_text"])                             # PyYAML takes 5e-1 for a text
    expected["score"] = expected["clip"] @ expected["image"].T + weight * expected["asr"] @ expected["title"].T
    found["score"] = use["score"](found["clip"], found["image"], found["asr"], found["title"])
    differences = {name: float(np.abs(found[name] - expected[name].numpy()).max()) for name in expected}
    print(*(f"{name} {difference:.1e}" for name, difference in differences.items()))
    if not all(difference < 1e-5 for difference in differences.values()):
        raise SystemExit("beyond 1e-5")


main(sys.argv[1], sys.argv[2])
