"""Arrays to ``Samples``: what every reader ends in, and what Python calls with arrays of its own.

Not for splits (`parts`), what leaks through them (`leaks`) or encoders: values stay whole numbers, or as measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hwsearch.data.samples import Binning, Labels, Samples, Values
from hwsearch.errors import Fault, InputError

AXES: Mapping[str, tuple[int, ...]] = {
    "NC": (0, 1, -1, -1),
    "NTC": (0, 1, 2, -1, -1),
    "NCL": (0, 1, 2, -1),
    "NCHW": (0, 1, 2, 3),
    "NTCHW": (0, 1, 2, 3, 4),
}
"""Which axis of an array is which of [N, (T0,) C, H, W]; -1: a new one of 1. NCL is a still of L rows."""
_OF_DIMENSIONS = {2: "NC", 4: "NCHW", 5: "NTCHW"}
MOST_BYTES = 4 << 30
"""Samples stay in memory for the whole search; what is larger is refused before it is read."""


@dataclass(frozen=True)
class Places:
    """Where faults of arrays lie: arguments of a call, or keys of a study and their file.

    Attributes:
        of: What an argument of ``samples_of`` is called, if not by its name: an array or a column of the file, or a
            key of the study (``data.axes``).
        path: The file.
    """

    of: Mapping[str, str] = field(default_factory=dict)
    path: Path | None = None

    def fault(self, argument: str, law: str, got: str = "", todo: str = "") -> Fault:
        """Return a fault at an argument."""
        where = self.of.get(argument, argument)
        # a key of a study gets the study's file and line later, so the file's name goes into what was found
        if self.path is not None and where.startswith("data."):
            return Fault(where, law, f"{got} in {self.path.name}", todo)
        return Fault(where, law, got, todo, self.path)


def samples_of(
    x: Any,
    y: Any,
    *,
    axes: str | None = None,
    groups: Any = None,
    official_test: Any = None,
    input_max: int | None = None,
    binning: Binning | None = None,
    channel_names: Sequence[str] = (),
    places: Places | None = None,
) -> Samples:
    """Return arrays as samples, or every fault of them.

    Args:
        x: [N, C], [N, C, H, W] or [N, T0, C, H, W]; of three axes, ``axes`` says which. Whole numbers 0 .. 255 stay as
            they are; others, and fractions, are measured values (float32).
        y: [N], or for a label a frame [N, T0]: classes 0 .. K - 1, or text, of which each is a class.
        axes: One of ``AXES``; None: by the number of axes.
        groups: [N] whole numbers or text: what is kept on one side of a split; None: nothing.
        official_test: [N] booleans; None: no official test part.
        input_max: Largest whole number that an input can take; None: the largest there is.
        binning: Whether frames are counts or values; None: counts, where ``x`` are whole numbers.
        channel_names: Of each channel.
        places: Where faults lie; None: at the arguments.

    Raises:
        InputError: Shapes, numbers, classes or groups break a law; all faults at once.
    """
    at = places or Places()
    faults: list[Fault] = []
    values, given_max = _values(x, axes, input_max, at, faults)
    n = None if values is None else len(values)
    frames = None if values is None or values.ndim == 4 else values.shape[1]
    labels, names = _classes(y, n, frames, at, faults)
    numbers, group_names = _groups(groups, n, at, faults)
    test = _test(official_test, n, at, faults)
    if labels is not None:
        faults += _scarce(labels, names, test, at)
    if faults or values is None or labels is None:
        raise InputError(faults)
    counts = "mean" if given_max is None else "sum"
    return Samples(
        values,
        labels,
        given_max,
        classes=len(names),
        class_names=tuple(names) if np.asarray(y).dtype.kind not in "iufb" else (),
        binning=binning or counts,  # type: ignore[arg-type]
        official_test=test,
        groups=numbers,
        group_names=group_names,
        channel_names=tuple(channel_names),
    )


def _values(
    x: Any, axes: str | None, input_max: int | None, at: Places, faults: list[Fault]
) -> tuple[Values | None, int | None]:
    """Return x as [N, (T0,) C, H, W] and the largest whole number, None of measured values."""
    found = np.asarray(x)
    if found.dtype.kind not in "iufb":
        law = "x must be an array of numbers"
        faults.append(at.fault("x", law, f"an array of {_kind(found)}", "save it as numbers"))
        return None, None
    shaped = _shaped(found, axes, at, faults)
    if shaped is None:
        return None, None
    if 0 in shaped.shape:
        faults.append(at.fault("x", "there must be at least one sample with one value", _shape(found)))
        return None, None
    if shaped.nbytes > MOST_BYTES:
        law = f"samples may take {MOST_BYTES >> 30} GiB of memory at most"
        faults.append(at.fault("x", law, f"{shaped.nbytes / 2**30:.1f} GiB", "take fewer, or smaller ones"))
        return None, None
    if shaped.dtype.kind in "iub" and int(shaped.min()) >= 0 and int(shaped.max()) <= 255:
        largest = max(1, int(shaped.max()))
        if input_max is not None and largest > input_max:
            faults.append(at.fault("x", f"values must lie in 0 .. {input_max}", str(largest)))
        return np.ascontiguousarray(shaped, dtype=np.uint8), input_max or largest
    with np.errstate(over="ignore"):
        measured = np.ascontiguousarray(shaped, dtype=np.float32)
    wrong = np.argwhere(~np.isfinite(measured.reshape(found.shape)))
    if len(wrong):
        first = tuple(int(i) for i in wrong[0])
        got = f"{len(wrong)} that are not, the first x[{', '.join(map(str, first))}] = {found[first]}"
        faults.append(at.fault("x", "values must be finite numbers", got, "mend or remove these samples"))
    return measured, None


def _shaped(
    x: npt.NDArray[Any], axes: str | None, at: Places, faults: list[Fault]
) -> npt.NDArray[Any] | None:
    """Return x with the axes [N, (T0,) C, H, W]."""
    if axes is not None and axes not in AXES:
        faults.append(at.fault("axes", f"axes must be one of {', '.join(AXES)}", repr(axes)))
        return None
    named = axes or _OF_DIMENSIONS.get(x.ndim)
    if named is None:
        todo = "say axes: NTC (frames of channels) or NCL (a still of L rows)" if x.ndim == 3 else ""
        law = "x must have two axes (NC), four (NCHW) or five (NTCHW), or axes must name them"
        faults.append(at.fault("axes" if x.ndim == 3 else "x", law, f"x of shape {_shape(x)}", todo))
        return None
    if len(named) != x.ndim:
        law = f"x must have the {len(named)} axes of {named}"
        faults.append(at.fault("axes" if axes else "x", law, f"x of shape {_shape(x)}"))
        return None
    return x.reshape([1 if axis < 0 else x.shape[axis] for axis in AXES[named]])


def _classes(
    y: Any, n: int | None, frames: int | None, at: Places, faults: list[Fault]
) -> tuple[Labels | None, list[str]]:
    """Return the class of each sample, or of each frame, and the classes' names."""
    found = np.asarray(y)
    shapes = [(n,)] if frames is None else [(n,), (n, frames)]
    if found.ndim == 0 or found.ndim > 2 or (n is not None and found.shape not in shapes):
        law = "there must be one label for each sample, or for each frame"
        if n is not None:
            law = f"there must be one label for each of the {n} samples"
            law += "" if frames is None else f", or for each of their {frames} frames"
        faults.append(at.fault("y", law, f"labels of shape {_shape(found)}"))
        return None, []
    if found.dtype.kind == "U":
        return _text_classes(found, at, faults)
    if found.dtype.kind not in "iufb":
        law = "labels must be whole numbers or text"
        faults.append(at.fault("y", law, f"an array of {_kind(found)}", "save them as numbers or text"))
        return None, []
    if found.dtype.kind == "f" and not (np.isfinite(found) & (found == np.floor(found))).all():
        first = found[~(np.isfinite(found) & (found == np.floor(found)))][0]
        law = "labels must be whole numbers or text, none of them missing"
        faults.append(at.fault("y", law, str(first), "give each sample a class"))
        return None, []
    numbers = found.astype(np.int64)
    present = np.unique(numbers)
    if present[0] != 0 or present[-1] != len(present) - 1:
        law = "classes must be numbered 0 .. K - 1, each with samples"
        todo = "number them anew, or save the labels as text: each text is then a class"
        faults.append(at.fault("y", law, _listed([str(label) for label in present]), todo))
        return None, []
    return numbers, [str(label) for label in present]


