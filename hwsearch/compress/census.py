"""Counts of one connection's weights that are not zero: those that fix its stored size, and those operations share.

Not for the sizes themselves: `hwsearch.hardware.storage`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from hwsearch.compress.run_counts import run_counts
from hwsearch.hardware.workload import BLOCKS, DELTA_BITS, LANES, NM_GROUPS, WeightCensus

Counts = npt.NDArray[np.int64]
_LENGTHS = sorted({*BLOCKS, *NM_GROUPS})


@dataclass(frozen=True, eq=False)
class Held:
    """Which weights of one connection are not zero.

    Attributes:
        weights: [out, in] or [out, in / groups, kh, kw] booleans.
        groups: 1; of depthwise weights their channels.
    """

    weights: npt.NDArray[np.bool_]
    groups: int = 1

    @cached_property
    def rows(self) -> npt.NDArray[np.bool_]:
        """[out, taps]: a tap is one weight of an output-major row."""
        return self.weights.reshape(len(self.weights), -1)

    @property
    def area(self) -> int:
        """Weights of a filter plane."""
        return math.prod(self.weights.shape[2:])

    @cached_property
    def planes(self) -> npt.NDArray[np.bool_]:
        """[out, in / groups]: filter planes that hold any weight."""
        if self.area == 1:
            return self.rows
        return np.asarray(self.rows.reshape(len(self.rows), -1, self.area).any(2))

    @cached_property
    def runs(self) -> dict[int, npt.NDArray[np.int32]]:
        """[out, ceil(taps / length)], by length: weights of each run of taps."""
        return run_counts(self.rows, _LENGTHS)

    @cached_property
    def outputs(self) -> Counts:
        """[groups, taps]: output channels of a group whose row has each tap."""
        return self.over_outputs(self.rows)

    def over_outputs(self, marked: npt.NDArray[np.bool_]) -> Counts:
        """Return [groups, n]: marks [out, n], added up over the output channels of each group."""
        by_group = marked.reshape(self.groups, -1, marked.shape[1])
        return np.asarray(by_group.view(np.uint8).sum(1, dtype=np.int64))


def census(weights: npt.NDArray[np.integer[Any]], groups: int = 1) -> WeightCensus:
    """Count what fixes the stored size of one connection.

    Args:
        weights: [out, in] or [out, in / groups, kh, kw] integers.
        groups: 1; of depthwise weights their channels.

    Raises:
        ValueError: If the array has neither two nor four axes.
    """
    return census_of(Held(np.asarray(weights != 0), groups))


def census_of(held: Held) -> WeightCensus:
    """Count what fixes the stored size of one connection; see ``census``."""
    out_channels, in_channels, area = sizes(held.weights.shape)
    fan_in, nonzero = held.runs[_LENGTHS[-1]].sum(axis=1), int(np.count_nonzero(held.rows))
    by_gap = np.bincount(gaps(input_major(held.weights, held.groups))[1])
    fillers = by_gap @ (np.arange(len(by_gap))[:, None] >> np.array(DELTA_BITS))
    return WeightCensus(
        out_channels=out_channels,
        in_channels=in_channels,
        kernel_area=area,
        nonzero=nonzero,
        blocks=tuple(int(np.count_nonzero(held.runs[length])) for length in BLOCKS),
        nm_most=tuple(int(held.runs[m].max()) for m in NM_GROUPS),
        planes=int(np.count_nonzero(held.planes)),
        delta_entries=tuple((nonzero + fillers).tolist()),
        row_counts=tuple(np.bincount(held.outputs.reshape(-1, area).sum(1)).tolist()),
        fan_in_most=int(fan_in.max(initial=0)),
        outputs_used=int(np.count_nonzero(fan_in)),
        lane_reads=_lane_reads(fan_in),
        groups=held.groups,
    )


def sizes(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Return (out_channels, in_channels of a group, kernel_area) of a weight shape.

    Raises:
        ValueError: If it has neither two nor four axes.
    """
    if len(shape) not in (2, 4):
        raise ValueError(f"weights must be [out, in] or [out, in, kh, kw]; got shape {shape}")
    return shape[0], shape[1], math.prod(shape[2:])


def input_major(weights: npt.NDArray[Any], groups: int) -> npt.NDArray[Any]:
    """Return [groups * in, out / groups * kernel_area]."""
    out_channels, in_channels, area = sizes(weights.shape)
    by_group = weights.reshape(groups, out_channels // groups, in_channels, area)
    return by_group.transpose(0, 2, 1, 3).reshape(groups * in_channels, -1)


def gaps(matrix: npt.NDArray[Any]) -> tuple[Counts, Counts]:
    """Return each non-zero's place in flat order, and the zeros since the last one (or the start) of its row."""
    place, columns = np.flatnonzero(matrix), matrix.shape[1]
    skipped = place - 1
    skipped[1:] -= place[:-1]
    first = np.searchsorted(
        place, np.arange(len(matrix)) * columns
    )  # of an empty row: of the next that is not
    first = first[first < len(place)]
    skipped[first] = place[first] % columns
    return place, skipped


def _lane_reads(fan_in: Counts) -> tuple[int, ...]:
    """Return the reads of each number of LANES, by the non-zeros of each output-major row."""
    most, reads = np.zeros(-(-len(fan_in) // LANES[-1]) * LANES[-1], np.int64), []
    most[: len(fan_in)] = fan_in
    for lanes in LANES:  # each is twice the one before
        most = most if lanes == 1 else np.maximum(most[::2], most[1::2])
        reads.append(int(most.sum()))
    return tuple(reads)
