"""SGMN in PyTorch: the reference of the Swift trainer's numbers, and the peer of its speed.

Written from the equations of the model (docs/model.md, whose headings comments name), for clarity. Runs in float64 for
fixtures and in float32/bfloat16 for benchmarks.

Shapes: N pairs, L frames a clip, P tokens an image (1 + patches), D embedding, W encoder width.
"""
from __future__ import annotations

from dataclasses import dataclass, field, asdict

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass
class Config:
    # Visual encoder (ViT-B/32 of CLIP by default)
    resolution: int = 224
    patch: int = 32
    width: int = 768
    layers: int = 12
    heads: int = 12
    embed_dim: int = 512
    # Temporal motion compensation
    frames: int = 10
    tmc: bool = True
    tmc_layers: int = 2
    tmc_heads: int = 8
    tmc_first_frame_mask: bool = False      # True: the mask rule of the authors' release
    # Text filters
    text: bool = True
    text_dim: int = 512
    text_filter: str = "linear"             # linear | gated
    text_token_dim: int = 768
    text_gate_hidden: int = 128
    # GCI: graph-based cross-domain interaction
    gci: bool = True
    graph_i2i: bool = True
    graph_v2v: bool = True
    graph_cross: bool = True
    gci_heads: int = 8
    connection_ratio: float = 0.5
    # SMF: selective multi-modal fusion
    smf: bool = True
    smf_heads: int = 8
    smf_tokens: str = "patch"               # patch | frame
    hard_examples: int = 4
    fusion_hidden: int = 1024
    # Triplet loss, Objective
    margin: float = 0.2
    mining: str = "violating"                 # hardest | violating | distance
    lambda_text: float = 0.5
    alpha_text: float = 0.5
    beta_graph: float = 0.7
    beta_match: float = 0.3


def normalize(x: Tensor) -> Tensor:
    return F.normalize(x, dim=-1, eps=1e-12)


class QuickGELU(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(1.702 * x)


class Attention(nn.Module):
    """Multi-head attention, weights laid out as in torch.nn.MultiheadAttention."""

    def __init__(self, dim: int, heads: int):
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * dim, dim))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * dim))
        self.out_proj = nn.Linear(dim, dim)
        nn.init.normal_(self.in_proj_weight, std=dim ** -0.5)

    def forward(self, query: Tensor, memory: Tensor, bias: Tensor | None = None) -> Tensor:
        """query (B, Q, D), memory (B, K, D), bias broadcastable to (B, heads, Q, K) or None."""
        wq, wk, wv = self.in_proj_weight.chunk(3)
        bq, bk, bv = self.in_proj_bias.chunk(3)
        split = lambda x: x.unflatten(-1, (self.heads, -1)).transpose(-3, -2)
        q, k, v = split(F.linear(query, wq, bq)), split(F.linear(memory, wk, bk)), split(F.linear(memory, wv, bv))
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=bias)
        return self.out_proj(out.transpose(-3, -2).flatten(-2))


