"""Data sets by name: read, split, requantise.

Digits come with scikit-learn; MNIST and Fashion-MNIST are read from idx.gz files below a folder of data sets.
A new data set is one loader in ``LOADERS``. Not for encoding inputs as spikes, nor for timesteps (`frames`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from hwsearch.data.idx import read_idx
from hwsearch.data.split import sample_classes, stratified_take
from hwsearch.errors import Fault, InputError, did_you_mean
from hwsearch.graph.graph import Input
from hwsearch.study.sections import Data

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]
Binning = Literal["sum", "mean"]


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set, split.

    Attributes:
        name: Its name.
        x_train: Still images [N_train, C, H, W], or sequences [N_train, T0, C, H, W], in 0 .. input_max; likewise
            ``x_val`` and ``x_test``.
        y_train: A label a sample [N_train], or a frame [N_train, T0], in 0 .. classes - 1; likewise ``y_val`` and
            ``y_test``.
        x_val: See ``x_train``.
        y_val: See ``y_train``.
        x_test: See ``x_train``.
        y_test: See ``y_train``.
        input_max: Largest value that an input can take.
        input_bits: Bits of one input value.
        classes: Number of classes.
        input_shape: [C, H, W].
        frames: T0 of sequences; None: still images.
        binning: How frames become fewer timesteps: their sum (counts) or their mean (values).
    """

    name: str
    x_train: Images
    y_train: Labels
    x_val: Images
    y_val: Labels
    x_test: Images
    y_test: Labels
    input_max: int
    input_bits: int
    classes: int
    input_shape: tuple[int, int, int]
    frames: int | None = None
    binning: Binning = "sum"

    @property
    def input(self) -> Input:
        """What a network of these data reads."""
        return Input(self.input_shape, self.input_max, self.input_bits, self.frames, self.binning)

    @property
    def labels_each_frame(self) -> bool:
        """Whether there is a label for every frame instead of one for every sample."""
        return self.y_train.ndim == 2


@dataclass(frozen=True, eq=False)
class Samples:
    """A data set as its loader gives it.

    Attributes:
        x: Still images [N, C, H, W] or sequences [N, T0, C, H, W]: all, or the official training samples.
        y: [N], or for a label a frame [N, T0].
        test: Official test samples, x and y; None: there are none.
        input_max: Largest value that an input can take.
        classes: Number of classes.
        binning: Whether frames are counts, which add up to fewer timesteps, or values, of which the mean is taken.
    """

    x: Images
    y: Labels
    test: tuple[Images, Labels] | None
    input_max: int
    classes: int
    binning: Binning = "sum"


Loader = Callable[[Path | None], Samples]


def find_root(study_root: str | None, option_root: Path | None, environ: Mapping[str, str]) -> Path | None:
    """Return the folder of data sets: the study's, else the option's, else ``HWSEARCH_DATA``, else None."""
    for root in (study_root, option_root, environ.get("HWSEARCH_DATA")):
        if root:
            return Path(root)
    return None


def load_dataset(data: Data, root: Path | None = None) -> Dataset:
    """Read the data set of a study and split it.

    The test samples are drawn first (where there is no official test set), then ``train_size`` of the rest,
    then the validation samples of those; each draw has its own stream of ``split_seed``.

    Args:
        data: The study's section.
        root: Folder of data sets, of ``--data-root`` or ``HWSEARCH_DATA``; ``data.root`` goes before it.

    Raises:
        InputError: The name is unknown, the folder or a file is missing or damaged, ``train_size`` is larger
            than the data, or a class is missing in a part.
    """
    loader = LOADERS.get(data.name)
    if loader is None:
        todo = did_you_mean(data.name, LOADERS, "data sets")
        raise InputError([Fault("data.name", "the data set must be a known one", repr(data.name), todo)])
    samples = loader(find_root(data.root, root, {}))
    parts = _split(data, samples)
    _check_classes(parts, samples.classes)
    input_max = samples.input_max if data.input_bits is None else 2**data.input_bits - 1
    (x_train, y_train), (x_val, y_val), (x_test, y_test) = (
        (requantise(x, samples.input_max, input_max), y) for x, y in parts.values()
    )
    channels, height, width = x_train.shape[-3:]
    return Dataset(
        name=data.name,
        x_train=x_train,
        y_train=y_train,
        x_val=x_val,
        y_val=y_val,
        x_test=x_test,
        y_test=y_test,
        input_max=input_max,
        input_bits=input_max.bit_length(),
        classes=samples.classes,
        input_shape=(channels, height, width),
        frames=x_train.shape[1] if x_train.ndim == 5 else None,
        binning=samples.binning,
    )