def _text_classes(
    found: npt.NDArray[Any], at: Places, faults: list[Fault]
) -> tuple[Labels | None, list[str]]:
    names, numbers = np.unique(found, return_inverse=True)
    empty = [str(name) for name in names if not str(name).strip()]
    if empty:
        where = int(np.flatnonzero(np.char.strip(found.ravel()) == "")[0])
        faults.append(
            at.fault("y", "a label may not be empty", f"an empty one at {where}", "give it a class")
        )
        return None, []
    order = sorted(range(len(names)), key=lambda i: natural(str(names[i])))
    rank = np.empty(len(names), np.int64)
    rank[order] = np.arange(len(names))
    return rank[numbers.reshape(found.shape)], [str(names[i]) for i in order]


def natural(name: str) -> tuple[int, float, str]:
    """Return a key by which names that are numbers are sorted as numbers, before all others."""
    try:
        return (0, float(name), name)
    except ValueError:
        return (1, 0.0, name)


def _groups(
    groups: Any, n: int | None, at: Places, faults: list[Fault]
) -> tuple[Labels | None, tuple[str, ...]]:
    """Return the number of each sample's group, and the groups' names."""
    if groups is None:
        return None, ()
    found = np.asarray(groups)
    if found.ndim != 1 or (n is not None and len(found) != n):
        law = f"there must be one group for each of the {n} samples"
        faults.append(at.fault("groups", law, f"groups of shape {_shape(found)}"))
        return None, ()
    if found.dtype.kind not in "iubU" and not (found.dtype.kind == "f" and (found == np.floor(found)).all()):
        law = "groups must be whole numbers or text, none of them missing"
        faults.append(at.fault("groups", law, f"an array of {_kind(found)}"))
        return None, ()
    if found.dtype.kind == "f":
        found = found.astype(np.int64)
    names, numbers = np.unique(found, return_inverse=True)
    return numbers.astype(np.int64), tuple(str(name) for name in names)


