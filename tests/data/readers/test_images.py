"""Folders of images: grey, colour, sizes; damaged ones are named, all at once."""

import re
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders.recordings import in_folders, png

from hwsearch.data.readers.images import read_images
from hwsearch.data.samples import Samples
from hwsearch.errors import InputError
from hwsearch.study.data_section import ImagesData

GREY = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
COLOUR = np.stack([GREY, GREY + 1, GREY + 2], 2)


def read(root: Path, **keys: Any) -> Samples:
    return read_images(ImagesData(images="p", root=str(root), **keys))


def test_grey_and_colour(tmp_path: Path) -> None:
    in_folders(tmp_path / "p", ".png", {"cat": [png(GREY)] * 3, "dog": [png(255 - GREY)] * 3})
    samples = read(tmp_path)
    assert samples.x.shape == (6, 1, 3, 4)
    assert np.array_equal(samples.x[0, 0], GREY)
    assert (samples.class_names, samples.input_max) == (("cat", "dog"), 255)
    assert read(tmp_path, grey=False).x.shape == (6, 3, 3, 4)
    (tmp_path / "p" / "cat" / "0.png").write_bytes(png(COLOUR))
    mixed = read(tmp_path)
    assert mixed.x.shape == (6, 3, 3, 4)
    assert np.array_equal(mixed.x[0].transpose(1, 2, 0), COLOUR)
    assert read(tmp_path, grey=True).x.shape == (6, 1, 3, 4)


def test_sizes_and_jpeg(tmp_path: Path) -> None:
    blocks = np.repeat(np.repeat(np.array([[0, 200], [100, 50]], np.uint8), 8, 0), 8, 1)
    in_folders(tmp_path / "p", ".jpg", {"a": [png(blocks, "JPEG")] * 3, "b": [png(GREY, "JPEG")] * 3})
    samples = read(tmp_path, size=[4, 4])
    assert samples.x.shape == (6, 1, 4, 4)
    assert np.abs(samples.x[0, 0, ::3, ::3].astype(int) - [[0, 200], [100, 50]]).max() <= 3


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    see_through = np.dstack([COLOUR, np.full_like(GREY, 128)])
    in_folders(tmp_path / "p", ".png", {"a": [png(see_through)] * 3, "b": [png(COLOUR)] * 3})
    (tmp_path / "p" / "notes.txt").write_text("")
    assert read(tmp_path).skipped == (
        "p: 1 files do not end in .jpeg or .jpg or .png: notes.txt",
        "3 images are transparent in part: that is left out",
    )


def test_a_second_folder_is_the_test_part(tmp_path: Path) -> None:
    in_folders(tmp_path / "p", ".png", {"a": [png(GREY)] * 2, "b": [png(GREY)] * 2})
    in_folders(tmp_path / "t", ".png", {"a": [png(GREY)], "b": [png(GREY)]})
    samples = read(tmp_path, test_from="t")
    assert samples.official_test is not None
    assert samples.official_test.tolist() == [False] * 4 + [True] * 2


def header(width: int, height: int) -> bytes:
    """Return a PNG that is all promise."""
    ihdr = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + ihdr
        + struct.pack(">II", zlib.crc32(ihdr), 8)
        + b"IDAT"
    )


BROKEN = [
    (
        png(GREY.T),
        {},
        r"p/a/0\.png: images must have one size, that of|p/b/0\.png: images must have one size",
    ),
    (png(GREY)[:-30], {"size": [3, 4], "grey": True}, r"p/b/0\.png: the image must be whole; got"),
    (b"<html>", {}, r"p/b/0\.png: the file must be a PNG or JPEG; got a web page"),
    (b"", {}, r"p/b/0\.png: the file must be a PNG or JPEG; got an empty file"),
    (b"GIF89a" + bytes(20), {}, r"p/b/0\.png: the file must be a PNG or JPEG"),
    (
        header(60_000, 60_000),
        {},
        r"p/b/0\.png: an image may have 64 million pixels at most|must be a PNG or JPEG",
    ),
    (
        header(10_000, 10_000),
        {},
        r"p/b/0\.png: an image may have 64 million pixels at most; got 10000 x 10000",
    ),
    (header(9000, 8000), {}, r"p/b/0\.png: an image may have 64 million pixels at most; got 8000 x 9000"),
]


@pytest.mark.parametrize(("content", "keys", "words"), BROKEN)
def test_what_breaks_a_law_is_named(tmp_path: Path, content: bytes, keys: dict[str, Any], words: str) -> None:
    in_folders(tmp_path / "p", ".png", {"a": [png(GREY)] * 3, "b": [content, png(GREY), png(GREY)]})
    with pytest.raises(InputError) as caught:
        read(tmp_path, **keys)
    assert re.search(words, str(caught.value)), str(caught.value)


def test_all_damaged_images_are_named(tmp_path: Path) -> None:
    in_folders(tmp_path / "p", ".png", {"a": [b"", png(GREY)], "b": [b"x", png(GREY)]})
    with pytest.raises(InputError) as caught:
        read(tmp_path, size=4, grey=True)
    assert [fault.path for fault in caught.value.faults] == [tmp_path / "p/a/0.png", tmp_path / "p/b/0.png"]


def test_16_bits_are_refused(tmp_path: Path) -> None:
    in_folders(tmp_path / "p", ".png", {"a": [png(GREY)]})
    from PIL import Image

    Image.fromarray(GREY.astype(np.uint16) * 256).save(tmp_path / "p" / "a" / "1.png")
    with pytest.raises(InputError, match=r"1\.png: an image must have 8 bits a colour; got mode I;16"):
        read(tmp_path)
