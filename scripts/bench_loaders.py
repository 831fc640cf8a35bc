"""The same pairs through MosaicML Streaming (MDS with zstd) and WebDataset (JPEG in tar files), one thread each.

scripts/bench-loaders makes the shards and runs this beside `sgmn-shard bench`. By itself:

    pip install mosaicml-streaming webdataset scikit-learn pillow numpy
    python scripts/bench_loaders.py --dir D --pairs 256           make D/jpeg, D/mds and D/wds, then time
    python scripts/bench_loaders.py --dir D --keep                time what is there

D/jpeg/manifest.jsonl lists the pairs for `sgmn-shard build`. The pictures are moving crops of the two photographs
that come with scikit-learn: real texture under a free licence. A pair is ten frames and a product picture of 224×224.
A pass reads every pair, files warm in the page cache. All take turns three times, and the best of each counts.
"""

import argparse
import glob
import io
import json
import os
import shutil
import subprocess
import sys
import time
from typing import NamedTuple

import numpy as np
from PIL import Image

SIDE = 224
FRAMES = 10


def pictures(count: int, seed: int = 0):
    """`count` lists of ten frames and a product picture, each a little further over a photograph."""
    import sklearn

    folder = os.path.join(os.path.dirname(sklearn.__file__), "datasets", "images")
    photos = [Image.open(name).convert("RGB") for name in sorted(glob.glob(os.path.join(folder, "*.jpg")))]
    if not photos:
        sys.exit(f"no photographs in {folder}")
    rng = np.random.default_rng(seed)
    for _ in range(count):
        photo = photos[rng.integers(len(photos))]
        width, height = photo.size
        side = int(rng.integers(256, min(width, height)))
        x, y = int(rng.integers(0, width - side)), int(rng.integers(0, height - side))
        crops = []
        for _ in range(FRAMES + 1):
            x = int(np.clip(x + rng.integers(-12, 13), 0, width - side))
            y = int(np.clip(y + rng.integers(-12, 13), 0, height - side))
            crops.append(photo.crop((x, y, x + side, y + side)).resize((SIDE, SIDE), Image.BICUBIC))
        yield crops


