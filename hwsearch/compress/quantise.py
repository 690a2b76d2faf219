"""Quantiser grids: float weights to signed integers times a scale, for a stack of candidates at once.

==== ============================== ==========================================================================
bits grid                           scale of a channel
==== ============================== ==========================================================================
1    -1, +1 (zeros: see below)      mean |w| of the kept weights: the L2-optimal gain (Rastegari 2016, eq. 6)
2    -1, 0, +1                      c * mean |w| of the kept weights, c the step that minimises the mean squared
3, 4 up to 3, up to 7               error of a normal variable (Max 1960, table II) over its mean |x|
6, 8 up to 31, up to 127            max |w| over the largest level
16   up to 32767                    likewise (a reference, nearly float)
==== ============================== ==========================================================================

At 1 bit the mask gives the zeros, and a channel whose weights are all zero stays zero. "Kept" is what pruning first
means: the grid is laid over the survivors. Where quantising goes first it is laid over all weights of the channel, and
the mask takes levels away.

Scaling by mean |w| at few bits follows Wei et al. 2025 (QP-SNN). The gradient passes straight through to kept weights.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

import torch
from torch import Tensor

from hwsearch.native.library import library

_MEAN_ABS = math.sqrt(2 / math.pi)
# optimal steps of a symmetric uniform quantiser of a unit normal, with 3, 7 and 15 levels (Max 1960, table II)
STEP_OF_NORMAL = {2: 1.2240, 3: 0.6508, 4: 0.3534}
MOST_APART = 8
"""Largest exponent between connections into one population: beyond it the finer one gives up levels."""


@dataclass(frozen=True)
class Quantiser:
    """The grids of one layer of a stack.

    Attributes:
        bits: Weight bits of each of the K candidates.
        per_channel: One scale an output channel; False: one a layer (the readout, whose outputs are compared).
        over_all: Whether the scale is that of all weights, or of the kept ones alone.
    """

    bits: tuple[int, ...]
    per_channel: bool
    over_all: bool = False

    @cached_property
    def runs(self) -> list[tuple[int, slice]]:
        """Neighbours in the stack that share their bits: slices need no copies, so a sorted stack is the fastest."""
        runs, first = [], 0
        for bits, same in groupby(self.bits):
            n = len(list(same))
            runs.append((bits, slice(first, first + n)))
            first += n
        return runs

    def quantise(self, weight: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return integers (as floats) and scales; weight is about integers * scale.

        Args:
            weight: [K, out, ...] float weights.
            mask: [K, out, ...] 1 for kept, 0 for pruned.

        Returns:
            integers [K, out, ...], scale [K, out or 1, 1, ...] (> 0).
        """
        return self._on(weight, mask, None)

    def quantise_on(self, weight: Tensor, mask: Tensor, scale: Tensor) -> Tensor:
        """Return integers on given scales [K, out or 1, 1, ...]; see ``quantise``."""
        return self._on(weight, mask, scale)[0]

    def _on(self, weight: Tensor, mask: Tensor, given: Tensor | None) -> tuple[Tensor, Tensor]:
        integers = weight * mask
        reference, counted = (weight, torch.ones_like(mask)) if self.over_all else (integers, mask)
        dims = tuple(range(2 if self.per_channel else 1, weight.dim()))
        scales = []
        for bits, members in self.runs:
            levels = integers[members]
            scales.append(
                _scale(reference[members], counted[members], bits, dims) if given is None else given[members]
            )
            if bits == 1:
                # the sign of a kept weight, where zero counts as positive unless nothing else is in the channel
                alive = reference[members].abs().amax(dims, keepdim=True).ne(0)
                levels.sign_().add_(levels.eq(0)).mul_(mask[members]).mul_(alive)
            else:
                levels.div_(scales[-1]).round_().clamp_(-largest_level(bits), largest_level(bits))
        scale = scales[0] if len(scales) == 1 else torch.cat(scales)
        return integers, scale

    def fake(self, weight: Tensor, mask: Tensor) -> Tensor:
        """Return the quantised weights as floats, with a straight-through gradient to kept weights."""
        quantised: Tensor = _StraightThrough.apply(weight, mask, self)  # type: ignore[no-untyped-call]
        return quantised


