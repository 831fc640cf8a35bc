"""CLIP's parameters under the names of OpenAI and of Hugging Face, and random weights that no error hides behind."""
import torch


def randomize(model: torch.nn.Module, seed: int) -> None:
    """Every parameter counts: biases and norms are no zeros and ones, and matrices keep the size of what they multiply."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            is_norm = any(part in name for part in ("norm", "ln_", "layrnorm")) and name.endswith("weight")
            if is_norm:
                parameter.copy_(1 + 0.1 * noise)
            elif parameter.dim() < 2:
                parameter.copy_(0.1 * noise)
            elif "embedding" in name and "patch" not in name:
                parameter.copy_(0.3 * noise)
            else:
                parameter.copy_(noise * parameter[0].numel() ** -0.5)


def openai_name(name: str) -> str:
    """The OpenAI name of a tensor of Hugging Face whose values it has unchanged."""
    for old, new in [
        ("vision_model.encoder.layers.", "visual.transformer.resblocks."),
        ("text_model.encoder.layers.", "transformer.resblocks."),
        ("vision_model.embeddings.patch_embedding.weight", "visual.conv1.weight"),
        ("vision_model.embeddings.class_embedding", "visual.class_embedding"),
        ("vision_model.embeddings.position_embedding.weight", "visual.positional_embedding"),
        ("vision_model.pre_layrnorm", "visual.ln_pre"), ("vision_model.post_layernorm", "visual.ln_post"),
        ("text_model.embeddings.token_embedding.weight", "token_embedding.weight"),
        ("text_model.embeddings.position_embedding.weight", "positional_embedding"),
        ("text_model.final_layer_norm", "ln_final"),
        (".self_attn.out_proj", ".attn.out_proj"), (".layer_norm1", ".ln_1"), (".layer_norm2", ".ln_2"),
        (".mlp.fc1", ".mlp.c_fc"), (".mlp.fc2", ".mlp.c_proj"),
    ]:
        name = name.replace(old, new)
    return name


def to_openai(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    result = {}
    for name, value in tensors.items():
        if ".self_attn.q_proj." in name:
            packed = [tensors[name.replace("q_proj", f"{kind}_proj")] for kind in "qkv"]
            start, kind = name.split(".self_attn.q_proj.")
            result[f"{openai_name(start + '.')}attn.in_proj_{kind}"] = torch.cat(packed)
        elif ".self_attn.k_proj." in name or ".self_attn.v_proj." in name:
            continue
        elif name == "visual_projection.weight":
            result["visual.proj"] = value.T.contiguous()
        elif name == "text_projection.weight":
            result["text_projection"] = value.T.contiguous()
        else:
            result[openai_name(name)] = value
    return result
