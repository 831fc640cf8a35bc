#!/usr/bin/env python3
"""A text encoder of random weights in the layout of Hugging Face, and what transformers computes with it.

    text_encoder.py FOLDER KIND SIZE

KIND: `chinese-clip` (the whole model, with a small vision tower), or `bert`. SIZE: `small` or `base` (RoBERTa-wwm-Base).
Writes model.safetensors, config.json, vocab.txt, texts.json, and expected.safetensors: `pooled` [texts, E], `lengths`
[texts], `tokens` [sum of lengths, W].
"""

import json
import os
import sys

import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertModel, BertTokenizer, ChineseCLIPConfig, ChineseCLIPModel

TEXTS = [
    "红色连衣裙",
    "直播间专属优惠,只要¥99!姐妹们看一下这件衣服,真的非常显瘦",
    "A",
    "Résumé of a T-shirt (M/L/XL) - 纯棉 100%",
    "[MASK] 夏季[SEP]新款 👗 " + "é" * 120,
    "".join(chr(0x4E00 + 7 * n % 90) for n in range(80)),
    "连衣裙 连衣裙 连衣裙",
    "ΣΊΣΥΦΟΣ привет İstanbul",
]
LIMIT = 52


def vocabulary(rows):
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = [chr(c) for c in range(0x61, 0x7B)] + [chr(c) for c in range(0x21, 0x41)]
    for text in ["".join(TEXTS).lower(), letters] + ([map(chr, range(0x4E00, 0x9FA6))] if rows > 1000 else []):
        for character in text:
            if len(pieces) + 2 <= rows and not character.isspace() and character not in pieces[-200:]:
                pieces += [character] + (["##" + character] if character.isalnum() and ord(character) < 0x3000 else [])
    pieces = list(dict.fromkeys(pieces))
    return pieces + [f"[unused{n}]" for n in range(rows - len(pieces))]


def randomize(model):
    """Larger numbers than a fresh model has, so that a mistake shows."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if "LayerNorm.weight" in name:
                parameter.copy_(1 + 0.1 * noise)
            else:
                parameter.copy_(noise * (0.05 if parameter.dim() > 1 else 0.1))


def main():
    folder, kind, size = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    sizes = dict(vocab_size=21128) if size == "base" else dict(
        vocab_size=300, hidden_size=16, num_hidden_layers=2, num_attention_heads=4, intermediate_size=24,
        max_position_embeddings=64)
    if kind == "chinese-clip":
        vision = dict(hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1, image_size=8,
                      patch_size=8)
        model = ChineseCLIPModel._from_config(
            ChineseCLIPConfig(
                text_config=sizes, vision_config=vision, projection_dim=512 if size == "base" else 12),
            attn_implementation="eager")
    else:
        model = BertModel._from_config(BertConfig(**sizes), attn_implementation="eager")
    model.eval()
    randomize(model)
    model.save_pretrained(folder)
    with open(os.path.join(folder, "vocab.txt"), "w", encoding="utf-8") as file:
        file.write("".join(piece + "\n" for piece in vocabulary(sizes["vocab_size"])))
    with open(os.path.join(folder, "texts.json"), "w", encoding="utf-8") as file:
        json.dump(TEXTS, file)

    tokenizer = BertTokenizer.from_pretrained(folder)
    batch = tokenizer(TEXTS, padding=True, truncation=True, max_length=LIMIT, return_tensors="pt")
    lengths = batch["attention_mask"].sum(1)
    with torch.inference_mode():
        if kind == "chinese-clip":
            output = model.get_text_features(**batch)
            pooled = output.pooler_output
        else:
            output = model(**batch)
            pooled = output.last_hidden_state[:, 0]
    tokens = output.last_hidden_state[batch["attention_mask"].bool()]
    save_file(
        dict(pooled=pooled.contiguous(), tokens=tokens.contiguous(), lengths=lengths.float()),
        os.path.join(folder, "expected.safetensors"))


main()