def _test(official_test: Any, n: int | None, at: Places, faults: list[Fault]) -> npt.NDArray[np.bool_] | None:
    """Return which samples are the official test's."""
    if official_test is None:
        return None
    found = np.asarray(official_test)
    if found.dtype != np.bool_ or found.ndim != 1 or (n is not None and len(found) != n):
        law = f"there must be one of true (test) and false for each of the {n} samples"
        faults.append(at.fault("official_test", law, f"{_kind(found)} of shape {_shape(found)}"))
        return None
    if found.all() or not found.any():
        law = "both parts must have samples"
        got = f"{int(found.sum())} of {len(found)} are of the test part"
        faults.append(at.fault("official_test", law, got, "leave it out to have a test part drawn"))
        return None
    return found


def _scarce(
    labels: Labels, names: Sequence[str], test: npt.NDArray[np.bool_] | None, at: Places
) -> list[Fault]:
    """Return a fault for too few classes, and one for classes that cannot be in every part."""
    if len(names) < 2:
        got = f"only {names[0]!r}" if names else "none"
        return [at.fault("y", "there must be at least two classes", got)]
    rows = labels.reshape(len(labels), -1)
    has = np.stack([(rows == label).any(1) for label in range(len(names))], 1)
    needs = [(has, 3, "")] if test is None or len(test) != len(has) else [
        (has[~test], 2, " outside the test part"), (has[test], 1, " in the test part"),
    ]  # fmt: skip
    faults = []
    for rows_of, least, part in needs:
        counts = rows_of.sum(0).tolist()
        few = [f"{names[i]!r} has {n}" for i, n in enumerate(counts) if n < least]
        if few:
            law = f"each class must have at least {least} samples{part}, for each part of the data to have it"
            faults.append(at.fault("y", law, _listed(few), "record more, or leave the class out"))
    return faults


def _kind(array: npt.NDArray[Any]) -> str:
    return "objects" if array.dtype.kind == "O" else f"type {array.dtype}"


def _shape(array: npt.NDArray[Any]) -> str:
    return f"({', '.join(map(str, array.shape))})"


def _listed(names: Sequence[str], most: int = 8) -> str:
    """Return names joined, the first few of many."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
