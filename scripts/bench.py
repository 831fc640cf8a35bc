"""Training beside PyTorch, in turns in the same minutes; see scripts/bench."""
import argparse
import datetime
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

from benchlib import Failed, line_with, median_of, processor, run, table, write_blocks

# How a format is called by the flag --dtype, and by configurations and tables.
FORMATS = {"fp32": "float32", "bf16": "bf16"}
# Rounds, and timed steps of each after one or two that warm up: what twenty minutes on two cores has room for.
PLAN = {"training": (3, 3), "encoding": (3, 1), "encoder": (3, 1), "exchange": (1, 2), "data": (2, 2)}


class Benchmark:
    def __init__(self, a):
        self.a = a
        self.layers = ["--layers", str(a.layers)]
        self.steps = []
        self.summary = ""
        self.started = time.monotonic()

    def block(self, name):
        """The table of a block, and the line that says how it was measured."""
        rounds, steps = (given or planned for given, planned in zip((self.a.rounds, self.a.steps), PLAN[name]))
        self.steps = ["--steps", str(steps), "--warmup", "1"]
        start, columns = getattr(self, name)(rounds, steps)
        columns = {FORMATS[dtype]: column for dtype, column in columns.items()}
        return side_by_side(start, columns) + "\n\n" + how_measured(name, rounds, steps, self.a.exchange_pairs)

    def say(self, text):
        print(f"[{time.monotonic() - self.started:5.0f} s] {text}", flush=True)

    def ours(self, ranks, *arguments, field="pairs_per_s"):
        out, err = run(["mpirun", "-n", str(ranks), os.path.join(self.a.bin, "sgmn-train"), "bench", *self.steps,
                        *self.layers, *arguments])
        self.note_summary(err)
        line = line_with(out, field)
        asked = arguments[arguments.index("--dtype") + 1]
        if line["dtype"] != asked:
            raise Failed(f"sgmn-train computed in {line['dtype']} where {asked} was asked for")
        self.say(f"ours, {ranks} rank(s) {' '.join(arguments)}: {field}={line[field]}")
        return line

    def note_summary(self, log):
        self.summary = next((line.split("rank(s); ", 1)[1] for line in log.splitlines() if "rank(s); " in line),
                            self.summary)

    def peer(self, ranks, *arguments, field="pairs_per_s"):
        here = os.path.dirname(os.path.abspath(__file__))
        out, _ = run([self.a.python, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(ranks),
                      os.path.join(here, "peers", "bench_torch.py"), *self.steps, *self.layers, *arguments],
                     {"OMP_NUM_THREADS": "1"})
        line = line_with(out, field)
        self.say(f"PyTorch, {ranks} process(es) {' '.join(arguments)}: {field}={line[field]}")
        return line

    @functools.cached_property
    def formats(self):
        """Those that this machine has instructions for: sgmn-train computes in float32 instead of bf16 without them."""
        out, err = run([os.path.join(self.a.bin, "sgmn-train"), "bench", "--dtype", "bf16", "--encode-only",
                        "--layers", "0", "--pairs", "1", "--steps", "1", "--warmup", "0"])
        self.note_summary(err)
        has_bf16 = line_with(out, "clips_per_s")["dtype"] == "bf16"
        return [dtype for dtype in FORMATS if dtype != "bf16" or has_bf16]

    # Every method gives what heads the first column, and the rows of every format.

    def training(self, rounds, steps):
        columns = {}
        for dtype in self.formats:
            peers, pairs_of_ranks, threads = [], [], []
            for _ in range(rounds):
                peers.append(self.peer(2, "--pairs", "4", "--dtype", dtype))
                pairs_of_ranks.append(self.ours(2, "--pairs", "4", "--dtype", dtype))
                threads.append(self.ours(1, "--pairs", "8", "--threads", "2", "--dtype", dtype))
            columns[dtype] = training_column(peers, pairs_of_ranks, threads)
        return "", columns

    def encoding(self, rounds, steps):
        columns = {}
        for dtype in self.formats:
            peers, own = [], []
            for _ in range(rounds):
                peers.append(self.peer(2, "--pairs", "4", "--dtype", dtype, "--encode-only", field="clips_per_s"))
                own.append(self.ours(2, "--pairs", "4", "--dtype", dtype, "--encode-only", field="clips_per_s"))
            theirs, ours = median_of(peers, "clips_per_s"), median_of(own, "clips_per_s")
            columns[dtype] = [("PyTorch, clips/s", f"{theirs:.2f}"), ("SGMN Trainer, clips/s", f"{ours:.2f}"),
                              ("**against PyTorch**", f"**{ours / theirs:.2f}**")]
        return "", columns

    def encoder(self, rounds, steps):
        columns = {}
        for dtype in self.formats:
            lines = [self.ours(2, "--pairs", "4", "--dtype", dtype, "--encoder", field="encoder_gflops")
                     for _ in range(rounds)]
            columns[dtype] = [
                ("visual encoder, GFLOP/s a core", f"{median_of(lines, 'encoder_gflops'):.0f}"),
                ("its bare products, GFLOP/s a core", f"{median_of(lines, 'products_gflops'):.0f}"),
                ("**share**", f"**{100 * median_of(lines, 'share'):.0f} %**")]
        return "", columns

    def exchange(self, rounds, steps):
        pairs = self.a.exchange_pairs
        columns = {dtype: exchange_column([self.ours(2, "--pairs", str(pairs), "--dtype", dtype)
                                           for _ in range(rounds)]) for dtype in self.formats}
        return f"2 ranks × {pairs} pairs", columns

    def data(self, rounds, steps):
        """A run from shards: drawn clips of ten frames, built at 224²."""
        folder = tempfile.mkdtemp(prefix="sgmn-bench-")
        shard = os.path.join(self.a.bin, "sgmn-shard")
        try:
            run([shard, "demo", "--out", f"{folder}/world", "--train-lives", "2", "--test-lives", "0",
                 "--train-products", "20", "--train-clips", "2", "--frames", "10", "--side", "256"])
            run([shard, "build", "--manifest", f"{folder}/world/train.jsonl", "--out", f"{folder}/shards",
                 "--resolution", "224", "--frames", "10"])
            columns = {}
            for dtype in self.formats:
                runs = []
                for number in range(rounds):
                    out = f"{folder}/run-{dtype}-{number}"
                    run(["mpirun", "-n", "2", os.path.join(self.a.bin, "sgmn-train"), "--shards", f"{folder}/shards",
                         "--out", out, "--threads", "1", "--overlap", "off", "--precision", FORMATS[dtype],
                         "--set", "data.global_batch=8", "--set", f"schedule.steps={2 + steps}",
                         "--set", f"model.layers={self.a.layers}", "--set", "safety.compare_ranks_every=0"])
                    with open(f"{out}/metrics.jsonl", encoding="utf-8") as file:
                        runs.append(waiting([json.loads(line) for line in file]))
                    shutil.rmtree(out)  # its checkpoint has more than a gigabyte
                    self.say(f"run from shards, {dtype}: {runs[-1]}")
                columns[dtype] = data_column(runs)
            return "2 ranks × 4 pairs, shards of 224²", columns
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def machine(self):
        python = "import torch; print(torch.__version__)"
        torch, _ = run([self.a.python, "-c", python])
        return machine_text(self.summary, torch.strip())


