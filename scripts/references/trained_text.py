"""The text loss of a model that encodes texts itself, and its gradients, with the BERT of transformers and the reference's
filters (scripts/peers/sgmn_torch.py), in float64.

    trained_text.py INPUT.json

INPUT: `parameters` (name: shape and values), `asr` and `title` (lists of token ids, null where a text is missing),
`products`, `heads`, `filter`, `margin`. Prints `loss` and `gradients` (name: values) as JSON. Every text is encoded by
itself, so nothing can be read of another, and equal texts are encoded again.
"""
import json
import sys
from pathlib import Path

import torch
from transformers import BertConfig, BertModel

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "peers"))
from sgmn_missing_texts import text_triplet
from sgmn_torch import Config, TextFilter, normalize

IN_BLOCK = {
    "attn.out_proj": "attention.output.dense", "ln_1": "attention.output.LayerNorm", "mlp.c_fc": "intermediate.dense",
    "mlp.c_proj": "output.dense", "ln_2": "output.LayerNorm",
}


def parameters_of(bert, layers):
    """Our names to parameters of transformers; of query, key and value a list of three."""
    all = dict(bert.named_parameters())
    names = {
        "word_embedding": all["embeddings.word_embeddings.weight"],
        "position_embedding": all["embeddings.position_embeddings.weight"],
        "segment_embedding": all["embeddings.token_type_embeddings.weight"],
    }
    for kind in ("weight", "bias"):
        names["ln_embedding." + kind] = all["embeddings.LayerNorm." + kind]
        for layer in range(layers):
            ours, theirs = f"transformer.resblocks.{layer}.", f"encoder.layer.{layer}."
            names[f"{ours}attn.in_proj_{kind}"] = [
                all[f"{theirs}attention.self.{part}.{kind}"] for part in ("query", "key", "value")]
            for own, other in IN_BLOCK.items():
                names[f"{ours}{own}.{kind}"] = all[f"{theirs}{other}.{kind}"]
    return {"text_encoder." + name: parameter for name, parameter in names.items()}


def main(path):
    torch.set_default_dtype(torch.float64)
    given = json.loads(Path(path).read_text())
    values = {
        name: torch.tensor(entry["values"]).reshape(entry["shape"]) for name, entry in given["parameters"].items()}
    rows, width = values["text_encoder.word_embedding"].shape
    layers = sum(name.endswith("mlp.c_fc.bias") and name.startswith("text_encoder.") for name in values)
    bert = BertModel._from_config(
        BertConfig(
            vocab_size=rows, hidden_size=width, num_hidden_layers=layers, num_attention_heads=given["heads"],
            intermediate_size=len(values["text_encoder.transformer.resblocks.0.mlp.c_fc.bias"]),
            max_position_embeddings=len(values["text_encoder.position_embedding"]),
            type_vocab_size=len(values["text_encoder.segment_embedding"]),
            pad_token_id=None),  # else line 0 of the vocabulary would get no gradient, wherever it stands
        attn_implementation="eager").double().eval()
    places = parameters_of(bert, layers)
    with torch.no_grad():
        for name, place in places.items():
            for part, value in zip(place if isinstance(place, list) else [place], values[name].chunk(
                    3 if isinstance(place, list) else 1)):
                part.copy_(value)
    projection = values["text_encoder.projection"].requires_grad_()
    places["text_encoder.projection"] = projection
    embedding, pooled = values["asr.linear.weight"].shape
    filters = {}
    for field in ("asr", "title"):
        filters[field] = TextFilter(
            Config(embed_dim=embedding, text_dim=pooled, text_filter=given["filter"], text_token_dim=width,
                   text_gate_hidden=len(values.get(field + ".gate_1.bias", []))))
        filters[field].load_state_dict(
            {name.removeprefix(field + "."): value for name, value in values.items() if name.startswith(field + ".")})
        places |= {f"{field}.{name}": parameter for name, parameter in filters[field].named_parameters()}

    def unit(field, ids):
        if ids is None:
            return None
        tokens = bert(torch.tensor([ids])).last_hidden_state
        return normalize(filters[field](tokens[:, 0] @ projection.T, tokens, torch.ones(tokens.shape[:2])))[0]

    texts = {field: [unit(field, ids) for ids in given[field]] for field in ("asr", "title")}
    products = torch.tensor(given["products"])
    loss = text_triplet(
        texts["asr"], texts["title"], products[:, None] == products[None, :], given["margin"], "violating", None)
    loss.backward()

    def gradient(place):
        parts = place if isinstance(place, list) else [place]
        return torch.cat([(p.grad if p.grad is not None else torch.zeros_like(p)).flatten() for p in parts]).tolist()

    print(json.dumps({"loss": loss.item(), "gradients": {name: gradient(place) for name, place in places.items()}}))


main(sys.argv[1])