class MLP(nn.Module):
    def __init__(self, dim: int):
        super().__init__()
        self.c_fc = nn.Linear(dim, 4 * dim)
        self.gelu = QuickGELU()
        self.c_proj = nn.Linear(4 * dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.c_proj(self.gelu(self.c_fc(x)))


class Block(nn.Module):
    """Pre-norm residual attention block of CLIP; `memory` makes it a cross-attention block."""

    def __init__(self, dim: int, heads: int):
        super().__init__()
        self.attn = Attention(dim, heads)
        self.ln_1 = nn.LayerNorm(dim)
        self.mlp = MLP(dim)
        self.ln_2 = nn.LayerNorm(dim)

    def forward(self, x: Tensor, bias: Tensor | None = None, memory: Tensor | None = None) -> Tensor:
        h = self.ln_1(x)
        x = x + self.attn(h, h if memory is None else self.ln_1(memory), bias)
        return x + self.mlp(self.ln_2(x))


class Transformer(nn.Module):
    def __init__(self, dim: int, layers: int, heads: int):
        super().__init__()
        self.resblocks = nn.ModuleList(Block(dim, heads) for _ in range(layers))

    def forward(self, x: Tensor, bias: Tensor | None = None) -> Tensor:
        for block in self.resblocks:
            x = block(x, bias)
        return x


def key_bias(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """(B, K) validity -> additive (B, 1, 1, K): 0 where valid, -inf where padded."""
    return torch.zeros(mask.shape, dtype=dtype, device=mask.device).masked_fill(~mask, float("-inf"))[:, None, None, :]


class VisualEncoder(nn.Module):
    """2.1  CLIP ViT. Pixels (B, 3, H, W) normalised -> tokens (B, P, D); token 0 is the class token."""

    def __init__(self, c: Config):
        super().__init__()
        grid = c.resolution // c.patch
        scale = c.width ** -0.5
        self.conv1 = nn.Conv2d(3, c.width, c.patch, c.patch, bias=False)
        self.class_embedding = nn.Parameter(scale * torch.randn(c.width))
        self.positional_embedding = nn.Parameter(scale * torch.randn(grid * grid + 1, c.width))
        self.ln_pre = nn.LayerNorm(c.width)
        self.transformer = Transformer(c.width, c.layers, c.heads)
        self.ln_post = nn.LayerNorm(c.width)
        self.proj = nn.Parameter(scale * torch.randn(c.width, c.embed_dim))

    def forward(self, pixels: Tensor) -> Tensor:
        x = self.conv1(pixels).flatten(2).transpose(1, 2)
        cls = self.class_embedding.to(x.dtype).expand(x.shape[0], 1, -1)
        x = self.ln_pre(torch.cat([cls, x], dim=1) + self.positional_embedding.to(x.dtype))
        return self.ln_post(self.transformer(x)) @ self.proj.to(x.dtype)


class TemporalMotionCompensation(nn.Module):
    """2.2  Frame embeddings (N, L, D) and validity (N, L) -> motion-compensated embeddings (N, L, D)."""

    def __init__(self, c: Config):
        super().__init__()
        d = c.embed_dim
        self.first_frame_mask = c.tmc_first_frame_mask
        self.position = nn.Parameter(0.02 * torch.randn(c.frames, d))
        self.kind = nn.Parameter(0.02 * torch.randn(2, d))            # row 1: frame, row 0: difference
        self.difference = Transformer(d, 1, c.tmc_heads)
        self.norm = nn.LayerNorm(d)
        self.temporal = Transformer(d, c.tmc_layers, c.tmc_heads)

    def forward(self, v: Tensor, mask: Tensor) -> Tensor:
        n, l, d = v.shape
        if l == 1:
            x = v + self.position[:1].to(v.dtype) + self.kind[1].to(v.dtype)
            return v + self.temporal(x, key_bias(mask, v.dtype))
        delta = v[:, 1:] - v[:, :-1] + self.position[1:l].to(v.dtype)
        later = mask[:, 1:]
        # a clip with a single valid frame has no valid difference: let it attend to all, its output is unused
        attend = torch.where(later.any(1, keepdim=True), later, torch.ones_like(later))
        delta = self.difference(delta, key_bias(attend, v.dtype))
        delta = 2 * torch.sigmoid(self.norm(delta)) - 1
        frames = v + self.position[:l].to(v.dtype) + self.kind[1].to(v.dtype)
        deltas = delta + self.position[:l - 1].to(v.dtype) + self.kind[0].to(v.dtype)
        x = torch.stack([frames[:, :-1], deltas], dim=2).flatten(1, 2)      # f0 d0 f1 d1 ...
        x = torch.cat([x, frames[:, -1:]], dim=1)
        delta_mask = mask[:, :-1] if self.first_frame_mask else mask[:, :-1] & later
        m = torch.cat([torch.stack([mask[:, :-1], delta_mask], dim=2).flatten(1, 2), mask[:, -1:]], dim=1)
        return v + self.temporal(x, key_bias(m, v.dtype))[:, 0::2]


class TextFilter(nn.Module):
    """2.3  Frozen text features -> (N, D). linear: pooled (N, text_dim). gated: tokens (N, T, token_dim) as well."""

    def __init__(self, c: Config):
        super().__init__()
        self.gated = c.text_filter == "gated"
        self.linear = nn.Linear(c.text_dim, c.embed_dim)
        if self.gated:
            self.gate_1 = nn.Linear(c.text_token_dim, c.text_gate_hidden)
            self.gate_2 = nn.Linear(c.text_gate_hidden, 1)
            self.value = nn.Linear(c.text_token_dim, c.embed_dim)

    def forward(self, pooled: Tensor, tokens: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        out = self.linear(pooled)
        if self.gated:
            g = torch.sigmoid(self.gate_2(F.gelu(self.gate_1(tokens)))).squeeze(-1) * mask.to(out.dtype)
            kept = (g.unsqueeze(-1) * tokens).sum(1) / (g.sum(1, keepdim=True) + 1e-6)
            out = out + self.value(kept)
        return out


class PostNormAttention(nn.Module):
    def __init__(self, d: int, heads: int):
        super().__init__()
        self.attn = Attention(d, heads)
        self.norm = nn.LayerNorm(d)

    def forward(self, x: Tensor, memory: Tensor, graph: Tensor | None) -> Tensor:
        bias = None if graph is None else graph[None, None]
        return self.norm(x + self.attn(x[None], memory[None], bias)[0])


class FeedForward(nn.Module):
    def __init__(self, d: int, hidden: int):
        super().__init__()
        self.fc_1 = nn.Linear(d, hidden)
        self.fc_2 = nn.Linear(hidden, d)
        self.norm = nn.LayerNorm(d)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x + self.fc_2(F.relu(self.fc_1(x))))


class GraphBranch(nn.Module):
    """3.3  One domain's branch: cross-domain attention, intra-domain attention, feed-forward."""

    def __init__(self, c: Config):
        super().__init__()
        self.cross = PostNormAttention(c.embed_dim, c.gci_heads)
        self.intra = PostNormAttention(c.embed_dim, c.gci_heads)
        self.ffn = FeedForward(c.embed_dim, c.embed_dim)


class Relevance(nn.Module):
    """3.2  Sorted frame scores (…, L) -> relevance (…)."""

    def __init__(self, frames: int):
        super().__init__()
        self.fc_1 = nn.Linear(frames, frames)
        self.fc_2 = nn.Linear(frames, 1)

    def forward(self, scores: Tensor) -> Tensor:
        return self.fc_2(F.relu(self.fc_1(scores))).squeeze(-1)


def top_mask(scores: Tensor, ratio: float) -> Tensor:
    """True where a score is at least the k-th largest of its row, k = max(1, floor(ratio * columns))."""
    k = max(1, int(scores.shape[1] * ratio))
    return scores >= scores.topk(k, dim=1).values[:, -1:]


class GraphInteraction(nn.Module):
    """3  Pooled images i (N, D), clips v (N, D), frames f (N, L, D), all unit length; mask (N, L)."""

    def __init__(self, c: Config):
        super().__init__()
        self.c = c
        self.relevance_v2i = Relevance(c.frames)
        self.relevance_i2v = Relevance(c.frames)
        self.image = GraphBranch(c)
        self.video = GraphBranch(c)

    def forward(self, i: Tensor, v: Tensor, f: Tensor, mask: Tensor):
        c = self.c
        with torch.no_grad():                                           # GCI: frame-image scores
            x = F.leaky_relu(torch.einsum("ald,bd->abl", f, i), 0.1)
            valid = mask[:, None, :].expand_as(x)
            x = x.masked_fill(~valid, 0.0)
            x = x / x.norm(dim=-1, keepdim=True).clamp_min(1e-12)
            mean = x.sum(-1) / mask.sum(-1).to(x.dtype)[:, None]        # (N videos, N images)
            ranked = x.masked_fill(~valid, float("-inf")).sort(dim=-1, descending=True).values
            ranked = ranked.masked_fill(ranked == float("-inf"), 0.0)
            m_v2i, m_i2v = top_mask(mean, c.connection_ratio), top_mask(mean.T, c.connection_ratio)
            m_v2v, m_i2i = top_mask(v @ v.T, c.connection_ratio), top_mask(i @ i.T, c.connection_ratio)
        a_v2i = mean + self.relevance_v2i(ranked)                        # GCI: relevance
        a_i2v = (mean + self.relevance_i2v(ranked)).T
        distance = lambda p, q: (2 - 2 * (p @ q.T)).clamp_min(1e-6).sqrt()
        r_v2v, r_i2i = torch.exp(-distance(v, v)), torch.exp(-distance(i, i))
        graph = lambda r, m, on: r.masked_fill(~m, float("-inf")) if on else None
        g_v2i, g_i2v = graph(a_v2i, m_v2i, c.graph_cross), graph(a_i2v, m_i2v, c.graph_cross)
        g_v2v, g_i2i = graph(r_v2v, m_v2v, c.graph_v2v), graph(r_i2i, m_i2i, c.graph_i2i)
        im, vm = self.image.cross(i, v, g_i2v), self.video.cross(v, i, g_v2i)   # GCI: interaction
        ig = normalize(self.image.ffn(self.image.intra(im, im, g_i2i)))
        vg = normalize(self.video.ffn(self.video.intra(vm, vm, g_v2v)))
        h = torch.exp(-distance(v, i)).detach()                          # GCI: divergence from the embeddings
        kl = lambda r, s: (F.softmax(r, 1) * (F.log_softmax(r, 1) - F.log_softmax(s, 1))).sum(1).mean()
        return ig, vg, kl(a_v2i, h) + kl(a_i2v, h.T)


class Matcher(nn.Module):
    """4  Scores a candidate (image tokens, clip tokens) pair."""

    def __init__(self, c: Config):
        super().__init__()
        d = c.embed_dim
        tokens = (c.resolution // c.patch) ** 2 + 1 if c.smf_tokens == "patch" else 1
        if c.text:
            self.text = nn.Linear(d, d)
            self.text_norm = nn.LayerNorm(d)
            self.ffn = FeedForward(d, c.fusion_hidden)
        self.position = nn.Parameter(0.02 * torch.randn(tokens, d))
        self.self_attention = Block(d, c.smf_heads)
        self.cross_attention = Block(d, c.smf_heads)
        self.score = nn.Linear(d, 1)

    def fuse(self, tokens: Tensor, text: Tensor | None) -> Tensor:
        """4.1  tokens (N, T, D) unit length, text (N, D) unit length."""
        if text is None:
            return tokens
        return self.ffn(self.text_norm(tokens + self.text(text)[:, None]))

    def forward(self, image: Tensor, clip: Tensor, clip_mask: Tensor) -> Tensor:
        """4.3  (B, T, D), (B, S, D), (B, S) -> (B,)."""
        x = self.self_attention(image + self.position.to(image.dtype))
        x = self.cross_attention(x, key_bias(clip_mask, x.dtype), memory=clip)
        return self.score(x.mean(1)).squeeze(-1)


def sample_by_distance(s: Tensor, same: Tensor, dim: int, u: Tensor):
    """5.1  One negative per row, drawn with a probability inverse to the density of its distance on the sphere.

    s (N, N) cosines, u (N,) uniform in [0, 1) -> index (N,), drawn (N,) bool. A row with no negative nearer than 1.7 draws none.
    """
    d = (2 - 2 * s).clamp_min(0.25).sqrt()                              # never nearer than 0.5
    weight = (2 - dim) * d.log() - (dim - 3) / 2 * (1 - 0.25 * d * d).clamp_min(1e-8).log()
    weight = weight.masked_fill(same | (d >= 1.7), float("-inf"))
    drawn = torch.isfinite(weight).any(1)
    p = torch.softmax(weight.masked_fill(~drawn[:, None], 0.0), 1)
    index = (p.cumsum(1) <= u[:, None]).sum(1).clamp_max(s.shape[1] - 1)
    return index, drawn


def triplet(a: Tensor, b: Tensor, same: Tensor, margin: float, mining: str, u: Tensor | None = None) -> Tensor:
    """5.1  Bidirectional max-margin loss over unit vectors (N, D); `same` (N, N) marks equal products; u (2, N)."""
    s = a @ b.T
    positive = s.diagonal()
    if mining == "distance":
        loss = s.new_zeros(())
        for scores, mask, uniform in ((s, same, u[0]), (s.T, same.T, u[1])):
            with torch.no_grad():
                index, drawn = sample_by_distance(scores, mask, a.shape[1], uniform)
            hinge = (margin + scores.gather(1, index[:, None]).squeeze(1) - positive).clamp_min(0)
            loss = loss + (hinge * drawn).mean()
        return loss
    rows = (margin + s - positive[:, None]).clamp_min(0).masked_fill(same, 0)
    cols = (margin + s - positive[None, :]).clamp_min(0).masked_fill(same, 0)
    if mining == "hardest":
        return rows.max(1).values.mean() + cols.max(0).values.mean()
    violating = lambda x: x.sum() / (x > 0).sum().clamp_min(1)          # mean over every violating negative
    return violating(rows) + violating(cols)


class SGMN(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.c = c
        self.visual = VisualEncoder(c)
        if c.tmc:
            self.tmc = TemporalMotionCompensation(c)
        if c.text:
            self.asr = TextFilter(c)
            self.title = TextFilter(c)
        if c.gci:
            self.gci = GraphInteraction(c)
        if c.smf:
            self.smf = Matcher(c)

    def encode_image(self, pixels: Tensor) -> Tensor:
        return self.visual(pixels)

    def encode_clip(self, pixels: Tensor, mask: Tensor):
        """pixels (N, L, 3, H, W) -> frame tokens (N, L, P, D), compensated frames (N, L, D), pooled unit (N, D)."""
        n, l = pixels.shape[:2]
        tokens = self.visual(pixels.flatten(0, 1)).unflatten(0, (n, l))
        frames = tokens[:, :, 0]
        if self.c.tmc:
            frames = self.tmc(frames, mask)
        unit = normalize(frames)
        m = mask.to(unit.dtype).unsqueeze(-1)
        return tokens, unit, normalize((unit * m).sum(1) / m.sum(1))

    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """batch: clip (N,L,3,H,W), mask (N,L) bool, image (N,3,H,W), product (N,), and with text
        asr/title (N,text_dim) [+ asr_tokens/title_tokens (N,T,token_dim), asr_mask/title_mask (N,T)]."""
        c = self.c
        mask = batch["mask"]
        same = batch["product"][:, None] == batch["product"][None, :]
        image_tokens = self.encode_image(batch["image"])
        i = normalize(image_tokens[:, 0])
        clip_tokens, frames, v = self.encode_clip(batch["clip"], mask)
        u = batch.get("uniform", [None] * 5)        # (5, 2, N): visual, text, graph/graph, plain/graph, graph/plain
        loss: dict[str, Tensor] = {}
        loss["visual"] = triplet(v, i, same, c.margin, c.mining, u[0])
        total = loss["visual"]
        vt = it = None
        if c.text:
            vt = normalize(self.asr(batch["asr"], batch.get("asr_tokens"), batch.get("asr_mask")))
            it = normalize(self.title(batch["title"], batch.get("title_tokens"), batch.get("title_mask")))
            loss["text"] = triplet(vt, it, same, c.margin, c.mining, u[1])
            total = total + c.lambda_text * loss["text"]
        if c.gci:
            ig, vg, loss["divergence"] = self.gci(i, v, frames, mask)
            loss["graph"] = (triplet(vg, ig, same, c.margin, c.mining, u[2]) + triplet(v, ig, same, c.margin, c.mining, u[3])
                             + triplet(vg, i, same, c.margin, c.mining, u[4]))
            total = total + c.beta_graph * (loss["graph"] + loss["divergence"])
        if c.smf:
            loss["match"] = self.match(image_tokens, clip_tokens, frames, i, v, it, vt, mask, same)
            total = total + c.beta_match * loss["match"]
        loss["total"] = total
        return {**{f"loss.{k}": x for k, x in loss.items()}, "image": i, "clip": v, "frames": frames,
                **({"asr": vt, "title": it} if c.text else {})}

    def match(self, image_tokens, clip_tokens, frames, i, v, it, vt, mask, same) -> Tensor:
        """4  Symmetric cross-entropy over each positive and its hardest other products."""
        c, n = self.c, i.shape[0]
        with torch.no_grad():                                            # SMF: hard examples
            sim = v @ i.T + (c.alpha_text * vt @ it.T if vt is not None else 0)
            sim = sim.masked_fill(same, float("-inf"))
        if c.smf_tokens == "patch":
            it_tok, vt_tok = image_tokens, clip_tokens.flatten(1, 2)
            vmask = mask.repeat_interleave(clip_tokens.shape[2], dim=1)
        else:
            it_tok, vt_tok, vmask = image_tokens[:, :1], frames, mask
        img = self.smf.fuse(normalize(it_tok), it)
        vid = self.smf.fuse(normalize(vt_tok), vt)
        k = min(c.hard_examples, n) - 1
        here = torch.arange(n, device=i.device)

        def cross_entropy(scores: Tensor, negatives_sim: Tensor) -> Tensor:
            usable = torch.isfinite(negatives_sim)
            positive = torch.zeros(usable.shape[0], 1, dtype=torch.bool, device=usable.device)
            logits = scores.masked_fill(torch.cat([positive, ~usable], 1), float("-inf"))
            return -F.log_softmax(logits, dim=1)[:, 0].mean()

        top_i = sim.topk(k, dim=1)                                       # for each clip, hard images
        cand = torch.cat([here[:, None], top_i.indices], 1)
        s_v = self.smf(img[cand.flatten()], vid.repeat_interleave(k + 1, 0), vmask.repeat_interleave(k + 1, 0)).view(n, k + 1)
        top_v = sim.T.topk(k, dim=1)                                     # for each image, hard clips
        cand = torch.cat([here[:, None], top_v.indices], 1)
        s_i = self.smf(img.repeat_interleave(k + 1, 0), vid[cand.flatten()], vmask[cand.flatten()]).view(n, k + 1)
        return 0.5 * (cross_entropy(s_v, top_i.values) + cross_entropy(s_i, top_v.values))


CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


def pixels_from_bytes(x: Tensor, dtype: torch.dtype) -> Tensor:
    """uint8 (…, 3, H, W) RGB -> normalised."""
    mean = torch.tensor(CLIP_MEAN, dtype=torch.float64).view(3, 1, 1)
    std = torch.tensor(CLIP_STD, dtype=torch.float64).view(3, 1, 1)
    return ((x.to(torch.float64) / 255 - mean) / std).to(dtype)
