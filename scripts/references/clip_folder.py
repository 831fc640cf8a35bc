"""What transformers reads of an exported folder.

    clip_folder.py FOLDER OUT

Loads FOLDER with CLIPVisionModelWithProjection.from_pretrained, in float32, and writes to OUT (safetensors) the weights it
then holds, by OpenAI's names, with `pictures` (B, 3, R, R) as bytes and `embeddings` (B, D) of unit length.
"""
import sys

import torch
import transformers
from safetensors.torch import save_file

from clip_names import to_openai
from pixels import normalized, random_pictures

folder, out = sys.argv[1:]
model, loading = transformers.CLIPVisionModelWithProjection.from_pretrained(
    folder, dtype=torch.float32, output_loading_info=True)
wrong = {kind: names for kind, names in loading.items() if names}
if wrong:
    raise SystemExit(f"loading: {wrong}")
pictures = random_pictures((3,), model.config.image_size, torch.Generator().manual_seed(4))
with torch.no_grad():
    embeddings = model.eval()(pixel_values=normalized(pictures)).image_embeds
tensors = {name: value.contiguous() for name, value in to_openai(model.state_dict()).items()}
tensors |= {"pictures": pictures, "embeddings": torch.nn.functional.normalize(embeddings, dim=-1)}
save_file(tensors, out)
