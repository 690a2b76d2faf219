"""Whether samples are what a trained network reads: told before they are split, with every fault at once.

Not for encoding them (`datasets`), which is done as the network's own training data were.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from hwsearch.data.encode.encoding import Encoding
from hwsearch.data.encode.requantise import Requantise
from hwsearch.data.encode.spikes import Latency, Rate
from hwsearch.data.encode.standardise import Standardise
from hwsearch.data.samples import Dataset, Samples
from hwsearch.errors import Fault
from hwsearch.graph.graph import Input


def unsuited(
    samples: Samples,
    encoding: Encoding,
    read: Input,
    classes: int,
    class_names: Sequence[str] = (),
    *,
    where: str = "--data",
) -> list[Fault]:
    """Return why samples cannot be a network's; none: they can.

    Args:
        samples: As they were read.
        encoding: What makes whole numbers of them.
        read: What the network reads.
        classes: That it tells apart.
        class_names: Of its classes; empty: they are not known, or are numbers.
        where: What names the samples, for faults.
    """
    return [
        *_class_faults(samples, classes, class_names, where),
        *_value_faults(samples, encoding, read, where),
        *_shape_faults(samples, encoding, read, where),
    ]


def binned_as(dataset: Dataset, read: Input) -> Dataset:
    """Return encoded data whose frames become timesteps as a network's do: a file of arrays cannot say how."""
    return replace(dataset, binning=read.binning)


def unlike_input(dataset: Dataset, read: Input, where: str = "--data") -> list[Fault]:
    """Return what encoded data are otherwise than what a network reads."""
    pairs = ((name, getattr(dataset.input, name), getattr(read, name)) for name in vars(read))
    law = "the data must be what the model was trained to read"
    return [
        Fault(where, f"{law} ({name} {expected})", str(got))
        for name, got, expected in pairs
        if got != expected
    ]


def _class_faults(samples: Samples, classes: int, names: Sequence[str], where: str) -> Iterator[Fault]:
    if samples.classes != classes:
        law = f"the data must have the {classes} classes of the model"
        yield Fault(where, law, f"{samples.classes}", "give samples of each class, and of no other")
    elif names and samples.class_names and tuple(names) != samples.class_names:
        law = f"the classes must be those of the model ({_listed(names)})"
        yield Fault(where, law, _listed(samples.class_names), "give the labels their names, or 0 .. K - 1")


def _value_faults(samples: Samples, encoding: Encoding, read: Input, where: str) -> Iterator[Fault]:
    """Yield what of the values an encoder cannot take."""
    first = encoding.steps[0] if encoding.steps else None
    if isinstance(first, Standardise):
        return
    if samples.input_max is None:
        yield Fault(where, "the model reads whole numbers", "measured values", "give whole numbers 0 .. 255")
        return
    most = read.max
    if isinstance(first, Requantise):
        most = first.old_max
    elif isinstance(first, Rate | Latency):
        most = first.max
    elif first is not None:
        return
    if (largest := int(samples.x.max())) > most:
        law = f"values must lie in 0 .. {most}, as they did when the model was trained"
        yield Fault(where, law, str(largest), "scale or clip them as the device does")


def _shape_faults(samples: Samples, encoding: Encoding, read: Input, where: str) -> Iterator[Fault]:
    """Yield what of a sample's shape is another than the network reads."""
    law = f"a sample must have the shape of the model's inputs, {_shape(read)} as it reads them"
    try:
        with np.errstate(all="ignore"):
            shape = encoding(samples.x[:1]).shape[1:]
    except (ValueError, IndexError):  # what an encoder was fitted on has another shape
        yield Fault(where, law, f"samples of shape {samples.x.shape[1:]}")
        return
    expected = read.shape if read.frames is None else (read.frames, *read.shape)
    if shape != expected:
        yield Fault(where, law, f"{shape}")


def _shape(read: Input) -> str:
    return f"{read.shape if read.frames is None else (read.frames, *read.shape)}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
