"""Holds the import of the authors' checkpoints against the authors' own code.

    compare_release.py --repo CLONE [--out FOLDER]

CLONE is a clone of https://github.com/adxcreative/SGMN. Its CLIP4Clip is built at full size (ViT-B/32, two layers, with
texts and fusion, as its README trains it) with random weights. Its state dict goes to FOLDER as weights.safetensors and
weights.bin, and its retrieval scores of clips of every length among images to expected.safetensors. Without --out the
folder is a temporary one, and the test that imports those weights and compares the scores is run on it.

Clips are scored one length at a time: the release tiles its masks in another order than the clips, so clips of different
lengths in one batch see each other's. Only what the release does not ship is replaced: the archive of CLIP's weights
(random ones of the same names) and the file of settings of its matcher.
"""
import argparse
import importlib
import os
import subprocess
import sys
import tempfile
from unittest import mock

import torch
import transformers

import release_files
from clip_names import randomize, to_openai
from pixels import normalized

# The matcher's settings, of which scores depend on none: those of CLIP4Clip's cross-base with CLIP's width.
CROSS = dict(
    vocab_size_or_config_json_file=512, hidden_size=512, num_hidden_layers=2, num_attention_heads=8,
    intermediate_size=2048, max_position_embeddings=128)


# What their modules import to download files, and no score needs; a stand-in takes the place of what is not installed.
DOWNLOADING = ["boto3", "botocore", "botocore.exceptions", "requests", "tqdm"]


def build(repository: str) -> torch.nn.Module:
    sys.path.insert(0, repository)
    for name in DOWNLOADING:
        try:
            importlib.import_module(name)
        except ImportError:
            sys.modules[name] = mock.MagicMock()
    from modules.module_clip import CLIP
    from modules.module_cross import CrossConfig
    from modules.modeling_sgmn import CLIP4Clip

    vision = dict(hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12, patch_size=32)
    text = dict(hidden_size=512, intermediate_size=2048, num_hidden_layers=2, num_attention_heads=8, vocab_size=1000,
                bos_token_id=0, eos_token_id=1)
    clip = transformers.CLIPModel(transformers.CLIPConfig(text_config=text, vision_config=vision, projection_dim=512))
    CLIP.get_config = staticmethod(lambda pretrained_clip_name: to_openai(clip.state_dict()))
    settings = CrossConfig(**CROSS)
    CrossConfig.get_config = classmethod(lambda *arguments, **named: (settings, None))
    model = CLIP4Clip.from_pretrained(
        cross_model_name="cross-base", max_words=32, max_frames=10, loose_type=False, linear_patch="2d",
        sim_header="tightTransf", pretrained_clip_name="ViT-B/32", cross_num_hidden_layers=2, state_dict=None,
        training=True, add_text=True, embedding_sim=True, backbone_name="ViT-B/32", mo_fusion=True)
    randomize(model, seed=11)
    return model.eval()


def scores(model: torch.nn.Module, inputs: release_files.Inputs):
    """The release's logits at inference: visual (length, clips, images), text (clips, images)."""
    encode = lambda pixels: model.get_visual_output(pixels, len(pixels))[0]
    count = len(inputs.images)
    images, hidden = model.get_visual_output(normalized(inputs.images), count)
    clips = inputs.frames.shape[0]
    frames = encode(normalized(inputs.frames.flatten(0, 1))).reshape(clips, release_files.FRAMES, -1)
    blank = encode(torch.zeros(1, 3, 224, 224)).reshape(-1)
    visual = []
    for length in range(1, release_files.FRAMES + 1):
        mask = (torch.arange(release_files.FRAMES) < length).float().repeat(clips, 1)
        padded = torch.where(mask[..., None] > 0, frames, blank)
        output = model.get_similarity_logits(
            images, hidden, padded, None, mask, None, asr_emb=inputs.asr, item_emb=inputs.title, shaped=True,
            loose_type=True)
        visual.append(output["retrieve_logit"])
    return torch.stack(visual), output["text_logit"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repo", required=True)
    parser.add_argument("--out")
    arguments = parser.parse_args()
    root = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
    with tempfile.TemporaryDirectory() as temporary:
        repository, folder = os.path.abspath(arguments.repo), os.path.abspath(arguments.out or temporary)
        os.chdir(temporary)  # Their code writes model.txt where it is run.
        model, inputs = build(repository), release_files.Inputs(224)
        with torch.no_grad():
            visual, text = scores(model, inputs)
        release_files.write(folder, model.state_dict(), inputs, visual, text)
        print(f"{len(model.state_dict())} tensors; scores of clips of ten frames {visual[-1].tolist()}")
        if arguments.out is None:
            command = ["swift", "test", "--filter", "ReleaseImportTests/authors"]
            environment = dict(os.environ, SGMN_RELEASE_FILES=folder)
            raise SystemExit(subprocess.run(command, cwd=root, env=environment).returncode)


if __name__ == "__main__":
    torch.set_num_threads(2)
    main()
