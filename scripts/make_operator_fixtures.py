#!/usr/bin/env python3
"""Writes what PyTorch computes, for the tests that hold our operators, block and optimiser against it.

    python scripts/make_operator_fixtures.py

needs torch and writes three small JSON files below Tests/. Inputs are float32 numbers, so that both of our formats
start from the same ones; outputs and gradients are computed in float64. The loss of every case is the sum of its
output times `weights`; a gradient is null where the input is not trained. Infinities are the strings "inf", "-inf".
"""

import json
import math
import pathlib

import torch
import torch.nn.functional as F

ROOT = pathlib.Path(__file__).resolve().parent.parent / "Tests"


def numbers(tensor):
    return [v if math.isfinite(v) else str(v) for v in tensor.detach().double().flatten().tolist()]


def draw(*shape, low=None, high=None):
    """Normal numbers, or uniform ones in [low, high), rounded to float32."""
    x = torch.randn(shape) if low is None else torch.rand(shape) * (high - low) + low
    return x.float().double()


def record(name, compute, *inputs, constants=(), indices=None):
    """One case: inputs get gradients; constants follow them in the list and get none."""
    inputs = [x.clone().requires_grad_() for x in inputs]
    y = compute(*inputs, *constants)
    weights = draw(*y.shape)
    (y * weights).sum().backward()
    listed = [{"shape": list(x.shape), "values": numbers(x), "gradient": numbers(x.grad)} for x in inputs]
    listed += [{"shape": list(x.shape), "values": numbers(x), "gradient": None} for x in constants]
    case = {"name": name, "inputs": listed, "weights": numbers(weights)}
    case["output"] = {"shape": list(y.shape), "values": numbers(y)}
    if indices is not None:
        case["indices"] = indices
    return case


def attention(query, memory, weight, bias, out_weight, out_bias, mask, heads):
    """torch's multi-head attention, batch first; `mask` (batch or 1, queries or 1, keys) is added to the scores."""
    batch, queries, width = query.shape
    keys = memory.shape[1]
    full = mask.expand(batch, queries, keys).repeat_interleave(heads, dim=0)
    y, _ = F.multi_head_attention_forward(
        query.transpose(0, 1), memory.transpose(0, 1), memory.transpose(0, 1), width, heads, weight, bias, None, None,
        False, 0.0, out_weight, out_bias, training=True, need_weights=False, attn_mask=full)
    return y.transpose(0, 1)


def attention_cases():
    width, heads = 6, 3
    inf = float("inf")
    projections = lambda: (draw(3 * width, width) / 2, draw(3 * width), draw(width, width) / 2, draw(width))
    key_mask = torch.zeros(2, 1, 5, dtype=torch.double)
    key_mask[0, 0, 3:] = -inf
    key_mask[1, 0, 1] = -inf
    graph = draw(4, 4)
    graph[0, 2] = graph[3, 0] = graph[3, 1] = -inf
    yield record("attention_with_key_mask", lambda x, w, b, ow, ob, m: attention(x, x, w, b, ow, ob, m, heads),
                 draw(2, 5, width), *projections(), constants=[key_mask])
    yield record("attention_with_graph", lambda x, w, b, ow, ob, m: attention(x, x, w, b, ow, ob, m[None], heads),
                 draw(2, 4, width), *projections(), graph)
    cross = lambda x, m, wq, wkv, bq, bkv, ow, ob: attention(
        x, m, torch.cat([wq, wkv]), torch.cat([bq, bkv]), ow, ob, torch.zeros(1, 1, 5, dtype=torch.double), heads)
    w, b, ow, ob = projections()
    yield record("cross_attention", cross, draw(2, 3, width), draw(2, 5, width), w[:width], w[width:], b[:width],
                 b[width:], ow, ob)