def training_column(peers, ranks, threads):
    """The rows of one format, of the lines of all rounds."""
    theirs, ours, shared = (median_of(lines, "pairs_per_s") for lines in (peers, ranks, threads))
    memory, peer_memory = median_of(ranks, "peak_gib"), median_of(peers, "peak_gib")
    return [("PyTorch, 2 processes × 1 thread, pairs/s", f"{theirs:.2f}"),
            ("SGMN Trainer, 2 ranks × 1 thread, pairs/s", f"{ours:.2f}"),
            ("**against PyTorch**", f"**{ours / theirs:.2f}**"),
            ("SGMN Trainer, 1 rank × 2 threads, pairs/s", f"{shared:.2f}"),
            ("1 × 2 against 2 × 1", f"{shared / ours:.2f}"),
            ("PyTorch, peak memory of a process, GiB", f"{peer_memory:.2f}"),
            ("SGMN Trainer, peak memory of a rank, GiB", f"{memory:.2f}"),
            ("**memory against PyTorch**", f"**{memory / peer_memory:.2f}**")]


def exchange_column(lines):
    step = median_of(lines, "step_s")
    waited, with_others = median_of(lines, "exchange_s"), median_of(lines, "communication_s")
    return [("step, s", f"{step:.2f}"),
            ("sums that the step waits for, s", f"{waited:.3f}"),
            ("**share**", f"**{100 * waited / step:.1f} %**"),
            ("with waiting for the slower rank", f"{100 * with_others / step:.1f} %"),
            ("peak memory of a rank, GiB", f"{median_of(lines, 'peak_gib'):.2f}")]


def waiting(metrics):
    """Of the lines of a metrics.jsonl but the first two steps: means over the rest."""
    steps = [line for line in metrics if "step_seconds" in line][2:]
    if not steps:
        raise Failed("the run from shards has no steps to look at")
    total, waited = (sum(line[key] for line in steps) for key in ("step_seconds", "data_wait_seconds"))
    return {"step_s": total / len(steps), "wait_s": waited / len(steps), "share": waited / total}


