"""The reference model on batches in which some pairs have no ASR or no title (docs/model.md, "Missing texts").

The model is scripts/peers/sgmn_torch.py. What a missing text changes is written here pair by pair, over lists of the texts
that are there, so that nothing can be read of one that is not.
"""
import sys
from pathlib import Path

import torch
import torch.nn.functional as F

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "peers"))
from sgmn_torch import SGMN, normalize, sample_by_distance, triplet


def text_triplet(asr, title, same, margin, mining, u):
    """asr, title: a unit vector (D,) or None for every pair. Both directions of the triplet loss.

    An anchor has both its texts; its negatives are the texts of the other side that are there, of other products. Means
    are over the anchors there are, of `violating` over the violations.
    """
    n = len(asr)
    total = torch.zeros((), dtype=torch.get_default_dtype())
    for direction, (own, other) in enumerate(((asr, title), (title, asr))):
        anchors = [r for r in range(n) if own[r] is not None and other[r] is not None]
        hinges = []                                          # of every anchor, those of its negatives
        for r in anchors:
            negatives = [c for c in range(n) if other[c] is not None and not same[r, c]]
            cosines = [own[r] @ other[c] for c in negatives]
            if mining == "distance" and negatives:
                s = torch.stack([x.detach() for x in cosines])[None]
                dimension = own[r].shape[0]
                index, drawn = sample_by_distance(s, torch.zeros_like(s, dtype=torch.bool), dimension, u[direction][r][None])
                cosines = [cosines[index.item()]] if drawn.item() else []
            hinges.append([F.relu(margin + s - own[r] @ other[r]) for s in cosines])
        if mining == "violating":
            terms = [h for row in hinges for h in row if h > 0]
            total = total + (sum(terms) / len(terms) if terms else 0)
        elif anchors:
            largest = [max(row, key=lambda h: h.item()) for row in hinges if row]
            total = total + sum(largest) / len(anchors)
    return total


class SGMNWithMissingTexts(SGMN):
    """batch has asr_present and title_present (N,) bool besides what SGMN takes."""

    def texts(self, filter, batch, name):
        """The unit embedding of every text that is there, computed by itself; None for the others."""
        def one(key, row):
            return batch[key][row:row + 1] if key in batch else None
        return [
            normalize(filter(one(name, r), one(name + "_tokens", r), one(name + "_mask", r)))[0] if there else None
            for r, there in enumerate(batch[name + "_present"].tolist())
        ]

    def forward(self, batch):
        c, mask = self.c, batch["mask"]
        same = batch["product"][:, None] == batch["product"][None, :]
        image_tokens = self.encode_image(batch["image"])
        i = normalize(image_tokens[:, 0])
        clip_tokens, frames, v = self.encode_clip(batch["clip"], mask)
        u = batch.get("uniform", [None] * 5)
        asr, title = self.texts(self.asr, batch, "asr"), self.texts(self.title, batch, "title")
        loss = {"visual": triplet(v, i, same, c.margin, c.mining, u[0])}
        loss["text"] = text_triplet(asr, title, same, c.margin, c.mining, u[1])
        total = loss["visual"] + c.lambda_text * loss["text"]
        if c.gci:
            ig, vg, loss["divergence"] = self.gci(i, v, frames, mask)
            pairs = ((vg, ig), (v, ig), (vg, i))
            loss["graph"] = sum(triplet(a, b, same, c.margin, c.mining, u[2 + k]) for k, (a, b) in enumerate(pairs))
            total = total + c.beta_graph * (loss["graph"] + loss["divergence"])
        if c.smf:
            loss["match"] = self.match_lists(image_tokens, clip_tokens, frames, i, v, asr, title, mask, same)
            total = total + c.beta_match * loss["match"]
        loss["total"] = total
        rows = lambda texts: torch.stack([torch.zeros_like(v[0]) if t is None else t for t in texts])
        return {**{f"loss.{k}": x for k, x in loss.items()}, "image": i, "clip": v, "frames": frames,
                "asr": rows(asr), "title": rows(title)}

    def match_lists(self, image_tokens, clip_tokens, frames, i, v, asr, title, mask, same):
        """The matching loss, one candidate at a time and without the tokens of padded frames."""
        c, n = self.c, i.shape[0]

        def fuse(tokens, text):
            """Tokens (T, D): LayerNorm(x + Linear(text)), the feed-forward block; without text LayerNorm(x)."""
            x = normalize(tokens) if text is None else normalize(tokens) + self.smf.text(text)
            return self.smf.ffn(self.smf.text_norm(x))

        if c.smf_tokens == "patch":
            images = [fuse(image_tokens[r], title[r]) for r in range(n)]
            clips = [fuse(clip_tokens[r][mask[r]].flatten(0, 1), asr[r]) for r in range(n)]
        else:
            images = [fuse(image_tokens[r, :1], title[r]) for r in range(n)]
            clips = [fuse(frames[r][mask[r]], asr[r]) for r in range(n)]

        def similarity(clip, image):
            s = v[clip] @ i[image]
            both = asr[clip] is not None and title[image] is not None
            return (s + c.alpha_text * (asr[clip] @ title[image]) if both else s).item()

        def score(clip, image):
            memory = clips[clip][None]
            return self.smf(images[image][None], memory, torch.ones(memory.shape[:2], dtype=torch.bool))[0]

        terms = []
        for r in range(n):
            others = [o for o in range(n) if not same[r, o]]
            for row_score, row_similarity in ((lambda o: score(r, o), lambda o: similarity(r, o)),
                                              (lambda o: score(o, r), lambda o: similarity(o, r))):
                hardest = sorted(others, key=lambda o: -row_similarity(o))[:c.hard_examples - 1]
                logits = torch.stack([row_score(o) for o in [r] + hardest])
                terms.append(-F.log_softmax(logits, 0)[0])
        return sum(terms) / len(terms)
