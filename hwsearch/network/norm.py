"""Batch normalisation of a stack: each candidate's channels by its own statistics.

In training, over S samples (timesteps included) and M positions of a map::

    y = (x - mean) / sqrt(var + eps) * gain + shift,   running <- running + momentum (mean, var S M / (S M - 1))

In evaluation by the running statistics. In C where that is compiled, with sums in double precision; else in torch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from hwsearch.native.library import library

EPS = 1e-5


@dataclass(frozen=True, eq=False)
class Running:
    """Running statistics of one layer of a stack; training writes into them.

    Attributes:
        mean, variance: [K, C].
    """

    mean: Tensor
    variance: Tensor


def normalise(x: Tensor, gain: Tensor, shift: Tensor, running: Running, momentum: float | None) -> Tensor:
    """Return normalised currents, like x.

    Args:
        x: [K, S, C] or [K, S, C, H, W].
        gain: [K, C]; likewise shift.
        shift: See ``gain``.
        running: Statistics.
        momentum: Share of this batch in the running statistics; None: evaluation.
    """
    if momentum is None:
        scale = gain * torch.rsqrt(running.variance + EPS)
        return x * _spread(scale, x) + _spread(shift - running.mean * scale, x)
    if x.device.type == "cpu" and x.dtype == torch.float32 and library() is not None:
        y: Tensor = _Native.apply(x.contiguous(), gain, shift, running, momentum)  # type: ignore[no-untyped-call]
        return y
    dims = (1, *range(3, x.dim()))
    variance, mean = torch.var_mean(x, dims, correction=0)
    with torch.no_grad():
        n = x[0].numel() // x.shape[2]
        running.mean.lerp_(mean, momentum)
        running.variance.lerp_(variance * (n / max(1, n - 1)), momentum)
    scale = gain * torch.rsqrt(variance + EPS)
    return x * _spread(scale, x) + _spread(shift - mean * scale, x)


def _spread(values: Tensor, like: Tensor) -> Tensor:
    """Return [K, C] values in a shape that goes with currents."""
    return values.view(len(values), 1, -1, *(1,) * (like.dim() - 3))


class _Native(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx,
        x: Tensor,
        gain: Tensor,
        shift: Tensor,
        running: Running,
        momentum: float,
    ) -> Tensor:
        loops = library()
        assert loops is not None
        size, samples, channels = x.shape[:3]
        y, statistics = torch.empty_like(x), x.new_empty((size, 2, channels))
        for k in range(size):
            tensors = (x[k], y[k], gain[k], shift[k], running.mean[k], running.variance[k], statistics[k])
            pointers = [tensor.data_ptr() for tensor in tensors]
            loops.norm_forward(*pointers, samples, channels, math.prod(x.shape[3:]), momentum, EPS)
        ctx.save_for_backward(x, gain, statistics)
        return y

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, gain, statistics = ctx.saved_tensors  # type: ignore[attr-defined]
        loops = library()
        assert loops is not None
        size, samples, channels = x.shape[:3]
        grad, dx = grads[0].contiguous(), torch.empty_like(x)
        dgain, dshift = x.new_empty((size, channels)), x.new_empty((size, channels))
        for k in range(size):
            tensors = (grad[k], x[k], statistics[k], gain[k], dx[k], dgain[k], dshift[k])
            pointers = [tensor.data_ptr() for tensor in tensors]
            loops.norm_backward(*pointers, samples, channels, math.prod(x.shape[3:]))
        return dx, dgain, dshift, None, None
