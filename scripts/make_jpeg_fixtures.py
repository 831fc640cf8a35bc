#!/usr/bin/env python3
"""Writes JPEG files and what the Python world makes of them, for the tests that hold our decoder and resize against it.

    python scripts/make_jpeg_fixtures.py

needs numpy, Pillow and libturbojpeg, and writes into Tests/MediaDecodingTests/Fixtures/jpeg. For every NAME.jpg:

NAME.R.rgb  [3, R, R]: Pillow's picture, its short side made R by Pillow's bicubic, the centre square of it.
NAME.R.yuv  luma [R, R] and colour [ceil(R/2), ceil(R/2)] twice. For 4:2:0 and grey files luma is Pillow's resize of
            the file's luma, and colour is resized from the file's colour planes in NumPy; where Pillow's resize of a
            fractional box can say the same, both are compared. For all others it is NAME.R.rgb by libjpeg's
            formulas, colour from the mean of 2x2 pixels.
"""

import ctypes
import ctypes.util
import pathlib

import numpy as np
from PIL import Image

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests/MediaDecodingTests/Fixtures/jpeg"

# name, width, height, resolutions, what Pillow is told when it writes the file
CASES = [
    ("landscape", 97, 64, [48], dict(subsampling=2)),
    ("portrait", 61, 83, [40], dict(subsampling=2)),
    ("square", 48, 48, [48, 33], dict(subsampling=2)),
    ("tall", 48, 70, [48], dict(subsampling=2)),  # an odd start of the crop: colour lies half a sample off
    ("small", 30, 41, [56], dict(subsampling=2)),
    ("wide", 150, 50, [33], dict(subsampling=2)),
    ("tiny", 5, 7, [12], dict(subsampling=2)),
    ("progressive", 64, 90, [32], dict(subsampling=2, progressive=True)),
    ("restarts", 64, 50, [32], dict(subsampling=2, restart_marker_blocks=3)),
    ("full", 50, 37, [32], dict(subsampling=0)),
    ("half", 51, 38, [32], dict(subsampling=1)),
    ("grey", 53, 41, [32], dict(mode="L")),
    ("ink", 40, 33, [32], dict(mode="CMYK")),
]


