"""What nodes of a NIR graph are read into, and the reading itself: parameters, faults, notes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hwsearch.errors import Fault
from hwsearch.graph.graph import Size
from hwsearch.network.nir.file import RawNode
from hwsearch.network.nir.leak import Leak
from hwsearch.network.nir.time import TimeStep


@dataclass(frozen=True, eq=False)
class Neuron:
    """A population's dynamics, its arrays of size 1 or of the population's shape.

    Attributes:
        leak: Its leak, exact and snapped.
        gain: g, which its currents are multiplied by.
        threshold: Above the reset potential; None where it does not fire (a readout).
        bias: Current of its own at each timestep.
        reset: ``zero``, ``subtract``, or ``subtract_next``: subtracted in the next timestep, behind the leak.
        shape: Of the largest of its parameters.
    """

    leak: Leak
    gain: np.ndarray
    threshold: np.ndarray | None
    bias: np.ndarray
    reset: str
    shape: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Weights:
    """A matrix or filters.

    Attributes:
        weight: [out, in] or [out, in / groups, kh, kw].
        bias: [out] or None.
        stride: Down and across.
        padding: Down and across; None: what keeps the size.
        groups: Groups of channels.
        axes: 1 where the filters are of one dimension, which here is the width.
    """

    weight: np.ndarray
    bias: np.ndarray | None
    stride: Size = (1, 1)
    padding: Size | None = None
    groups: int = 1
    axes: int = 2


@dataclass(frozen=True)
class Pool:
    """Pooling: the mean of windows, times a factor (their number of values for a sum)."""

    window: Size
    factor: float


@dataclass(frozen=True, eq=False)
class Scale:
    """A factor for each value that passes."""

    factor: np.ndarray


@dataclass(frozen=True)
class Flatten:
    """Axes ``start`` .. ``end`` become one."""

    start: int
    end: int


@dataclass(frozen=True)
class Delay:
    """What passes comes 0 or 1 timesteps later."""

    steps: int


@dataclass(frozen=True)
class Terminal:
    """The input or the output of the graph, with its shape where it is written; or the end of a subgraph."""

    kind: str
    shape: tuple[int, ...] | None = None


Node = Neuron | Weights | Pool | Scale | Flatten | Delay | Terminal


@dataclass
class Reading:
    """A node being read.

    Attributes:
        name: Its name.
        raw: As written.
        time: The time step.
        reset: How it resets where its metadata do not say.
        path: The file.
        may_flatten: Whether a node that was written as nothing stands between neurons and a matrix.
        faults: What is wrong with it.
        notes: What was taken for granted.
    """

    name: str
    raw: RawNode
    time: TimeStep
    reset: str = "zero"
    path: Path | None = None
    may_flatten: bool = False
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def fault(self, law: str, got: str, todo: str) -> None:
        """Add what is wrong, once."""
        fault = Fault(f"node {self.name!r} ({self.raw.type})", law, got, todo, self.path)
        if fault not in self.faults:
            self.faults.append(fault)

    def array(self, name: str, default: float | None = None) -> np.ndarray:
        """Return a parameter as float64; what is missing, no number or not finite is a fault (and then 1)."""
        found = self.raw.values.get(name)
        found = default if found is None else found
        todo = "write the network again with the framework's NIR export"
        try:
            array = plain(found)
        except (TypeError, ValueError):
            self.fault(f"{name} must be numbers", "nothing" if found is None else repr(found)[:60], todo)
            return np.ones(1)
        if array.size == 0 or not np.isfinite(array).all():
            bad = "none" if array.size == 0 else f"{(~np.isfinite(array)).sum()} of {array.size} that are not"
            self.fault(
                f"{name} must be finite numbers", bad, "train again: a network with NaN predicts nothing"
            )
            return np.ones(array.shape if array.size else 1)
        return array

    def pair(self, name: str, default: int | None = None) -> Size:
        """Return a parameter that is one whole number, or one for each of two axes."""
        values = self.array(name, default).ravel()
        if values.size > 2 or (values != np.round(values)).any() or (values < 0).any():
            self.fault(f"{name} must be one whole number, or two", f"{values.tolist()}"[:60], "write it so")
            return 1, 1
        return int(values[0]), int(values[-1])


def plain(values: Any) -> np.ndarray:
    """Return numbers, of torch too, as float64."""
    if values is None:
        raise TypeError("no numbers")
    plain: np.ndarray = np.asarray(values.detach() if hasattr(values, "detach") else values).astype(
        np.float64
    )
    return plain


def squeezed(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return a shape without leading ones: of a batch that a framework left in."""
    while len(shape) > 1 and shape[0] == 1 and len(shape) != 3:
        shape = shape[1:]
    return shape
