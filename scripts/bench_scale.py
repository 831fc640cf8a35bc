"""Step time against batch and ranks, and the efficiency that follows on more ranks (docs/scaling.md); see
scripts/bench-scale."""
import argparse
import datetime
import os
import sys

from benchlib import (Failed, allreduce_seconds, exposed_seconds, fit_through_origin, line_with, linear_fit, processor,
                      run, table, write_blocks)

BUCKET_BYTES = 4 << 20


def measured(a, ranks, pairs, *arguments, steps=None, layers=None):
    steps = steps or a.steps
    out, _ = run(["mpirun", "-n", str(ranks), os.path.join(a.bin, "sgmn-train"), "bench", "--pairs", str(pairs),
                  "--steps", str(steps), "--warmup", "1", "--dtype", a.dtype,
                  "--layers", str(a.layers if layers is None else layers), *arguments])
    line = line_with(out, "pairs_per_s")
    print(f"{ranks} rank(s) × {pairs} pairs {' '.join(arguments)}: {line['step_s']:.3f} s a step", flush=True)
    return line


def global_cost(a):
    """Seconds of the graph and its losses for N pairs as b·N + c·N²: with less without, on tiny pictures."""
    small = ["--smf", "off"] + [word for key in (
        "resolution=32", "patch=32", "width=64", "heads=1", "text=false") for word in ("--set", f"model.{key}")]
    sizes = [32, 64, 128] if not a.quick else [8, 16, 32]
    extra = []
    for pairs in sizes:
        with_graph = measured(a, 1, pairs, *small, steps=3, layers=0)
        without = measured(a, 1, pairs, *small, "--set", "model.gci=false", steps=3, layers=0)
        # The optimiser's step over the graph's parameters is no part of it, and does not grow with the pairs.
        extra.append(with_graph["step_s"] - without["step_s"])
    base = extra[0]
    b, c = fit_through_origin([size - sizes[0] for size in sizes[1:]], [seconds - base for seconds in extra[1:]])
    # From powers of N − N₀ to those of N: b(N − N₀) + c(N − N₀)² has the slope b − 2cN₀ at N⁰ … N¹.
    return max(0.0, b - 2 * c * sizes[0]), max(0.0, c)


