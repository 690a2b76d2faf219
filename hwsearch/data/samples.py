"""Labelled samples: as a reader gives them (`Samples`), and split, as whole numbers, as networks read them (`Dataset`).

Not for reading files (`readers`), nor for how samples are split and encoded (`datasets` has the flow).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from hwsearch.graph.graph import Input

if TYPE_CHECKING:
    from hwsearch.data.encode.encoding import Encoding

Images = npt.NDArray[np.uint8]
Values = npt.NDArray[np.uint8] | npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
Binning = Literal["sum", "mean"]


@dataclass(frozen=True, eq=False)
class Samples:
    """All samples of a data set, in the order of its files, as a reader gives them.

    Attributes:
        x: Still images [N, C, H, W] or sequences [N, T0, C, H, W]: whole numbers 0 .. ``input_max`` (uint8), or what
            was measured (float32, finite), of which an encoder makes whole numbers.
        y: Classes 0 .. ``classes`` - 1: [N], or for a label a frame [N, T0].
        input_max: Largest whole number that an input can take; None: ``x`` are measured values.
        classes: Number of classes.
        class_names: Of each class, as its files call it; empty: their numbers.
        binning: Whether frames are counts, which add up to fewer timesteps, or values, of which the mean is taken.
        official_test: [N] booleans: the samples of an official test part; None: there is none.
        groups: [N] numbers of what belongs together (a speaker, a run, a machine) and is kept on one side of a split;
            None: samples are on their own.
        group_names: Of each group, by its number.
        spans: Where windows were cut from: [N, 3], recording, first frame, frame behind the last; None: no windows.
        channel_names: Of each channel of ``x``, as a table's columns are called; empty: their numbers.
        skipped: What was left out and why, a sentence each, with its place.
    """

    x: Values
    y: Labels
    input_max: int | None
    classes: int
    class_names: tuple[str, ...] = ()
    binning: Binning = "sum"
    official_test: npt.NDArray[np.bool_] | None = None
    groups: npt.NDArray[np.int64] | None = None
    group_names: tuple[str, ...] = ()
    spans: npt.NDArray[np.int64] | None = None
    channel_names: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


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
        class_names: Of each class; empty: their numbers.
        groups: [N_train], [N_val], [N_test] numbers of what belongs together (groups, equal samples, windows that
            overlap) and ``resplit`` keeps whole; None: every sample stands alone.
        ordered: Whether parts follow one another in time, so that no others may be drawn.
        encoding: What made these whole numbers of what the reader gave.
        notes: What a reader of the results must know of the data.
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
    class_names: tuple[str, ...] = ()
    groups: tuple[Labels, Labels, Labels] | None = None
    ordered: bool = False
    encoding: Encoding | None = None
    notes: tuple[str, ...] = ()

    @property
    def input(self) -> Input:
        """What a network of these data reads."""
        return Input(self.input_shape, self.input_max, self.input_bits, self.frames, self.binning)

    @property
    def labels_each_frame(self) -> bool:
        """Whether there is a label for every frame instead of one for every sample."""
        return self.y_train.ndim == 2
