"""What ``hwsearch data check`` says of data: shapes, counts, ranges, groups, what was left out, parts and leaks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from hwsearch.data.samples import Dataset, Labels, Samples

_MOST = 32
_SHORT = 8


def samples_words(samples: Samples) -> Iterator[str]:
    """Give what was read, a line each."""
    channels, height, width = samples.x.shape[-3:]
    shape = f"{channels} channels, {height} rows, {width} columns"
    frames = f"sequences of {samples.x.shape[1]} frames" if samples.x.ndim == 5 else "still images"
    kind = "measured values" if samples.input_max is None else f"whole numbers 0 .. {samples.input_max}"
    yield f"samples: {len(samples.x)} {frames} of {shape}; {kind}"
    names = samples.class_names or tuple(str(i) for i in range(samples.classes))
    each = "frames" if samples.y.ndim == 2 else "samples"
    yield f"classes: {samples.classes}, by {each}: {_counted(names, samples.y, samples.classes)}"
    yield from _ranges(samples)
    if samples.groups is None:
        yield "groups: none"
    else:
        sizes = np.bincount(samples.groups)
        sizes = sizes[sizes > 0]
        listed = _listed(list(samples.group_names), _SHORT)
        yield f"groups: {len(sizes)} of {sizes.min()} .. {sizes.max()} samples: {listed}"
    if samples.spans is not None:
        lengths = samples.spans[:, 2] - samples.spans[:, 1]
        yield f"windows: of {lengths.min()} rows, out of {len(np.unique(samples.spans[:, 0]))} recordings"
    test = samples.official_test
    yield "official test part: " + ("none" if test is None else f"{int(test.sum())} of {len(test)} samples")
    for words in samples.skipped:
        yield f"left out: {words}"


def dataset_words(dataset: Dataset, samples: Samples) -> Iterator[str]:
    """Give what became of the samples: parts, the encoding's result, notes and leaks, a line each."""
    names = dataset.class_names or tuple(str(i) for i in range(dataset.classes))
    for name, y in (("training", dataset.y_train), ("validation", dataset.y_val), ("test", dataset.y_test)):
        yield f"{name}: {len(y)} samples: {_counted(names, y, dataset.classes)}"
    frames = "still images" if dataset.frames is None else f"{dataset.frames} frames"
    shape = " x ".join(str(side) for side in dataset.input_shape)
    yield f"a network reads: {frames} of {shape} inputs, whole numbers 0 .. {dataset.input_max}"
    for words in dataset.notes:
        if words not in samples.skipped:
            yield f"note: {words}"


def _ranges(samples: Samples) -> Iterator[str]:
    """Give the range of each channel, of a few, or of all together."""
    x = np.moveaxis(samples.x, -3, 0)
    constant = []
    for number, values in enumerate(x):
        name = samples.channel_names[number] if samples.channel_names else str(number)
        low, high = values.min(), values.max()
        if number < _MOST:
            mean, deviation = values.mean(dtype=np.float64), values.std(dtype=np.float64)
            yield f"channel {name}: {low:g} .. {high:g}, mean {mean:.4g}, deviation {deviation:.4g}"
        if low == high:
            constant.append(name)
    if len(x) > _MOST:
        yield f"{len(x) - _MOST} more channels: {x[_MOST:].min():g} .. {x[_MOST:].max():g}"
    if constant:
        yield f"channels that never change: {_listed(constant, _SHORT)}"


def _counted(names: Sequence[str], y: Labels, classes: int) -> str:
    counts: npt.NDArray[np.int64] = np.bincount(y.ravel(), minlength=classes)
    return _listed([f"{name} {count}" for name, count in zip(names, counts, strict=True)], _MOST)


def _listed(names: Sequence[str], most: int) -> str:
    more = f", and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
