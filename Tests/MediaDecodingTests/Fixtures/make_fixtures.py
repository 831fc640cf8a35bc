"""Makes the fixtures beside this file: pictures by Pillow, what Pillow makes of them, and a WebM clip by PyAV.

    python make_fixtures.py        (needs numpy, pillow, av)
"""
import numpy as np
from PIL import Image

rng = np.random.default_rng(7)


def picture(w, h):
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    waves = [127 + 90 * np.sin(x / (2 + c) + y / (5 - c)) + 60 * ((x // 7 + y // 5 + c) % 2) for c in range(3)]
    return Image.fromarray(np.clip(np.stack(waves, -1) + rng.normal(0, 10, (h, w, 3)), 0, 255).astype(np.uint8))


def clip_transform(image, r):
    w, h = image.size
    if w <= h:
        size = (r, int(r * h / w))
    else:
        size = (int(r * w / h), r)
    image = image.resize(size, Image.BICUBIC)
    w, h = image.size
    left, top = int(round((w - r) / 2.0)), int(round((h - r) / 2.0))
    return np.asarray(image.crop((left, top, left + r, top + r))).transpose(2, 0, 1)


for w, h, r in [(61, 43, 32), (40, 75, 48), (97, 64, 24), (24, 31, 24)]:
    image = picture(w, h)
    image.save(f"resize_{w}x{h}.png")
    clip_transform(image, r).tofile(f"resize_{w}x{h}_to_{r}.planes")

image = picture(20, 14)
image.save("photo.jpg", quality=92, subsampling=0)
image.save("photo.webp", lossless=True)
image.save("photo.bmp")
image.convert("RGBA").save("alpha.png")
image.convert("L").save("grey.png")
image.quantize(16).save("palette.png")
for name in ["photo.jpg", "photo.webp", "alpha.png", "grey.png", "palette.png"]:
    np.asarray(Image.open(name).convert("RGB")).tofile(name + ".rgb")

import av

out = av.open("clip.webm", "w")
stream = out.add_stream("libvpx", rate=6)
stream.width, stream.height, stream.pix_fmt = 32, 24, "yuv420p"
for i in range(13):
    frame = np.full((24, 32, 3), 20 * i, np.uint8)
    for packet in stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")):
        out.mux(packet)
for packet in stream.encode():
    out.mux(packet)
out.close()