def operator_cases():
    yield record("linear", F.linear, draw(2, 3, 7), draw(5, 7), draw(5))
    yield record("linear_without_bias", F.linear, draw(4, 9), draw(3, 9))
    yield record("product", torch.matmul, draw(2, 3, 5), draw(2, 5, 4))
    yield record("transposed", lambda x: x.transpose(-1, -2), draw(2, 3, 5))
    yield record("layer_norm", lambda x, g, b: F.layer_norm(x, (17,), g, b), draw(3, 2, 17), draw(17), draw(17))
    yield from attention_cases()
    for name, function in {
        "relu": F.relu, "leaky_relu": lambda x: F.leaky_relu(x, 0.2), "gelu": F.gelu, "sigmoid": torch.sigmoid,
        "quick_gelu": lambda x: x * torch.sigmoid(1.702 * x), "exp": torch.exp,
        "at_least": lambda x: x.clamp(min=0.25),
    }.items():
        yield record(name, function, 2 * draw(3, 11))
    for name, function in {"log": torch.log, "square_root": torch.sqrt, "reciprocal": torch.reciprocal}.items():
        yield record(name, function, draw(2, 9, low=0.2, high=4))
    yield record("softmax", lambda x: x.softmax(-1), 2 * draw(2, 2, 13))
    yield record("log_softmax", lambda x: x.log_softmax(-1), 2 * draw(3, 13))
    mask = (draw(3, 9) > 0.5).double()
    mask[:, 0] = 0
    yield record("masked_softmax", lambda x, m: x.masked_fill(m != 0, -math.inf).softmax(-1), draw(3, 9),
                 constants=[mask])
    yield record("top", lambda x: x.topk(4, dim=-1).values, draw(3, 10))
    yield record("sorted", lambda x: x.sort(dim=-1, descending=True, stable=True).values, draw(2, 37))
    yield record("row_maximum", lambda x: x.max(dim=-1).values, draw(2, 3, 5))
    columns = [[4, 0, 0], [1, 2, 3]]
    yield record("gather_columns", lambda x: x.gather(1, torch.tensor(columns)), draw(2, 5), indices=sum(columns, []))
    rows = [3, 0, 3, 1, 3]
    yield record("gather_rows", lambda x: F.embedding(torch.tensor(rows), x), draw(4, 3), indices=rows)
    yield record("diagonal", torch.diagonal, draw(4, 4))
    yield record("concatenate_rows", lambda a, b: torch.cat([a, b]), draw(2, 3), draw(4, 3))
    yield record("sum", torch.sum, draw(3, 5))
    yield record("mean", torch.mean, draw(3, 5))
    yield record("row_sums", lambda x: x.sum(-1), draw(2, 3, 5))
    yield record("sum_axis", lambda x: x.sum(1), draw(2, 3, 5))
    yield record("mean_axis", lambda x: x.mean(0), draw(4, 5))
    yield record("unit_rows", lambda x: F.normalize(x, dim=-1), draw(3, 7))
    yield record("adding_suffix", lambda x, b: x + b, draw(2, 3, 4), draw(3, 4))
    yield record("adding_column", lambda x, v: x + v[..., None], draw(2, 3, 4), draw(2, 3))
    yield record("scaling_rows", lambda x, v: x * v[..., None], draw(2, 3, 4), draw(2, 3))
    yield record("multiply", torch.mul, draw(3, 5), draw(3, 5))
    yield record("subtract", torch.sub, draw(3, 5), draw(3, 5))
    pixels = torch.randint(0, 256, (2, 3, 4, 4)).double()
    shift, scale = torch.tensor([0.48, 0.45, 0.40]).double(), torch.tensor([0.27, 0.26, 0.28]).double()
    embed = lambda w, x: F.conv2d((x / 255 - shift[:, None, None]) / scale[:, None, None], w, stride=2) \
        .flatten(2).transpose(1, 2).flatten(0, 1)
    case = record("patches", embed, draw(5, 3, 2, 2), constants=[pixels])
    case["mean"], case["deviation"] = numbers(shift), numbers(scale)
    yield case