def jpeg(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def make(root: str, pairs: int) -> None:
    """Writes the pairs three times: JPEG files with a manifest, MDS with zstd level 3, and a tar file."""
    import webdataset as wds
    from streaming import MDSWriter

    for name in ["jpeg", "mds", "mds-local", "wds"]:
        shutil.rmtree(f"{root}/{name}", ignore_errors=True)
    os.makedirs(f"{root}/jpeg/media")
    os.makedirs(f"{root}/wds")
    columns = {"clip": "bytes", "image": "bytes", "meta": "json"}
    writer = MDSWriter(out=f"{root}/mds", columns=columns, compression="zstd:3", hashes=["xxh64"], size_limit=1 << 26)
    with writer as mds, wds.TarWriter(f"{root}/wds/000000.tar") as tar, open(
        f"{root}/jpeg/manifest.jsonl", "w", encoding="utf-8"
    ) as manifest:
        for number, crops in enumerate(pictures(pairs)):
            data = [jpeg(crop) for crop in crops]
            names = [f"media/{number:06d}-{slot:02d}.jpg" for slot in range(FRAMES + 1)]
            for name, content in zip(names, data):
                with open(f"{root}/jpeg/{name}", "wb") as file:
                    file.write(content)
            product = number // 4
            line = {
                "clip_id": f"clip{number}", "product_id": f"p{product}", "live_id": f"live{number % 5}",
                "title": f"product {product}", "asr": f"this is product {product}",
            }
            entry = {**line, "frames": names[:FRAMES], "image": names[FRAMES], "image_id": f"image{number}"}
            manifest.write(json.dumps(entry) + "\n")
            arrays = [np.asarray(Image.open(io.BytesIO(content))) for content in data]
            mds.write({"clip": np.stack(arrays[:FRAMES]).tobytes(), "image": arrays[FRAMES].tobytes(), "meta": line})
            parts = {f"{slot:02d}.jpg": content for slot, content in enumerate(data)}
            tar.write({"__key__": f"{number:06d}", "json": json.dumps(line).encode(), **parts})


def read_mds(root: str) -> float:
    """Seconds of one pass over the MDS set; its zstd shards are decompressed as they are reached."""
    from streaming import StreamingDataset
    from streaming.base.util import clean_stale_shared_memory

    shutil.rmtree(f"{root}/mds-local", ignore_errors=True)
    clean_stale_shared_memory()
    dataset = StreamingDataset(
        remote=f"{root}/mds", local=f"{root}/mds-local", shuffle=False, batch_size=8, keep_zip=True
    )
    start = time.perf_counter()
    total = 0
    for sample in dataset:
        clip = np.frombuffer(sample["clip"], np.uint8).reshape(FRAMES, SIDE, SIDE, 3)
        total += int(clip[0, 0, 0, 0]) + len(sample["image"])
    seconds = time.perf_counter() - start
    assert total > 0
    return seconds


def read_wds(root: str) -> float:
    """Seconds of one pass over the tar file, every JPEG decoded by Pillow."""
    import webdataset as wds

    start = time.perf_counter()
    for sample in wds.WebDataset(f"{root}/wds/000000.tar", shardshuffle=False):
        for slot in range(FRAMES + 1):
            np.asarray(Image.open(io.BytesIO(sample[f"{slot:02d}.jpg"])))
    return time.perf_counter() - start


def byte_count(folder: str) -> int:
    return sum(os.path.getsize(os.path.join(path, name)) for path, _, names in os.walk(folder) for name in names)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dir", required=True, help="folder of the data")
    parser.add_argument("--pairs", type=int, default=256, help="pairs to make")
    parser.add_argument("--keep", action="store_true", help="use the data that is there")
    parser.add_argument("--make-only", action="store_true", help="make the data and do not time")
    parser.add_argument("--command", help="sgmn-shard, to be timed on D/sgmn beside the others")
    parser.add_argument("--seconds", default="1", help="how long a pass of sgmn-shard lasts")
    arguments = parser.parse_args()
    root = arguments.dir
    if not arguments.keep or not os.path.exists(f"{root}/jpeg/manifest.jsonl"):
        make(root, arguments.pairs)
    if arguments.make_only:
        return
    with open(f"{root}/jpeg/manifest.jsonl", encoding="utf-8") as manifest:
        pairs = sum(1 for _ in manifest)

    def peer(name: str, read, folder: str):
        size = byte_count(f"{root}/{folder}") / pairs
        return name, lambda: Reading(pairs / read(root), size)

    contenders = [peer("MosaicML Streaming", read_mds, "mds"), peer("WebDataset", read_wds, "wds")]
    if arguments.command:
        for name, options in OURS:
            line = [arguments.command, "bench", f"{root}/sgmn", "--seconds", arguments.seconds, *options]
            contenders.append((name, lambda line=line: ours(line)))
    best = {}
    for turn in range(3):
        for name, read in contenders:
            reading = read()
            share = f", zstd_share {reading.zstd_share:.3f}" if reading.zstd_share else ""
            print(f"turn {turn + 1}: {name}: {reading.rate:.1f} pairs/s{share}", flush=True)
            best[name] = max(best.get(name, reading), reading)
    print_table([(name, best[name]) for name, _ in contenders])


class Reading(NamedTuple):
    """Pairs a second first, so that the greater is the better."""

    rate: float
    size: float
    zstd_share: float = 0


OURS = [
    ("sgmn-shard", ["--threads", "1"]),
    ("sgmn-shard, to RGB", ["--threads", "1", "--rgb"]),
    ("sgmn-shard, 2 threads", ["--threads", "2"]),
]


def ours(command: list) -> Reading:
    """Runs `sgmn-shard bench` and reads the last line, `pairs_per_s=… bytes_per_pair=… zstd_share=… …`."""
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    fields = dict(word.split("=") for word in output.splitlines()[-1].split())
    return Reading(float(fields["pairs_per_s"]), float(fields["bytes_per_pair"]), float(fields["zstd_share"]))


def print_table(rows: list) -> None:
    """One line a loader, with how many times faster and smaller it is than each of the first two."""
    peers = rows[:2]
    print(f"\n{'':<24}{'pairs/s':>10}{'RGB MB/s':>10}{'kB a pair':>11}", end="")
    print("".join(f"{'× ' + name:>21}" for name, _ in peers) + f"{'MDS size / own':>16}{'zstd share':>12}")
    for name, reading in rows:
        megabytes = reading.rate * (FRAMES + 1) * SIDE * SIDE * 3 / 1e6
        print(f"{name:<24}{reading.rate:>10.1f}{megabytes:>10.0f}{reading.size / 1e3:>11.0f}", end="")
        print("".join(f"{reading.rate / peer.rate:>21.2f}" for _, peer in peers), end="")
        print(f"{peers[0][1].size / reading.size:>16.2f}", end="")
        print(f"{reading.zstd_share:>12.3f}" if reading.zstd_share else f"{'':>12}")


if __name__ == "__main__":
    main()
