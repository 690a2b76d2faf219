"""One population in fixed point: the one place that holds fraction bits against every width, and counts what is lost.

The integer weights w of all connections into it share a unit per channel, up to a power of two: a step of one is worth
2**e units, e >= 0. Threshold t and bias b are in that unit (real numbers, one a channel). With f fraction bits and a
grid that is r >= 1 times as coarse

    w_int = round(w / r),    th = t / r * 2**f,    c = b / r * 2**f

and the sums of a connection are shifted by f + e. Channels scale freely (only th changes), so each has its own r; a
readout, whose outputs are compared, has one. A negative f shifts the sum right before it reaches the membrane, which
takes an accumulator wider than the membrane. f is as large as thresholds (with headroom for the membrane), biases and
sums allow, and r is 1. Where that leaves some thresholds coarse, or nothing suits all channels, f and r are those with
the smallest sum over channels of

    |w_int r' - w|**2 / |w|**2  +  (c / th - b / t)**2 / (1 + (b / t)**2)  +  1 / th**2,      r' = t 2**f / th

that is how much a channel's weights (each times its 2**e) and bias change in units of its threshold, and how coarse its
membrane is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hwsearch.network.integers import Widths, half_step
from hwsearch.network.width_loss import WidthLoss

MAX_FRACTION_BITS, MIN_FRACTION_BITS = 8, -24
HEADROOM_BITS = 2
"""The membrane may go to 4 times the largest threshold before it saturates."""
_FINE = 16  # with thresholds of so many steps or more no other f is looked for
_VANISHED = 0.5  # share of its squared weights that a readout may lose to a coarser grid
_COARSER = 1.05  # step of the search for a readout's coarseness
_SHORT = 0.05  # what a bit less of headroom counts against the change of a channel


@dataclass(frozen=True, eq=False)
class FixedPoint:
    """A population's integers.

    Attributes:
        weights: One a connection, [out, ...] int64.
        bias: [out] int64, in membrane units.
        threshold: [out] int64, at least 1, in membrane units; None for a readout.
        fraction_bits: f + e, one a connection.
        loss: What the widths took.
    """

    weights: tuple[np.ndarray, ...]
    bias: np.ndarray
    threshold: np.ndarray | None
    fraction_bits: tuple[int, ...]
    loss: WidthLoss


@dataclass(frozen=True, eq=False)
class Part:
    """What one connection brings to a population.

    Attributes:
        weight: [out, ...] int64, the quantiser's grid.
        value_max: Largest value, or number of spikes, that a weight meets in a timestep.
        exponent: e: a step of the weight is worth 2**e units of the population.
    """

    weight: np.ndarray
    value_max: int
    exponent: int = 0

    @property
    def ends(self) -> np.ndarray:
        """[2, out]: the largest sum that any input gives, and the size of the lowest, in steps of its weights."""
        rows = self.weight.reshape(len(self.weight), -1)
        sizes = np.stack([np.maximum(rows, 0).sum(1), -np.minimum(rows, 0).sum(1)])
        return np.asarray(sizes * float(self.value_max))


@dataclass(frozen=True, eq=False)
class Scale:
    """Real numbers that are to become a population's integers.

    Attributes:
        parts: What each connection brings.
        threshold: [out] > 0 in units of the population; None for a readout.
        bias: [out] likewise.
        timesteps: T; for a readout how many currents it adds up at most.
    """

    parts: tuple[Part, ...]
    threshold: np.ndarray | None
    bias: np.ndarray
    timesteps: int

    @property
    def largest_sums(self) -> np.ndarray:
        """[out]: the largest size of a sum over all connections that any input gives, in units of the population."""
        ends = [part.ends * 2.0**part.exponent for part in self.parts]
        return np.asarray(sum(ends[1:], ends[0]).max(0))

    def rows(self, coarseness: np.ndarray | float = 1.0) -> np.ndarray:
        """[out, n]: all weights of each channel in units of the (coarser) grid."""
        rows = [_coarser(part.weight, coarseness).reshape(len(part.weight), -1) for part in self.parts]
        if len(rows) == 1:
            return rows[0] << self.parts[0].exponent if self.parts[0].exponent else rows[0]
        return np.concatenate([row << part.exponent for row, part in zip(rows, self.parts, strict=True)], 1)

    def coarser(self, coarseness: float) -> Scale:
        """Return the same on a grid r times as coarse."""
        parts = tuple(replace(part, weight=_coarser(part.weight, coarseness)) for part in self.parts)
        return replace(self, parts=parts, bias=self.bias / coarseness)


def fixed_point(population: Scale, widths: Widths, most_fraction: int = MAX_FRACTION_BITS) -> FixedPoint:
    """Return a population's integers within a device's widths, f being at most ``most_fraction``."""
    coarseness: np.ndarray | float
    if population.threshold is None:
        fraction, coarseness = _readout_scale(population, widths, most_fraction)
    else:
        fraction, coarseness = _spiking_scale(population, population.threshold, widths, most_fraction)
    weights = tuple(_coarser(part.weight, coarseness) for part in population.parts)
    bias, limit = np.rint(population.bias / coarseness * 2.0**fraction), bias_limit(widths)
    threshold, most, too_high = None, threshold_limit(widths, 0), 0
    if population.threshold is not None:
        wanted = _thresholds(population.threshold / coarseness, fraction)
        threshold, too_high = np.minimum(wanted, most).astype(np.int64), int((wanted > most).sum())
    zeroed = sum(
        int(((weight == 0) & (part.weight != 0)).sum())
        for weight, part in zip(weights, population.parts, strict=True)
    )
    loss = WidthLoss(
        weights_zeroed=zeroed,
        biases_clipped=int(((bias > limit) | (bias < -limit - 1)).sum()),
        thresholds_clipped=too_high,
    )
    clipped = np.clip(bias, -limit - 1, limit).astype(np.int64)
    shifts = tuple(fraction + part.exponent for part in population.parts)
    return FixedPoint(weights, clipped, threshold, shifts, loss)


def threshold_limit(widths: Widths, headroom: int = HEADROOM_BITS) -> int:
    """Return the largest threshold that leaves so many bits of headroom to the membrane, and to a sum."""
    bits = min(widths.state, widths.accumulator) - 1
    return int(min(2 ** (bits - headroom), 2**bits - 1, 2 ** (widths.threshold - 1) - 1))


def bias_limit(widths: Widths) -> int:
    """Return the largest bias."""
    return int(2 ** (min(widths.bias, widths.accumulator) - 1) - 1)


def fractions(widths: Widths, most: int = MAX_FRACTION_BITS) -> range:
    """Return every f that a device can have, falling."""
    return range(most, (MIN_FRACTION_BITS if widths.shifts_right else 0) - 1, -1)


def _spiking_scale(
    population: Scale, threshold: np.ndarray, widths: Widths, most_fraction: int
) -> tuple[int, np.ndarray]:
    """Return f and r [out] of a spiking population.

    The most fraction bits without any loss, else without any but sums that can overflow, else with the least change.
    """
    whole, limit = np.ones(len(threshold)), threshold_limit(widths)
    free = [
        fraction
        for fraction in fractions(widths, most_fraction)
        if _thresholds(threshold, fraction).max() <= limit
        and np.abs(np.rint(population.bias * 2.0**fraction)).max() <= bias_limit(widths)
    ]
    fine = [f for f in free if f == most_fraction or _thresholds(threshold, f).min() >= _FINE]
    if fine:
        return next((f for f in fine if _sums_fit(population, f, widths)), fine[0]), whole
    grids = [(f, *_least_change(population, threshold, f, widths)) for f in fractions(widths, most_fraction)]
    fraction, coarseness, _ = min(grids, key=lambda grid: grid[2])
    return fraction, coarseness


def _least_change(
    population: Scale, threshold: np.ndarray, fraction: int, widths: Widths
) -> tuple[np.ndarray, float]:
    """Return r [out] with the least change at f, and that change; each grid is as it was, or coarse enough to fit."""
    scale = 2.0**fraction
    bias_need = np.abs(population.bias) * scale / bias_limit(widths)
    needs = [np.ones(len(threshold))]
    needs += [np.maximum(threshold * scale / threshold_limit(widths, bits), bias_need) for bits in (2, 1, 0)]
    grids = np.maximum(np.array(needs), 1.0)
    changes = np.array([_change(population, threshold, fraction, grid, widths) for grid in grids])
    best = changes.argmin(0)
    columns = np.arange(len(threshold))
    return grids[best, columns], float(changes[best, columns].sum())


def _change(
    population: Scale, threshold: np.ndarray, fraction: int, coarseness: np.ndarray, widths: Widths
) -> np.ndarray:
    """Return [out]: the terms of the module docstring's sum, and what too little headroom costs.

    A channel that no input can fire only has to stay silent.
    """
    rows, scale, most = population.rows(), 2.0**fraction, threshold_limit(widths, 0)
    wanted = _thresholds(threshold / coarseness, fraction)
    reached = np.minimum(wanted, most)
    worth = threshold * scale / reached  # what an integer step is worth in units of w
    change = ((population.rows(coarseness) * worth[:, None] - rows) ** 2).sum(1)
    limit = bias_limit(widths)
    bias = np.clip(np.rint(population.bias / coarseness * scale), -limit - 1, limit)
    moved = (bias / reached - population.bias / threshold) ** 2 / (1 + (population.bias / threshold) ** 2)
    short = np.maximum(np.log2(reached / threshold_limit(widths)), 0.0)
    total = change / np.maximum((rows**2).sum(1), 1) + moved + 1.0 / reached**2 + _SHORT * short**2
    silent = (population.largest_sums + np.abs(population.bias)) * population.timesteps < threshold
    return np.asarray(np.where(silent, wanted > most, total))


def _readout_scale(population: Scale, widths: Widths, most_fraction: int) -> tuple[int, float]:
    """Return f and r of a readout: the most fraction bits at which neither biases nor what is added up overflow.

    Where none suffice the grid gets coarser, unless hardly a weight would remain: then the readout saturates.
    """
    for fraction in fractions(widths, most_fraction):
        bias = np.abs(np.rint(population.bias * 2.0**fraction)).max()
        if bias <= bias_limit(widths) and _sums_fit(population, fraction, widths):
            return fraction, 1.0
    fraction = fractions(widths)[-1]
    coarseness = max(1.0, float(np.abs(population.bias).max() * 2.0**fraction / bias_limit(widths)))
    rows = population.rows()
    while True:
        if ((population.rows(coarseness) * coarseness - rows) ** 2).sum() > _VANISHED * (rows**2).sum():
            return fraction, 1.0
        if _sums_fit(population.coarser(coarseness), fraction, widths):
            return fraction, coarseness
        coarseness *= _COARSER


def _sums_fit(population: Scale, fraction: int, widths: Widths) -> bool:
    """Return whether no input makes a sum, or what a readout adds up, overflow the accumulator."""
    top = 2.0 ** (widths.accumulator - 1)
    steps = population.timesteps if population.threshold is None else 1
    # a shift to the right may round each connection's sum up
    added = (
        (population.largest_sums + np.abs(population.bias)) * 2.0**fraction + len(population.parts)
    ).max() * steps
    alone = max(part.ends.max() + half_step(fraction + part.exponent) for part in population.parts)
    return bool(alone < top and added < top)


def _coarser(weight: np.ndarray, coarseness: np.ndarray | float) -> np.ndarray:
    """Return integer weights on a grid r times as coarse; r is [out] or one number."""
    if np.all(coarseness == 1.0):
        return weight
    shape = (-1, *[1] * (weight.ndim - 1))
    return np.asarray(np.rint(weight / np.reshape(coarseness, shape)), np.int64)


def _thresholds(threshold: np.ndarray, fraction: int) -> np.ndarray:
    """Return thresholds in membrane units, as floats: rounded up (v >= th is then the same question), at least 1.

    Where sums are rounded to the nearest so is the threshold.
    """
    wanted = threshold * 2.0**fraction
    return np.maximum(np.ceil(wanted - 1e-9) if fraction >= 0 else np.rint(wanted), 1.0)
