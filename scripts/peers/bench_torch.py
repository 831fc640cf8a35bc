"""The peer to beat: the same model trained with PyTorch DistributedDataParallel, on random data already in memory.

    torchrun --nproc-per-node 2 bench_torch.py --pairs 4 --steps 6 [--dtype bf16] [--threads 1] [--device cuda] [--compile]
    torchrun --nproc-per-node 2 bench_torch.py --encode-only …     images and clips to embeddings, without gradients

Prints pairs per second over all processes (median step), the peak resident memory of a process, and model FLOP/s.
"""
import argparse, os, resource, statistics, time

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from sgmn_torch import Config, SGMN, normalize


def main() -> None:
    ap = argparse.ArgumentParser()
    ap.add_argument("--pairs", type=int, default=4, help="pairs per process per step")
    ap.add_argument("--steps", type=int, default=6)
    ap.add_argument("--warmup", type=int, default=1)
    ap.add_argument("--dtype", choices=("fp32", "bf16"), default="fp32")
    ap.add_argument("--threads", type=int, default=1)
    ap.add_argument("--device", default="cpu")
    ap.add_argument("--compile", action="store_true")
    ap.add_argument("--smf", choices=("patch", "frame", "off"), default="patch")
    ap.add_argument("--layers", type=int, default=12)
    ap.add_argument("--encode-only", action="store_true")
    a = ap.parse_args()
    torch.set_num_threads(a.threads)
    cuda = a.device == "cuda"
    dist.init_process_group("nccl" if cuda else "gloo")
    world, rank = dist.get_world_size(), dist.get_rank()
    device = torch.device("cuda", rank) if cuda else torch.device("cpu")
    torch.manual_seed(0)
    c = Config(layers=a.layers, smf=a.smf != "off", smf_tokens="patch" if a.smf == "off" else a.smf)
    model = SGMN(c).to(device)
    step_model = torch.compile(model) if a.compile else model
    ddp = DistributedDataParallel(step_model, device_ids=[rank] if cuda else None, find_unused_parameters=True)
    optimizer = torch.optim.AdamW(ddp.parameters(), lr=1e-5, fused=cuda or None)
    torch.manual_seed(1 + rank)
    n, r = a.pairs, c.resolution
    batch = dict(clip=torch.randn(n, c.frames, 3, r, r), image=torch.randn(n, 3, r, r),
                 mask=torch.ones(n, c.frames, dtype=torch.bool), product=torch.arange(n),
                 asr=torch.randn(n, c.text_dim), title=torch.randn(n, c.text_dim))
    batch = {k: v.to(device) for k, v in batch.items()}
    vit = 2 * 12 * c.width ** 2 * 50 * c.layers + 2 * 2 * 50 * 50 * c.width * c.layers + 2 * 49 * 3072 * c.width
    if a.encode_only:
        return encode(a, c, model, batch, vit, device)
    times = []
    for step in range(a.warmup + a.steps):
        dist.barrier()
        start = time.perf_counter()
        with torch.autocast(device.type, torch.bfloat16, enabled=a.dtype == "bf16"):
            loss = ddp(batch)["loss.total"]
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        if cuda:
            torch.cuda.synchronize()
        if step >= a.warmup:
            times.append(time.perf_counter() - start)
    if rank == 0:
        t = statistics.median(times)
        flops = 3 * vit * n * (c.frames + 1)
        peak = peak_gib(cuda)
        print(f"pairs_per_s={n * world / t:.4f} step_s={t:.4f} encoder_gflops_per_process={flops / t / 1e9:.1f} "
              f"peak_gib={peak:.2f} world={world} pairs={n} dtype={a.dtype} smf={a.smf} compile={a.compile} loss={loss.item():.4f}")
    dist.destroy_process_group()


def encode(a, c: Config, model: SGMN, batch: dict, vit: int, device: torch.device) -> None:
    """What an evaluation computes of a batch: unit embeddings of images and clips."""
    cuda = device.type == "cuda"
    world, rank, n = dist.get_world_size(), dist.get_rank(), a.pairs
    model.eval()
    times = []
    for step in range(a.warmup + a.steps):
        dist.barrier()
        start = time.perf_counter()
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=a.dtype == "bf16"):
            images = normalize(model.encode_image(batch["image"])[:, 0])
            clips = model.encode_clip(batch["clip"], batch["mask"])[2]
        if cuda:
            torch.cuda.synchronize()
        if step >= a.warmup:
            times.append(time.perf_counter() - start)
    assert torch.isfinite(images).all() and torch.isfinite(clips).all()
    if rank == 0:
        t = statistics.median(times)
        print(f"clips_per_s={n * world / t:.4f} step_s={t:.4f} encoder_gflops_per_process={vit * n * (c.frames + 1) / t / 1e9:.1f} "
              f"peak_gib={peak_gib(cuda):.2f} world={world} pairs={n} dtype={a.dtype}")
    dist.destroy_process_group()


def peak_gib(cuda: bool) -> float:
    return torch.cuda.max_memory_allocated() / 2 ** 30 if cuda else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2 ** 20


if __name__ == "__main__":
    main()