def bucket_count(parameters):
    """Buckets are cut of the float32 gradients, whatever the format in which they travel."""
    return max(1, -(-4 * parameters // BUCKET_BYTES))


def link_bytes(parameters, wire, machines, per_machine):
    """Bytes of one step that cross a machine's link, each way (docs/scaling.md)."""
    share = (machines - 1) / machines
    if wire == "float32":  # a ring in which neighbours are on one machine
        return 2 * share * 4 * parameters
    # Every rank sends its slices to all ranks elsewhere; the sums come back around a ring.
    return (per_machine + 1) * share * 2 * parameters


def predictions(a, compute, backward, parameters, local_bandwidth, graph):
    """Rows of the table: link, ranks, machines, seconds of the sum, efficiency without overlap, with it, and with all
    negatives."""
    rows = []
    buckets = bucket_count(parameters)
    byte_count = parameters * (2 if a.wire == "bf16" else 4)
    for gigabits in a.bandwidth_gbit:
        for ranks in a.predict:
            per_machine = min(a.ranks_per_machine, ranks)
            machines = -(-ranks // per_machine)
            local = 2 * (per_machine - 1) / per_machine * byte_count / local_bandwidth
            seconds = allreduce_seconds(link_bytes(parameters, a.wire, machines, per_machine), machines,
                                        gigabits * 1e9 / 8, a.latency_us * 1e-6, buckets, local)
            left = exposed_seconds(seconds, backward, buckets)
            n, all_pairs = a.pairs, a.pairs * ranks
            b, c = graph
            more = b * (all_pairs - n) + c * (all_pairs ** 2 - n ** 2)
            gathered = 4 * a.embedding_floats * all_pairs
            more += (ranks - 1) * a.latency_us * 1e-6 + gathered / (gigabits * 1e9 / 8)
            rows.append([f"{gigabits:g} Gbit/s", ranks, machines, f"{seconds:.2f}",
                         percent(compute / (compute + seconds)), percent(compute / (compute + left)),
                         percent(compute / (compute + left + more))])
    return rows


def percent(share):
    return f"{100 * share:.1f} %" if share >= 0.001 else "< 0.1 %"


def main():
    ap = argparse.ArgumentParser(prog="bench-scale", description=__doc__)
    ap.add_argument("--quick", action="store_true", help="a model of one layer: whether it all works")
    ap.add_argument("--dtype", choices=("fp32", "bf16"), default="bf16")
    ap.add_argument("--batches", type=int, nargs="+", default=[1, 2, 4, 8], help="pairs of a step on one rank")
    ap.add_argument("--ranks", type=int, nargs="+", default=[1, 2, 4], help="on this machine, --pairs each")
    ap.add_argument("--pairs", type=int, default=4)
    ap.add_argument("--steps", type=int, default=2)
    ap.add_argument("--layers", type=int, default=12)
    ap.add_argument("--predict", type=int, nargs="+", default=[8, 64, 512])
    ap.add_argument("--bandwidth-gbit", type=float, nargs="+", default=[25, 100, 400], help="of a machine's link")
    ap.add_argument("--latency-us", type=float, default=5, help="of a message over it")
    ap.add_argument("--ranks-per-machine", type=int, default=8)
    ap.add_argument("--wire", choices=("float32", "bf16"), default="float32")
    ap.add_argument("--embedding-floats", type=int, default=(2 + 10 + 2) * 512,
                    help="of a pair: image, clip, frames and texts, which negatives: global sends to all")
    ap.add_argument("--docs", help="file whose tables are rewritten (default: docs/scaling.md, none with --quick)")
    ap.add_argument("--bin", default=os.environ.get("SGMN_BIN", ".build/release"))
    a = ap.parse_args()
    if a.quick:
        a.layers, a.steps, a.batches, a.ranks, a.pairs = 1, 1, [1, 2], [1, 2], 1
    elif a.docs is None:
        a.docs = "docs/scaling.md"
    try:
        blocks = measure(a)
        if a.docs:
            write_blocks(a.docs, blocks)
            print(f"tables of {a.docs} rewritten")
    except Failed as failure:
        sys.exit(f"bench-scale: {failure}")


def measure(a):
    blocks = {}
    lines = [measured(a, 1, pairs) for pairs in a.batches]
    start, slope, r2 = linear_fit(a.batches, [line["step_s"] for line in lines])
    fit = f"step = {start:.3f} s + {slope:.3f} s · pairs, R² = {r2:.4f}"
    rows = [[pairs, f"{line['step_s']:.3f}", f"{start + slope * pairs:.3f}", f"{line['pairs_per_s']:.2f}"]
            for pairs, line in zip(a.batches, lines)]
    blocks["scale-batch"] = table(["pairs", "step, s", "fit, s", "pairs/s"], rows) + f"\n\n{fit}"

    cores = len(os.sched_getaffinity(0))
    of_ranks = [measured(a, ranks, a.pairs, "--overlap", "off", "--wire", a.wire) for ranks in a.ranks]
    rows = [[ranks, f"{line['step_s']:.3f}", f"{line['pairs_per_s']:.2f}", f"{line['exchange_s']:.3f}",
             "" if ranks <= cores else f"oversubscribed: {ranks} ranks on {cores} cores"]
            for ranks, line in zip(a.ranks, of_ranks)]
    blocks["scale-ranks"] = table(["ranks", "step, s", "pairs/s", "sums waited for, s", ""], rows)

    # What follows: compute of a step without the sums, and the rate at which ranks of one machine sum.
    chosen = max((line for ranks, line in zip(a.ranks, of_ranks) if ranks <= cores), key=lambda line: line["world"])
    compute = chosen["step_s"] - chosen["communication_s"]
    backward = min(chosen["backward_s"], compute)
    parameters = int(chosen["parameters"])
    byte_count = parameters * (2 if a.wire == "bf16" else 4)
    count = int(chosen["world"])
    local = (2 * (count - 1) / count * byte_count / max(chosen["exchange_s"], 1e-6)) if count > 1 else 10e9
    graph = global_cost(a)
    rows = predictions(a, compute, backward, parameters, local, graph)
    note = (f"{datetime.date.today()}, {processor()}, {a.dtype}, {a.pairs} pairs a rank. "
            f"Measured: {compute:.3f} s of compute ({backward:.3f} s of it backward), "
            f"{byte_count / 1e6:.0f} MB of gradients in {a.wire}, "
            f"{local / 1e9:.1f} GB/s between ranks of a machine, "
            f"graph {1e3 * graph[0]:.3f} ms · N + {1e6 * graph[1]:.2f} µs · N². Assumed: "
            f"{a.ranks_per_machine} ranks a machine, each with a core as fast as here, latency {a.latency_us:g} µs.")
    blocks["scale-prediction"] = note + "\n\n" + table(
        ["link of a machine", "ranks", "machines", "sum, s", "efficiency, no overlap", "efficiency, overlap",
         "with negatives: global"], rows)
    for name in blocks:
        print(f"\n{blocks[name]}")
    return blocks


if __name__ == "__main__":
    main()