def transformer_block():
    """CLIP's residual attention block, as self-attention with a mask and as cross-attention."""
    width, heads = 8, 2
    norms = torch.nn.ModuleList([torch.nn.LayerNorm(width), torch.nn.LayerNorm(width)])
    attend = torch.nn.MultiheadAttention(width, heads, batch_first=True)
    mlp = torch.nn.ModuleList([torch.nn.Linear(width, 4 * width), torch.nn.Linear(4 * width, width)])
    names = {"attn": attend, "ln_1": norms[0], "mlp.c_fc": mlp[0], "mlp.c_proj": mlp[1], "ln_2": norms[1]}
    parameters = {f"{part}.{name}": p for part, module in names.items() for name, p in module.named_parameters()}
    for module in names.values():
        module.double()
    with torch.no_grad():
        for name, p in parameters.items():
            p.copy_((draw(*p.shape) * 0.4 + (1 if name.startswith("ln") and name.endswith("weight") else 0)).float())

    def finish(x):
        hidden = mlp[0](norms[1](x))
        return x + mlp[1](hidden * torch.sigmoid(1.702 * hidden))

    mask = torch.zeros(2, 3, dtype=torch.double)
    mask[1, 2] = -math.inf

    def own(x):
        n = norms[0](x)
        return finish(x + attend(n, n, n, need_weights=False, key_padding_mask=mask)[0])

    def cross(x, memory):
        n, m = norms[0](x), norms[0](memory)
        return finish(x + attend(n, m, m, need_weights=False)[0])

    def case(name, compute, *inputs):
        for p in parameters.values():
            p.grad = None
        result = record(name, compute, *inputs)
        result["gradients"] = {name: numbers(p.grad) for name, p in parameters.items()}
        return result

    return {
        "width": width, "heads": heads, "mask": numbers(mask),
        "parameters": {name: {"shape": list(p.shape), "values": numbers(p)} for name, p in parameters.items()},
        "cases": [case("self", own, draw(2, 3, width)), case("cross", cross, draw(2, 3, width), draw(2, 4, width))],
    }


def adamw():
    """Five steps of torch.optim.AdamW over parameters of every role, with a slower visual encoder."""
    rates = [1e-3, 2e-3, 1.5e-3, 1e-3, 5e-4]
    shapes = {"visual.weight": (7, 5), "visual.bias": (7,), "table": (4, 3), "head.weight": (3, 7), "norm": (3,)}
    decayed = {"visual.weight", "head.weight"}
    values = {name: draw(*shape) for name, shape in shapes.items()}
    parameters = {name: torch.nn.Parameter(v.clone()) for name, v in values.items()}
    factor = lambda name: 0.25 if name.startswith("visual.") else 1.0
    groups = [{"params": [p], "weight_decay": 0.2 if name in decayed else 0.0} for name, p in parameters.items()]
    optimizer = torch.optim.AdamW(groups, lr=1.0, betas=(0.9, 0.98), eps=1e-6)
    steps = []
    for rate in rates:
        for group, (name, p) in zip(optimizer.param_groups, parameters.items()):
            group["lr"] = rate * factor(name)
            p.grad = draw(*p.shape)
        optimizer.step()
        steps.append({
            "rate": rate,
            "gradients": {name: numbers(p.grad) for name, p in parameters.items()},
            "values": {name: numbers(p) for name, p in parameters.items()},
        })
    moments = lambda key: {name: numbers(optimizer.state[p][key]) for name, p in parameters.items()}
    return {"values": {name: numbers(v) for name, v in values.items()}, "steps": steps,
            "first_moment": moments("exp_avg"), "second_moment": moments("exp_avg_sq")}


def write(path, content):
    path = ROOT / path
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, separators=(",", ":")).replace('{"name"', '\n{"name"').replace('{"rate"', '\n{"rate"')
    path.write_text(text + "\n")
    print(f"{path.relative_to(ROOT.parent)}: {path.stat().st_size:,} bytes")


def main():
    torch.manual_seed(7)
    write("TensorCoreTests/Fixtures/operators.json",
          {"made_with": "torch " + torch.__version__.split("+")[0], "cases": list(operator_cases())})
    write("NeuralNetworksTests/Fixtures/transformer_block.json", transformer_block())
    write("OptimizationTests/Fixtures/adamw.json", adamw())


if __name__ == "__main__":
    main()
