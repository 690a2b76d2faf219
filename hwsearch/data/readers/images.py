"""Folders of images to samples: PNG and JPEG, a folder a class, brought to one size."""

from __future__ import annotations

import io
import warnings
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from hwsearch.data.readers.arrays import MOST_BYTES, Places, samples_of
from hwsearch.data.readers.files import File, kind_of_bytes
from hwsearch.data.readers.recordings import Recordings, each, open_recordings
from hwsearch.data.samples import Samples
from hwsearch.errors import Fault, InputError
from hwsearch.study.data_section import ImagesData

_ENDINGS = (".png", ".jpg", ".jpeg")
_MOST_PIXELS = 64 << 20
_GREY, _COLOUR = {"1", "L", "LA"}, {"P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"}
_TRANSPARENT = {"LA", "PA", "RGBA"}


def read_images(data: ImagesData) -> Samples:
    """Read a folder or zip of folders of images as [N, 1 or 3, H, W] of 0 .. 255.

    Raises:
        InputError: An image is damaged, is of another size than the first (where the study gives none), or lies in no
            folder; all of them at once.
    """
    sources = {"images": data.images, "test_from": data.test_from}
    with open_recordings(data.root, sources, _ENDINGS) as recordings:
        seen: Counter[str] = Counter()
        grey, size = data.grey, data.size
        if grey is None or size is None:
            grey, size = _agreed(recordings, grey, size)
        n_bytes = len(recordings.files) * (1 if grey else 3) * size[0] * size[1]
        if n_bytes > MOST_BYTES:
            law = f"samples may take {MOST_BYTES >> 30} GiB of memory at most"
            raise InputError([Fault("data.size", law, f"{n_bytes / 2**30:.1f} GiB", "say a smaller size")])
        x = np.empty((len(recordings.files), 1 if grey else 3, *size), np.uint8)

        def pixels(file: File) -> npt.NDArray[np.uint8]:
            image = _opened(file)
            seen["transparent"] += image.mode in _TRANSPARENT or "transparency" in image.info
            return _pixels(file, image, grey, size)

        for number, values in each(recordings, pixels):
            x[number] = values
        samples = samples_of(
            x,
            recordings.labels,
            input_max=255,
            official_test=recordings.test,
            places=Places({"x": "", "y": "", "official_test": ""}, recordings.path),
        )
    said = (
        [f"{seen['transparent']} images are transparent in part: that is left out"]
        if seen["transparent"]
        else []
    )
    return replace(samples, skipped=(*recordings.skipped, *said))


def _agreed(
    recordings: Recordings, grey: bool | None, size: tuple[int, int] | None
) -> tuple[bool, tuple[int, int]]:
    """Return whether all images are grey, and the size of all of them, where the study does not say."""
    greys, sizes = [], []
    for _, header in each(recordings, _header):
        greys.append(bool(header[0]))
        sizes.append((int(header[1]), int(header[2])))
    if grey is None:
        grey = all(greys)
    if size is None:
        other = [i for i, found in enumerate(sizes) if found != sizes[0]]
        if other:
            law = f"images must have one size, that of {recordings.files[0].name}: {_sides(sizes[0])}"
            got = f"{_sides(sizes[other[0]])}, one of {len(other)} others"
            raise InputError(
                [Fault("", law, got, "say size: [rows, columns]", recordings.files[other[0]].path)]
            )
        size = sizes[0]
    return grey, size


def _header(file: File) -> npt.NDArray[np.int64]:
    """Return whether an image is grey, its rows and its columns."""
    image = _opened(file)
    return np.array([image.mode in _GREY, image.height, image.width])


def _opened(file: File) -> Any:
    """Open an image: its header is read, not its pixels."""
    from PIL import Image, UnidentifiedImageError

    content = file.read()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own bound is lower
            image = Image.open(io.BytesIO(content), formats=("PNG", "JPEG"))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        got = kind_of_bytes(content[:512]) or str(error).partition(" <")[0]
        raise _broken(file, "the file must be a PNG or JPEG", got) from None
    if image.width * image.height > _MOST_PIXELS:
        law = f"an image may have {_MOST_PIXELS >> 20} million pixels at most"
        raise _broken(file, law, f"{image.height} x {image.width}", "make it smaller")
    if image.mode not in _GREY | _COLOUR:
        raise _broken(file, "an image must have 8 bits a colour", f"mode {image.mode}", "save it with 8 bits")
    return image


def _pixels(file: File, image: Any, grey: bool, size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """Return pixels [C, H, W]; a smaller image is made of means over what each pixel covers, a larger one of lines."""
    from PIL import Image

    try:
        found = image.convert("RGBA").convert("RGB") if image.mode in ("P", "PA") else image
        found = found.convert("L" if grey else "RGB")
        if (found.height, found.width) != size:
            found = found.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    except (OSError, SyntaxError, ValueError) as error:
        raise _broken(file, "the image must be whole", str(error)) from None
    pixels = np.asarray(found, np.uint8)
    return pixels[None] if grey else pixels.transpose(2, 0, 1)


def _sides(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"


def _broken(file: File, law: str, got: str, todo: str = "save it anew, or remove it") -> InputError:
    return InputError([Fault("", law, got, todo, file.path)])
