"""Images and labels of idx files as samples; MNIST and Fashion-MNIST are such files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hwsearch.data.idx import read_idx
from hwsearch.data.readers.arrays import Places, samples_of
from hwsearch.data.readers.files import path_below
from hwsearch.data.samples import Images, Labels, Samples
from hwsearch.errors import Fault, InputError
from hwsearch.study.data_section import IdxData


def read_idx_data(
    data: IdxData, item_shape: tuple[int, ...] | None = None, classes: int | None = None
) -> Samples:
    """Read two files, or four of which two are the official test part.

    Args:
        data: The study's section.
        item_shape: What one image must be; None: rows [C], images [H, W] or [C, H, W].
        classes: How many there must be; None: as many as labels say.

    Raises:
        InputError: A file is missing or damaged, images and labels do not go together, or a class is missing.
    """
    parts: list[tuple[Images, Labels]] = []
    faults: list[Fault] = []
    for images, labels in (("images", "labels"), ("test_images", "test_labels")):
        if getattr(data.idx, images) is None:
            continue
        try:
            parts.append(_pair(data, images, labels, item_shape, classes))
        except InputError as error:
            faults += error.faults
    if len({x.shape[1:] for x, _ in parts}) > 1:
        law = f"images of both parts must have one shape; those of {data.idx.images} have {parts[0][0].shape[1:]}"
        faults.append(Fault("data.idx.test_images", law, str(parts[1][0].shape[1:])))
    if faults:
        raise InputError(faults)
    x, y = (np.concatenate(both) for both in zip(*parts, strict=True))
    official = None if len(parts) == 1 else np.repeat([False, True], [len(labels) for _, labels in parts])
    places = Places({"y": "", "x": "", "official_test": ""}, Path(data.root or ".") / data.idx.labels)
    return samples_of(x, y, input_max=255, official_test=official, places=places)


def _pair(
    data: IdxData, images: str, labels: str, item_shape: tuple[int, ...] | None, classes: int | None
) -> tuple[Images, Labels]:
    """Return images [N, C, H, W], or rows [N, C], and labels [N] of one part."""
    found = []
    faults: list[Fault] = []
    for key, shape in ((images, item_shape), (labels, ())):
        try:
            path = path_below(data.root, getattr(data.idx, key), f"data.idx.{key}")
            found.append(read_idx(path, shape))
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)
    x, y = found
    if len(x) != len(y):
        law = f"there must be one label for each of the {len(x)} images"
        raise InputError([Fault("", law, f"{len(y)} labels", path=path)])
    if classes is not None and y.max() >= classes:
        raise InputError([Fault("", f"labels must lie in 0 .. {classes - 1}", str(y.max()), path=path)])
    if x.ndim == 1:
        raise InputError(
            [Fault(f"data.idx.{images}", "it must hold images, or rows of inputs", "single numbers")]
        )
    return (x[:, None] if x.ndim == 3 else x), y.astype(np.int64)