def resplit(data: Dataset, seed: int) -> Dataset:
    """Return the data with training and validation samples drawn anew from both together; test stays.

    Args:
        data: A split data set.
        seed: Of the draw.
    """
    x, y = np.concatenate([data.x_train, data.x_val]), np.concatenate([data.y_train, data.y_val])
    val, train = stratified_take(sample_classes(y), len(data.y_val), np.random.default_rng((seed, 3)))
    return replace(data, x_train=x[train], y_train=y[train], x_val=x[val], y_val=y[val])


def requantise(x: Images, old_max: int, new_max: int) -> Images:
    """Return floor(x * new_max / old_max + 1/2), in integers; same shape."""
    if new_max == old_max:
        return x
    values = np.arange(old_max + 1)
    table = ((2 * values * new_max + old_max) // (2 * old_max)).astype(np.uint8)
    return table[x]


def _split(data: Data, samples: Samples) -> dict[str, tuple[Images, Labels]]:
    """Return x and y of the training, validation and test part, in this order."""
    x, y, test, validation = samples.x, samples.y, samples.test, data.validation
    if test is None:
        held_out, rest = stratified_take(sample_classes(y), _share(data.test, len(y)), _rng(data, 0))
        test, x, y = (x[held_out], y[held_out]), x[rest], y[rest]
        validation /= (
            1 - data.test
        )  # the study gives a share of all samples, and these are those without the test
    if data.train_size is not None:
        if data.train_size > len(y):
            law = f"train_size may be {len(y)} at most, the training samples of {data.name}"
            raise InputError([Fault("data.train_size", law, str(data.train_size))])
        taken, _ = stratified_take(sample_classes(y), data.train_size, _rng(data, 1))
        x, y = x[taken], y[taken]
    val, train = stratified_take(sample_classes(y), _share(validation, len(y)), _rng(data, 2))
    return {"training": (x[train], y[train]), "validation": (x[val], y[val]), "test": test}


def _share(fraction: float, n: int) -> int:
    return int(fraction * n + 0.5)


def _rng(data: Data, stream: int) -> np.random.Generator:
    return np.random.default_rng((data.split_seed, stream))


def _check_classes(parts: Mapping[str, tuple[Images, Labels]], classes: int) -> None:
    """Refuse a split in which a part lacks a class."""
    faults = []
    for name, (_, y) in parts.items():
        empty = np.flatnonzero(np.bincount(y.ravel(), minlength=classes) == 0)
        if len(empty):
            got = f"none of class {', '.join(map(str, empty))} in the {name} part of {len(y)}"
            todo = "change train_size, validation or test"
            faults.append(Fault("data", "each part of the data must have samples of every class", got, todo))
    if faults:
        raise InputError(faults)


def _digits(root: Path | None) -> Samples:
    """Load scikit-learn's bundled digits, 8 x 8 in 0 .. 16; they need no folder."""
    from sklearn.datasets import load_digits  # takes a second to import

    bunch = load_digits()
    x = np.ascontiguousarray(bunch.images[:, None].astype(np.uint8))
    return Samples(x, bunch.target.astype(np.int64), None, input_max=16, classes=10)


def _idx_images(root: Path | None, folder: str) -> Samples:
    """Load a data set of 28 x 28 images in MNIST's four files."""
    if root is None:
        law = f"a folder that holds {folder}/ must be named"
        todo = "set data.root in the study, --data-root on the command line, or HWSEARCH_DATA"
        raise InputError([Fault("data.root", law, "none of the three places", todo)])
    if not (root / folder).is_dir():
        law = f"the folder of data sets must hold {folder}/"
        todo = "correct data.root, --data-root or HWSEARCH_DATA"
        raise InputError([Fault("data.root", law, str(root), todo)])
    train, test = (_idx_pair(root / folder, part) for part in ("train", "t10k"))
    return Samples(*train, test, input_max=255, classes=10)


def _idx_pair(folder: Path, part: str) -> tuple[Images, Labels]:
    """Read images [N, 1, 28, 28] and labels [N] of one part."""
    x = read_idx(folder / f"{part}-images-idx3-ubyte.gz", (28, 28))
    path = folder / f"{part}-labels-idx1-ubyte.gz"
    y = read_idx(path)
    if len(x) != len(y):
        law = f"there must be one label for each of the {len(x)} images"
        raise InputError([Fault("", law, f"{len(y)} labels", path=path)])
    if y.max() > 9:
        raise InputError([Fault("", "labels must lie in 0 .. 9", str(y.max()), path=path)])
    return x[:, None], y.astype(np.int64)


LOADERS: dict[str, Loader] = {
    "digits": _digits,
    "mnist": partial(_idx_images, folder="mnist"),
    "fashion-mnist": partial(_idx_images, folder="fashion-mnist"),
}
