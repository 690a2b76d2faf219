"""The fused neuron as two Triton kernels: all timesteps of a block of neurons in registers, forward and backward.

The dynamics and the surrogate are those of `neuron`. Needs Triton (it comes with torch's CUDA builds). On a CPU it
runs in Triton's interpreter only, where the tests hold it against the loop in torch.
"""

from __future__ import annotations

import math

import torch
import triton
import triton.language as tl
from torch import Tensor

from hwsearch.graph.neuron_law import NeuronLaw

_BLOCK = 512


def fire(x: Tensor, timesteps: int, law: NeuronLaw) -> Tensor:
    """Return spikes [K, T, ...] of currents x [K, T, ...], or [K, ...] constant over T > 0 timesteps."""
    spikes: Tensor = _Triton.apply(x.contiguous(), timesteps, law)  # type: ignore[no-untyped-call]
    return spikes


class _Triton(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx, x: Tensor, timesteps: int, law: NeuronLaw
    ) -> Tensor:
        shape = (x.shape[0], timesteps, *x.shape[1:]) if timesteps else tuple(x.shape)
        h, spikes = x.new_empty(shape), x.new_empty(shape)
        n = math.prod(shape[2:])
        grid = (triton.cdiv(n, _BLOCK), shape[0])
        settings = {
            "T": shape[1], "CONSTANT": timesteps > 0, "SUBTRACT": law.reset == "subtract", "BLOCK": _BLOCK,
        }  # fmt: skip
        _forward[grid](x, h, spikes, n, law.decay, law.threshold, **settings)
        ctx.save_for_backward(h)
        ctx.law, ctx.settings, ctx.shape = law, settings, x.shape  # type: ignore[attr-defined]
        return spikes

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (h,) = ctx.saved_tensors  # type: ignore[attr-defined]
        law, n = ctx.law, math.prod(h.shape[2:])  # type: ignore[attr-defined]
        dx = h.new_empty(ctx.shape)  # type: ignore[attr-defined]
        grid = (triton.cdiv(n, _BLOCK), h.shape[0])
        _backward[grid](
            grads[0].contiguous(), h, dx, n, law.decay, law.threshold, math.pi**2, **ctx.settings  # type: ignore[attr-defined]
        )  # fmt: skip
        return dx, None, None


@triton.jit  # type: ignore[untyped-decorator]
def _forward(  # type: ignore[no-untyped-def]
    x, h, spikes, n, decay, threshold,
    T: tl.constexpr, CONSTANT: tl.constexpr, SUBTRACT: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Fire: x [K, T, n] or [K, n], h and spikes [K, T, n]."""
    candidate = tl.program_id(1).to(tl.int64)
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    membrane = tl.zeros([BLOCK], tl.float32)
    for t in range(T):
        place = (candidate * T + t) * n + at
        source = candidate * n + at if CONSTANT else place
        potential = membrane * decay + tl.load(x + source, mask=inside, other=0.0)
        fired = potential >= threshold
        tl.store(h + place, potential, mask=inside)
        tl.store(spikes + place, fired.to(tl.float32), mask=inside)
        reset = potential - threshold if SUBTRACT else 0.0
        membrane = tl.where(fired, reset, potential)


@triton.jit  # type: ignore[untyped-decorator]
def _backward(  # type: ignore[no-untyped-def]
    grad, h, dx, n, decay, threshold, square,
    T: tl.constexpr, CONSTANT: tl.constexpr, SUBTRACT: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Go back through fire: grad and h [K, T, n], dx [K, T, n] or [K, n]."""
    candidate = tl.program_id(1).to(tl.int64)
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    after = tl.zeros([BLOCK], tl.float32)
    total = tl.zeros([BLOCK], tl.float32)
    for back in range(T):
        place = (candidate * T + (T - 1 - back)) * n + at
        potential = tl.load(h + place, mask=inside, other=0.0)
        above = potential - threshold
        surrogate = tl.load(grad + place, mask=inside, other=0.0) / (square * above * above + 1.0)
        passed = after if SUBTRACT else tl.where(potential >= threshold, 0.0, after)
        after = surrogate + passed * decay
        total += after
        if not CONSTANT:
            tl.store(dx + place, after, mask=inside)
    if CONSTANT:
        tl.store(dx + candidate * n + at, total, mask=inside)