def data_column(runs):
    return [("step, s", f"{median_of(runs, 'step_s'):.2f}"),
            ("waiting for data, ms a step", f"{1000 * median_of(runs, 'wait_s'):.1f}"),
            ("**share**", f"**{100 * median_of(runs, 'share'):.2f} %**")]


def side_by_side(start, columns):
    """One row a figure, one column a format; a format that the machine does not have is said to be missing."""
    names = [name for name, _ in next(iter(columns.values()))]
    cell = lambda name, form: dict(columns[form])[name] if form in columns else "no bf16 instructions here"
    return table([start, *FORMATS.values()], [[name] + [cell(name, form) for form in FORMATS.values()]
                                              for name in names])


def how_measured(name, rounds, steps, exchange_pairs):
    """The line below a table: date, medians of what, and by which commands."""
    ours = "mpirun -n 2 sgmn-train bench --dtype fp32|bf16 --pairs "
    peer = "torchrun --standalone --nproc-per-node 2 scripts/peers/bench_torch.py --dtype fp32|bf16 --pairs "
    commands = {
        "training": [ours + "4", "mpirun -n 1 sgmn-train bench --dtype fp32|bf16 --pairs 8 --threads 2", peer + "4"],
        "encoding": [ours + "4 --encode-only", peer + "4 --encode-only"],
        "encoder": [ours + "4 --encoder"],
        "exchange": [ours + str(exchange_pairs)],
        "data": ["mpirun -n 2 sgmn-train --shards … --precision float32|bf16 --threads 1 --overlap off "
                 "--set data.global_batch=8"],
    }[name]
    what = "medians of the runs' means" if name == "data" else "medians of the runs' medians"
    return (f"{datetime.date.today()}, `scripts/bench --only {name}`, {rounds} run(s) of {steps} timed step(s): "
            f"{what}. Commands:\n\n" + "\n".join(f"- `{command}`" for command in commands))


def with_machine(blocks, text):
    """Where all blocks were measured their machine is named once, else with each: the others may be from elsewhere."""
    if set(blocks) == set(PLAN):
        return {**blocks, "machine": text}
    return {name: f"{block}\n\n{text}" for name, block in blocks.items()}


def machine_text(summary, torch):
    """What was measured on what, in one line."""
    def version(package):
        found = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True)
        return found.stdout or "unknown"
    libraries = ", ".join(f"{name} {version(package)}" for name, package in (
        ("OpenBLAS", "libopenblas0-pthread"), ("oneDNN", "libdnnl-dev"), ("Open MPI", "openmpi-bin")))
    worker = summary.rsplit(", ", 1)[0]  # without the number of threads, which differs from row to row
    return (f"{datetime.date.today()}: {processor()}; {worker}; {libraries}; PyTorch {torch}. "
            "Peer and trainer in turns.")


def main():
    names = list(PLAN)
    ap = argparse.ArgumentParser(prog="bench", description=__doc__)
    ap.add_argument("--quick", action="store_true", help="one round of a model of one layer: whether it all works")
    ap.add_argument("--rounds", type=int, help="of every block (default: 3; exchange 1, data 2)")
    ap.add_argument("--steps", type=int, help="timed steps of a round (default: training 3; exchange, data 2; else 1)")
    ap.add_argument("--layers", type=int, default=12)
    ap.add_argument("--exchange-pairs", type=int, default=16)
    ap.add_argument("--only", nargs="+", choices=names, default=names)
    ap.add_argument("--docs", help="file whose tables are rewritten (default: docs/benchmarks.md, none with --quick)")
    ap.add_argument("--bin", default=os.environ.get("SGMN_BIN", ".build/release"))
    ap.add_argument("--python", default=sys.executable, help="a Python with torch and numpy")
    a = ap.parse_args()
    if a.quick:
        a.rounds, a.steps, a.layers, a.exchange_pairs = 1, 1, 1, 2
    elif a.docs is None:
        a.docs = "docs/benchmarks.md"
    benchmark = Benchmark(a)
    blocks = {}
    try:
        for name in a.only:
            blocks[name] = benchmark.block(name)
            print(f"\n{blocks[name]}\n", flush=True)
        blocks = with_machine(blocks, benchmark.machine())
        print(blocks.get("machine", ""))
        if a.docs:
            write_blocks(a.docs, blocks)
            print(f"tables of {a.docs} rewritten")
    except Failed as failure:
        sys.exit(f"bench: {failure}")


if __name__ == "__main__":
    main()