@dataclass(frozen=True)
class JointGrid:
    """The grids of all connections that enter one population of a stack: their sums are in one unit.

    A step of connection c is worth S_j 2**e_c in output channel j, S being the population's and e_c >= 0 a whole
    number: so each connection uses its bits, and a device only shifts. e_c is the rounded mean of log2 of the scales
    that the connection's channels would have alone, less the least of all connections (e_c is at most 8: a connection
    whose weights are worth less than 2**-8 of another's has fewer levels); S_j is the largest scale of any connection
    at that (no level is clipped), or for grids of up to 4 bits, which clip anyway, their mean.

    Attributes:
        grids: One a connection.
        units: What one integer count of each connection's input is worth.
    """

    grids: tuple[Quantiser, ...]
    units: tuple[float, ...]

    def quantise(self, weights: Sequence[Tensor], masks: Sequence[Tensor]) -> Joint:
        """Return integers and scales.

        Args:
            weights: One a connection, [K, out, ...].
            masks: Likewise.
        """
        alone = [g.quantise(w, m) for g, w, m in zip(self.grids, weights, masks, strict=True)]
        worth = torch.stack([s.flatten(1).double() * u for (_, s), u in zip(alone, self.units, strict=True)])
        if len(alone) == 1:
            return Joint([alone[0][0]], worth[0], torch.zeros((1, len(worth[0])), dtype=torch.int64))
        per_channel = self.grids[0].per_channel
        alive = torch.stack([(q != 0).flatten(2 if per_channel else 1).any(-1) for q, _ in alone])
        alive = alive.view(worth.shape)
        logs = torch.where(alive, worth.log2(), 0.0).sum(2) / alive.sum(2).clamp_min(1)
        used, rounded = alive.any(2), logs.round()  # [connections, K]
        lowest = torch.where(used, rounded, torch.inf).amin(0)
        highest = torch.where(used, rounded, -torch.inf).amax(0)
        exponents = (rounded - torch.maximum(lowest, highest - MOST_APART)).clamp_min(0.0)
        exponents = torch.where(used, exponents, 0.0)
        shifted = torch.where(alive, worth * 2.0 ** -exponents.unsqueeze(2), 0.0)
        few = torch.tensor([all(g.bits[k] <= 4 for g in self.grids) for k in range(worth.shape[1])]).to(
            worth.device
        )
        mean = shifted.sum(0) / alive.sum(0).clamp_min(1)
        base = torch.where(few.unsqueeze(1), mean, shifted.amax(0))
        base = base.masked_fill(base == 0, 1.0)
        integers = []
        for c, (grid, weight, mask) in enumerate(zip(self.grids, weights, masks, strict=True)):
            scale = base * 2.0 ** exponents[c].unsqueeze(1) / self.units[c]
            ends = (1,) * (weight.dim() - 2)
            integers.append(grid.quantise_on(weight, mask, scale.to(weight.dtype).view(*scale.shape, *ends)))
        return Joint(integers, base, exponents.long())

    def fake(self, weights: Sequence[Tensor], masks: Sequence[Tensor]) -> list[Tensor]:
        """Return the quantised weights as floats, with a straight-through gradient to kept weights."""
        if len(weights) == 1:
            return [self.grids[0].fake(weights[0], masks[0])]
        with torch.no_grad():
            joint = self.quantise(weights, masks)
            values = []
            for c, (weight, integers) in enumerate(zip(weights, joint.integers, strict=True)):
                scale = joint.scale(c, self.units[c]).to(weight.dtype)
                values.append(integers * scale.view(*scale.shape, *(1,) * (weight.dim() - 2)))
        joined = zip(weights, masks, values, strict=True)
        return [Given.apply(*parts) for parts in joined]  # type: ignore[no-untyped-call]


