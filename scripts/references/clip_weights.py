"""A CLIP with random weights by transformers, and its embeddings of random pictures.

    clip_weights.py FOLDER --kind clip|vision|openai [--layers 12 …]

Writes FOLDER/weights.safetensors, with OpenAI's names for `openai`, and FOLDER/expected.safetensors: `pictures` (B, 3, R, R)
as bytes and `embeddings` (B, D) of unit length.
"""
import argparse
import os

import torch
import transformers
from safetensors.torch import save_file

from clip_names import randomize, to_openai
from pixels import normalized, random_pictures


def make(arguments) -> torch.nn.Module:
    vision = dict(
        hidden_size=arguments.width, intermediate_size=4 * arguments.width, num_hidden_layers=arguments.layers,
        num_attention_heads=arguments.heads, image_size=arguments.resolution, patch_size=arguments.patch,
        projection_dim=arguments.embed_dim)
    if arguments.kind == "vision":
        return transformers.CLIPVisionModelWithProjection(transformers.CLIPVisionConfig(**vision))
    width = arguments.text_width
    text = dict(
        hidden_size=width, intermediate_size=4 * width, num_hidden_layers=arguments.text_layers,
        num_attention_heads=max(1, width // 64), vocab_size=1000, projection_dim=arguments.embed_dim, bos_token_id=0,
        eos_token_id=1)
    return transformers.CLIPModel(
        transformers.CLIPConfig(text_config=text, vision_config=vision, projection_dim=arguments.embed_dim))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--kind", choices=["clip", "vision", "openai"], required=True)
    for name, value in [("width", 768), ("layers", 12), ("heads", 12), ("patch", 32), ("embed-dim", 512),
                        ("resolution", 224), ("picture-size", 224), ("text-width", 512), ("text-layers", 2),
                        ("pictures", 4)]:
        parser.add_argument(f"--{name}", type=int, default=value)
    arguments = parser.parse_args()

    model = make(arguments).eval()
    randomize(model, seed=7)
    size = arguments.picture_size
    pictures = random_pictures((arguments.pictures,), size, torch.Generator().manual_seed(8))
    with torch.no_grad():
        hidden = model.vision_model(
            normalized(pictures), interpolate_pos_encoding=size != arguments.resolution)
        embeddings = model.visual_projection(hidden.pooler_output)
    if arguments.kind == "openai":
        save_file(to_openai(model.state_dict()), os.path.join(arguments.folder, "weights.safetensors"))
    else:  # The library itself writes the file, as it writes a user's.
        model.save_pretrained(arguments.folder)
        os.rename(os.path.join(arguments.folder, "model.safetensors"),
                  os.path.join(arguments.folder, "weights.safetensors"))
    save_file({"pictures": pictures, "embeddings": torch.nn.functional.normalize(embeddings, dim=-1)},
              os.path.join(arguments.folder, "expected.safetensors"))


if __name__ == "__main__":
    torch.set_num_threads(2)
    main()
