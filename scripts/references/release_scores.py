"""A checkpoint by the names of the authors' release, and the scores of scripts/peers/sgmn_torch.py with its weights.

    release_scores.py FOLDER [--resolution 224 --patch 32 --width 768 --layers 2 --heads 12]

The peer masks as the release does; padded frames are pictures of zeros.
"""
import argparse
import os
import sys

import torch

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "peers"))
import release_files
from clip_names import randomize
from pixels import normalized
from sgmn_torch import SGMN, Config, normalize

NAMES = [
    ("visual.", "clip.visual."), ("tmc.temporal.", "transformerClip."), ("tmc.difference.", "frame2t_attention."),
    ("tmc.norm.", "trans_layernorm."), ("tmc.kind", "type_position_embeddings.weight"),
    ("asr.linear.", "fc_asr."), ("title.linear.", "fc_title."),
]


def released(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """What the authors' model would have, besides parts that an import leaves alone."""
    result = {}
    for name, value in model.state_dict().items():
        for own, theirs in NAMES:
            if name.startswith(own):
                result[theirs + name[len(own):]] = value
    # The table has a row for every token of CLIP's text transformer.
    position = model.tmc.position.detach()
    result["frame_position_embeddings.weight"] = torch.cat([position, torch.randn(77 - len(position), position.shape[1])])
    result["clip.transformer.resblocks.0.ln_1.weight"] = torch.ones(512)
    result["clip.logit_scale"] = torch.ones([])
    result["cross.embeddings.position_embeddings.weight"] = torch.randn(77, 512)
    result["fusion_layer.self_attention.fc_q.weight"] = torch.randn(8, 8)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    for name, value in [("resolution", 224), ("patch", 32), ("width", 768), ("layers", 2), ("heads", 12)]:
        parser.add_argument(f"--{name}", type=int, default=value)
    arguments = parser.parse_args()
    sizes = {key: value for key, value in vars(arguments).items() if key != "folder"}
    model = SGMN(Config(**sizes, tmc_first_frame_mask=True, gci=False, smf=False)).eval()
    randomize(model, seed=10)
    inputs = release_files.Inputs(arguments.resolution)
    with torch.no_grad():
        encode = lambda pixels: model.visual(pixels)[:, 0]
        images = normalize(encode(normalized(inputs.images)))
        frames = encode(normalized(inputs.frames.flatten(0, 1))).unflatten(0, inputs.frames.shape[:2])
        blank = encode(torch.zeros(1, 3, arguments.resolution, arguments.resolution))
        scores = []
        for length in range(1, release_files.FRAMES + 1):
            mask = torch.arange(release_files.FRAMES).expand(len(frames), -1) < length
            padded = torch.where(mask[..., None], frames, blank)
            compensated = normalize(model.tmc(padded, mask)) * mask[..., None]
            scores.append(normalize(compensated.sum(1) / length) @ images.T)
        text = normalize(model.asr(inputs.asr)) @ normalize(model.title(inputs.title)).T
    release_files.write(arguments.folder, released(model), inputs, torch.stack(scores), text)


if __name__ == "__main__":
    torch.set_num_threads(2)
    main()
