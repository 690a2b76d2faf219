"""One layer in fixed point: the one place that holds fraction bits against every width, and counts what is lost.

A layer's integer weights w have a threshold t and a bias b in their own unit (real numbers, one a channel). With f
fraction bits and a grid that is r >= 1 times as coarse

    w_int = round(w / r),    th = t / r * 2**f,    c = b / r * 2**f

Channels scale freely (only th changes), so each has its own r; a readout, whose outputs are compared, has one. A
negative f shifts the sum right before it reaches the membrane, which takes an accumulator wider than the membrane. f is
as large as thresholds (with headroom for the membrane), biases and sums allow, and r is 1. Where that leaves some
thresholds coarse, or nothing suits all channels, f and r are those with the smallest sum over channels of

    |w_int r' - w|**2 / |w|**2  +  (c / th - b / t)**2 / (1 + (b / t)**2)  +  1 / th**2,      r' = t 2**f / th

that is how much a channel's weights and bias change in units of its threshold, and how coarse its membrane is.
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
    """A layer's integers.

    Attributes:
        weight: [out, ...] int64.
        bias: [out] int64, in membrane units.
        threshold: [out] int64, at least 1, in membrane units; None for a readout.
        fraction_bits: f.
        loss: What the widths took.
    """

    weight: np.ndarray
    bias: np.ndarray
    threshold: np.ndarray | None
    fraction_bits: int
    loss: WidthLoss


@dataclass(frozen=True, eq=False)
class Scale:
    """Real numbers that are to become a layer's integers.

    Attributes:
        weight: [out, ...] int64, the quantiser's grid.
        threshold: [out] > 0 in units of the weights; None for a readout.
        bias: [out] likewise.
        value_max: Largest value, or number of spikes, that a weight meets in a timestep.
        timesteps: T, over which a readout adds up.
    """

    weight: np.ndarray
    threshold: np.ndarray | None
    bias: np.ndarray
    value_max: int
    timesteps: int

    @property
    def rows(self) -> np.ndarray:
        """[out, n]: the weights of each channel."""
        return self.weight.reshape(len(self.weight), -1)

    @property
    def largest_sums(self) -> np.ndarray:
        """[out]: the largest size of a sum that any input gives."""
        rises, falls = np.maximum(self.rows, 0).sum(1), np.minimum(self.rows, 0).sum(1)
        return np.asarray(np.maximum(rises, -falls) * float(self.value_max))


def fixed_point(layer: Scale, widths: Widths, most_fraction: int = MAX_FRACTION_BITS) -> FixedPoint:
    """Return a layer's integers within a device's widths, with f at most ``most_fraction``, and what these took."""
    coarseness: np.ndarray | float
    if layer.threshold is None:
        fraction, coarseness = _readout_scale(layer, widths, most_fraction)
    else:
        fraction, coarseness = _spiking_scale(layer, layer.threshold, widths, most_fraction)
    weight = _coarser(layer.weight, coarseness)
    bias, limit = np.rint(layer.bias / coarseness * 2.0**fraction), bias_limit(widths)
    threshold, most, too_high = None, threshold_limit(widths, 0), 0
    if layer.threshold is not None:
        wanted = _thresholds(layer.threshold / coarseness, fraction)
        threshold, too_high = np.minimum(wanted, most).astype(np.int64), int((wanted > most).sum())
    loss = WidthLoss(
        weights_zeroed=int(((weight == 0) & (layer.weight != 0)).sum()),
        biases_clipped=int(((bias > limit) | (bias < -limit - 1)).sum()),
        thresholds_clipped=too_high,
    )
    return FixedPoint(weight, np.clip(bias, -limit - 1, limit).astype(np.int64), threshold, fraction, loss)


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
    layer: Scale, threshold: np.ndarray, widths: Widths, most_fraction: int
) -> tuple[int, np.ndarray]:
    """Return f and r [out] of a spiking layer.

    The most fraction bits without any loss, else without any but sums that can overflow, else with the least change.
    """
    whole, limit = np.ones(len(threshold)), threshold_limit(widths)
    free = [
        fraction
        for fraction in fractions(widths, most_fraction)
        if _thresholds(threshold, fraction).max() <= limit
        and np.abs(np.rint(layer.bias * 2.0**fraction)).max() <= bias_limit(widths)
    ]
    fine = [f for f in free if f == most_fraction or _thresholds(threshold, f).min() >= _FINE]
    if fine:
        return next((f for f in fine if _sums_fit(layer, f, widths)), fine[0]), whole
    grids = [(f, *_least_change(layer, threshold, f, widths)) for f in fractions(widths, most_fraction)]
    fraction, coarseness, _ = min(grids, key=lambda grid: grid[2])
    return fraction, coarseness


def _least_change(
    layer: Scale, threshold: np.ndarray, fraction: int, widths: Widths
) -> tuple[np.ndarray, float]:
    """Return r [out] with the least change at f, and that change; each grid is as it was, or coarse enough to fit."""
    scale = 2.0**fraction
    bias_need = np.abs(layer.bias) * scale / bias_limit(widths)
    needs = [np.ones(len(threshold))]
    needs += [np.maximum(threshold * scale / threshold_limit(widths, bits), bias_need) for bits in (2, 1, 0)]
    grids = np.maximum(np.array(needs), 1.0)
    changes = np.array([_change(layer, threshold, fraction, grid, widths) for grid in grids])
    best = changes.argmin(0)
    columns = np.arange(len(threshold))
    return grids[best, columns], float(changes[best, columns].sum())


def _change(
    layer: Scale, threshold: np.ndarray, fraction: int, coarseness: np.ndarray, widths: Widths
) -> np.ndarray:
    """Return [out]: the terms of the module docstring's sum, and what too little headroom costs.

    A channel that no input can fire only has to stay silent.
    """
    rows, scale, most = layer.rows, 2.0**fraction, threshold_limit(widths, 0)
    wanted = _thresholds(threshold / coarseness, fraction)
    reached = np.minimum(wanted, most)
    worth = threshold * scale / reached  # what an integer step is worth in units of w
    change = ((_coarser(rows, coarseness) * worth[:, None] - rows) ** 2).sum(1)
    limit = bias_limit(widths)
    bias = np.clip(np.rint(layer.bias / coarseness * scale), -limit - 1, limit)
    moved = (bias / reached - layer.bias / threshold) ** 2 / (1 + (layer.bias / threshold) ** 2)
    short = np.maximum(np.log2(reached / threshold_limit(widths)), 0.0)
    total = change / np.maximum((rows**2).sum(1), 1) + moved + 1.0 / reached**2 + _SHORT * short**2
    silent = (layer.largest_sums + np.abs(layer.bias)) * layer.timesteps < threshold
    return np.asarray(np.where(silent, wanted > most, total))


def _readout_scale(layer: Scale, widths: Widths, most_fraction: int) -> tuple[int, float]:
    """Return f and r of a readout: the most fraction bits at which neither biases nor what is added up overflow.

    Where none suffice the grid gets coarser, unless hardly a weight would remain: then the readout saturates.
    """
    for fraction in fractions(widths, most_fraction):
        bias = np.abs(np.rint(layer.bias * 2.0**fraction)).max()
        if bias <= bias_limit(widths) and _sums_fit(layer, fraction, widths):
            return fraction, 1.0
    fraction = fractions(widths)[-1]
    coarseness = max(1.0, float(np.abs(layer.bias).max() * 2.0**fraction / bias_limit(widths)))
    while True:
        weight = _coarser(layer.weight, coarseness)
        if ((weight * coarseness - layer.weight) ** 2).sum() > _VANISHED * (layer.weight**2).sum():
            return fraction, 1.0
        if _sums_fit(replace(layer, weight=weight, bias=layer.bias / coarseness), fraction, widths):
            return fraction, coarseness
        coarseness *= _COARSER


def _sums_fit(layer: Scale, fraction: int, widths: Widths) -> bool:
    """Return whether no input makes a sum, or what a readout adds up, overflow the accumulator."""
    top = 2.0 ** (widths.accumulator - 1)
    steps = layer.timesteps if layer.threshold is None else 1
    added = ((layer.largest_sums + np.abs(layer.bias)) * 2.0**fraction + 1).max() * steps
    return bool(layer.largest_sums.max() + half_step(fraction) < top and added < top)


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