def picture(width, height, rng):
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = [127 + 70 * np.sin(x / (5 + 2 * c) + y / (9 - 2 * c)) + 25 * ((x // 9 + y // 7 + c) % 2) for c in range(3)]
    noise = rng.normal(0, 6, (height, width, 3))
    return Image.fromarray(np.clip(np.stack(waves, -1) + noise, 0, 255).astype(np.uint8))


def geometry(width, height, resolution):
    """The size after torchvision's Resize, and the left and top of its CenterCrop."""
    if width <= height:
        size = (resolution, int(resolution * height / width))
    else:
        size = (int(resolution * width / height), resolution)
    return size, [int(round((side - resolution) / 2.0)) for side in size]


def square(image, resolution):
    size, (left, top) = geometry(*image.size, resolution)
    resized = image.resize(size, Image.BICUBIC)
    return np.asarray(resized.crop((left, top, left + resolution, top + resolution)))


def keys_cubic(x):
    x = np.abs(x)
    near = ((1.5 * x - 2.5) * x) * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x < 1, near, np.where(x < 2, far, 0))


def resample(samples, scale, first, count):
    """Rows of `samples` at the positions (first + i + 1/2) * scale, antialiased, rounded to bytes."""
    stretch = max(scale, 1.0)
    centres = (first + np.arange(count) + 0.5) * scale
    places = np.arange(len(samples)) + 0.5
    weights = keys_cubic((places[None, :] - centres[:, None]) / stretch)
    weights /= weights.sum(1, keepdims=True)
    return np.clip(np.floor(weights @ samples.astype(np.float64) + 0.5), 0, 255).astype(np.uint8)


def colour(plane, width, height, resolution):
    """The square of a 4:2:0 colour plane of a picture: output j is centred between luma 2j and 2j + 1 of the square."""
    size, (left, top) = geometry(width, height, resolution)
    count = (resolution + 1) // 2
    across, down = width / size[0], height / size[1]
    turned = resample(np.ascontiguousarray(plane.T), across, left / 2, count).T
    ours = resample(np.ascontiguousarray(turned), down, top / 2, count)
    box = (left / 2 * across, top / 2 * down, (left / 2 + count) * across, (top / 2 + count) * down)
    if box[2] <= plane.shape[1] and box[3] <= plane.shape[0]:
        pillow = np.asarray(Image.fromarray(plane).resize((count, count), Image.BICUBIC, box=box))
        difference = np.abs(pillow.astype(int) - ours)
        assert difference.max() <= 1, (width, height, resolution, difference.max())
    return ours


def file_planes(path, width, height):
    """Both colour planes of a 4:2:0 file as libjpeg-turbo decodes them."""
    turbo = ctypes.CDLL(ctypes.util.find_library("turbojpeg"))
    turbo.tjInitDecompress.restype = ctypes.c_void_p
    handle = ctypes.c_void_p(turbo.tjInitDecompress())
    data = path.read_bytes()
    shapes = [((height + 1) // 2 * 2, (width + 1) // 2 * 2)] + 2 * [((height + 1) // 2, (width + 1) // 2)]
    planes = [np.zeros(shape, np.uint8) for shape in shapes]
    pointers = (ctypes.c_void_p * 3)(*[plane.ctypes.data for plane in planes])
    accurate = 4096
    status = turbo.tjDecompressToYUVPlanes(handle, data, ctypes.c_ulong(len(data)), pointers, 0, None, 0, accurate)
    assert status == 0, path
    turbo.tjDestroy(handle)
    return planes[1:]


def libjpeg_yuv(rgb):
    """libjpeg's formulas: luma of every pixel, colour of the rounded mean of 2x2, edges repeated."""
    r, g, b = rgb.astype(np.int64)
    luma = (19595 * r + 38470 * g + 7471 * b + 32768) >> 16
    even = [np.pad(c, [(0, c.shape[0] % 2), (0, c.shape[1] % 2)], mode="edge") for c in (r, g, b)]
    r, g, b = [(c[::2, ::2] + c[::2, 1::2] + c[1::2, ::2] + c[1::2, 1::2] + 2) >> 2 for c in even]
    blue = (-11059 * r - 21709 * g + 32768 * b + (128 << 16) + 32767) >> 16
    red = (32768 * r - 27439 * g - 5329 * b + (128 << 16) + 32767) >> 16
    return [luma, blue, red]


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(3)
    for name, width, height, resolutions, options in CASES:
        options = dict(options)
        mode = options.pop("mode", "RGB")
        path = FOLDER / f"{name}.jpg"
        picture(width, height, rng).convert(mode).save(path, quality=90, **options)
        for resolution in resolutions:
            rgb = square(Image.open(path).convert("RGB"), resolution).transpose(2, 0, 1)
            (FOLDER / f"{name}.{resolution}.rgb").write_bytes(rgb.tobytes())
            if mode == "L":
                half = (resolution + 1) // 2
                planes = [square(Image.open(path), resolution)] + 2 * [np.full((half, half), 128)]
            elif options.get("subsampling") == 2:
                stored = Image.open(path)
                stored.draft("YCbCr", stored.size)
                assert stored.mode == "YCbCr"
                planes = [square(stored.getchannel("Y"), resolution)]
                planes += [colour(plane, width, height, resolution) for plane in file_planes(path, width, height)]
            else:
                planes = libjpeg_yuv(rgb)
            data = b"".join(np.ascontiguousarray(plane).astype(np.uint8).tobytes() for plane in planes)
            (FOLDER / f"{name}.{resolution}.yuv").write_bytes(data)


if __name__ == "__main__":
    main()