@dataclass(frozen=True, eq=False)
class Joint:
    """Integers of all connections into one population of a stack.

    Attributes:
        integers: One a connection, [K, out, ...], as floats.
        base: [K, out or 1] float64: S, what a step of a connection with exponent 0 is worth in the current.
        exponents: [connections, K] e, at least 0.
    """

    integers: list[Tensor]
    base: Tensor
    exponents: Tensor

    def scale(self, connection: int, unit: float) -> Tensor:
        """Return [K, out or 1] float64: what one step of a connection's weight is worth in floats."""
        return self.base * 2.0 ** self.exponents[connection].unsqueeze(1) / unit


def largest_level(bits: int) -> int:
    """Return the largest integer of a grid: 1, 1, 3, 7, 31, 127, 32767."""
    return 1 if bits == 1 else 2 ** (bits - 1) - 1


def _scale(weight: Tensor, mask: Tensor, bits: int, dims: tuple[int, ...]) -> Tensor:
    """Return the scales of masked weights that share their bits; 1 where all are zero."""
    if bits == 1 or bits in STEP_OF_NORMAL:
        step = 1.0 if bits == 1 else STEP_OF_NORMAL[bits] / _MEAN_ABS
        # in double precision: then the order of the sum does not show
        total = weight.abs().sum(dims, keepdim=True, dtype=torch.float64).to(weight.dtype)
        scale = total.mul_(step) / mask.sum(dims, keepdim=True).clamp_min_(1)
    else:
        scale = weight.abs().amax(dims, keepdim=True) / largest_level(bits)
    return scale.masked_fill_(scale == 0, 1.0)


def _native(loops: ctypes.CDLL, weight: Tensor, mask: Tensor, grid: Quantiser) -> Tensor:
    """Return integers * scale, bit for bit as ``quantise`` gives them, in one pass."""
    out = torch.empty(weight.shape, dtype=weight.dtype)
    groups = weight.shape[1] if grid.per_channel else 1
    for bits, members in grid.runs:
        step = 1.0 if bits == 1 else STEP_OF_NORMAL.get(bits, 0.0) / _MEAN_ABS
        weights, masks = weight[members], mask[members]
        loops.quantise(
            weights.data_ptr(), masks.data_ptr(), out[members].data_ptr(),
            len(weights), groups, weights[0].numel() // groups,
            weights.stride(0), masks.stride(0), largest_level(bits), step, bits == 1, grid.over_all,
        )  # fmt: skip
    return out


class _StraightThrough(torch.autograd.Function):
    """integers * scale forward; the identity on kept weights backward."""

    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx, weight: Tensor, mask: Tensor, grid: Quantiser
    ) -> Tensor:
        ctx.save_for_backward(mask)
        if weight.device.type == "cpu" and weight[0].is_contiguous() and mask[0].is_contiguous():
            loops = library()
            if loops is not None:
                return _native(loops, weight, mask, grid)
        integers, scale = grid.quantise(weight, mask)
        return integers.mul_(scale)

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *grads: Tensor) -> tuple[Tensor, None, None]:
        (mask,) = ctx.saved_tensors  # type: ignore[attr-defined]
        return grads[0] * mask, None, None


class Given(torch.autograd.Function):
    """Values that were computed from the weights forward; the identity on kept weights backward."""

    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx, weight: Tensor, mask: Tensor, values: Tensor
    ) -> Tensor:
        """Return the values."""
        ctx.save_for_backward(mask)
        return values

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *grads: Tensor) -> tuple[Tensor, None, None]:
        """Return the gradient of kept weights."""
        (mask,) = ctx.saved_tensors  # type: ignore[attr-defined]
        return grads[0] * mask, None, None
