"""The spiking neuron over all timesteps: a fused loop, and spikingjelly's neuron as the reference for it.

The dynamics are those of `graph.neuron_law`. Surrogate gradient: ATan with alpha 2,
ds/dh = 1 / (1 + (pi (h - threshold))**2)
(Fang et al. 2021), and the reset is detached (Kim et al. 2022). Not for inference on integers: see `integer`.

The fused loop runs in C where that is compiled (`native`), as one Triton kernel on a GPU (`neuron_gpu`), else in torch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from hwsearch.graph.graph import NO_POOLING, Pooling
from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.native.library import BLOCK, library

Neuron = Callable[[Tensor, int], Tensor]
"""(x [T, ...], 0) or (x [...], T) -> spikes [T, ...]"""


@dataclass(frozen=True)
class Pool:
    """What is made of the spikes of a population where they arise.

    Attributes:
        pooling: Of each map; floats take the mean where the machine takes the sum.
        shares: What each timestep counts in the mean that is given: all that a linear readout needs. Empty: every
            timestep is given.
    """

    pooling: Pooling = NO_POOLING
    shares: tuple[float, ...] = ()

    @property
    def uniform(self) -> bool:
        """Whether all timesteps count alike."""
        return len(set(self.shares)) == 1


NO_POOL = Pool()
StackNeuron = Callable[[Tensor, int, Pool], Tensor]
"""(x [K, T, ...], 0) or (x [K, ...], T) -> pooled spikes [K, T, ...], or [K, ...] where they are averaged"""


def fused(law: NeuronLaw) -> Neuron:
    """Return the fused neuron: (x, T) -> spikes [T, ...].

    x is [T, ...], or [...] when T > 0 is given: a constant current, as a static input gives it.
    """
    stacked = fused_stack(law)

    def fire(x: Tensor, timesteps: int = 0) -> Tensor:
        return stacked(x.unsqueeze(0), timesteps, NO_POOL)[0]

    return fire


def fused_stack(law: NeuronLaw) -> StackNeuron:
    """Return the fused neuron of a stack, with the pooling behind it."""

    def fire(x: Tensor, timesteps: int, pool: Pool = NO_POOL) -> Tensor:
        x = x.contiguous()
        fits = pool.pooling.area == 1 or x.shape[-2] * x.shape[-1] <= BLOCK
        if fits and x.dtype == torch.float32 and x.device.type == "cpu" and library() is not None:
            spikes: Tensor = _Native.apply(x, timesteps, law, pool)  # type: ignore[no-untyped-call]
            return spikes
        triton = _triton() if x.device.type == "cuda" else None
        if triton is not None:
            return pooled(triton(x, timesteps, law), pool)
        return pooled(_Torch.apply(x, timesteps, law), pool)  # type: ignore[no-untyped-call]

    return fire


@cache
def _triton() -> Callable[[Tensor, int, NeuronLaw], Tensor] | None:
    """Return the neuron as Triton kernels, or None where Triton is not installed."""
    if find_spec("triton") is None:
        return None
    from hwsearch.network import neuron_gpu

    return neuron_gpu.fire


def spikingjelly_stack(law: NeuronLaw) -> StackNeuron:
    """Return spikingjelly's neuron for a stack, with torch's pooling behind it."""
    neuron = spikingjelly_neuron(law)

    def fire(x: Tensor, timesteps: int, pool: Pool = NO_POOL) -> Tensor:
        spikes = neuron(x if timesteps else x.transpose(0, 1), timesteps)  # time first, then candidates
        return pooled(spikes.transpose(0, 1).contiguous(), pool)

    return fire


def pooled(spikes: Tensor, pool: Pool) -> Tensor:
    """Return pooled spikes [K, T, B, C, H, W]; any other shape where there is no window."""
    if pool.pooling.area > 1:
        out = pooled_maps(spikes.flatten(0, 2), pool.pooling)
        spikes = out.view(*spikes.shape[:3], *out.shape[1:])
    return over_time(spikes, pool) if pool.shares else spikes


def pooled_maps(maps: Tensor, pooling: Pooling) -> Tensor:
    """Return pooled maps [N, C, H, W]."""
    if pooling.area == 1:
        return maps
    pool = F.max_pool2d if pooling.kind == "max" else F.avg_pool2d
    return pool(maps, pooling.window)


def over_time(values: Tensor, pool: Pool) -> Tensor:
    """Return the weighted mean over the timesteps of values [K, T, ...]."""
    if pool.uniform:
        return values.mean(1)
    total: Tensor | None = None
    for t, share in enumerate(pool.shares):
        # products and sums apart: fused, the last, incomplete vector of a tensor may be rounded otherwise
        if share > 0:
            part = values[:, t] * share
            total = part if total is None else total + part
    assert total is not None
    return total


def spikingjelly_neuron(law: NeuronLaw) -> Neuron:
    """Return spikingjelly's multi-step neuron with the same dynamics, surrogate and detached reset."""
    from spikingjelly.activation_based import functional

    node = spikingjelly_node(law)

    def fire(x: Tensor, timesteps: int = 0) -> Tensor:
        sequence = x.unsqueeze(0).expand(timesteps, *x.shape).contiguous() if timesteps else x
        spikes: Tensor = node(sequence)
        functional.reset_net(node)
        return spikes

    return fire


def spikingjelly_node(law: NeuronLaw) -> Any:
    """Return the spikingjelly module of a law (multi-step)."""
    from spikingjelly.activation_based import neuron
    from spikingjelly.activation_based.surrogate import ATan

    common = {
        "v_threshold": float(law.threshold),
        "v_reset": 0.0 if law.reset == "zero" else None,
        "surrogate_function": ATan(alpha=2.0),
        "detach_reset": True,
        "step_mode": "m",
    }
    if law.leak_shift is None:
        return neuron.IFNode(**common)
    return neuron.LIFNode(tau=2.0**law.leak_shift, decay_input=False, **common)


class _Native(torch.autograd.Function):
    """The loop in C, neuron and pooling in one; keeps h alone."""

    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx, x: Tensor, timesteps: int, law: NeuronLaw, pool: Pool
    ) -> Tensor:
        loops = library()
        assert loops is not None
        shape = (x.shape[0], timesteps, *x.shape[1:]) if timesteps else tuple(x.shape)
        maps, size = shape[2:], (1, 1)
        if pool.pooling.area > 1:
            size = shape[-2], shape[-1]
            maps = (*maps[:-2], *pool.pooling.pooled(size))
        h = x.new_empty(shape)
        spikes = x.new_empty((shape[0], *maps) if pool.shares else (*shape[:2], *maps))
        # kept by the context as long as the loops read it
        ctx.shares = None if pool.uniform or not pool.shares else x.new_tensor(pool.shares)  # type: ignore[attr-defined]
        settings = (
            None if ctx.shares is None else ctx.shares.data_ptr(),  # type: ignore[attr-defined]
            shape[0], shape[1], math.prod(shape[2:]), timesteps > 0, bool(pool.shares), *size, *pool.pooling.window,
            pool.pooling.kind != "max", law.decay, law.threshold, law.reset == "subtract",
        )  # fmt: skip
        loops.fire_forward(x.data_ptr(), h.data_ptr(), spikes.data_ptr(), *settings)
        ctx.save_for_backward(h)
        ctx.settings, ctx.shape = settings, x.shape  # type: ignore[attr-defined]
        return spikes

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (h,) = ctx.saved_tensors  # type: ignore[attr-defined]
        loops = library()
        assert loops is not None
        dx, grad = h.new_empty(ctx.shape), grads[0].contiguous()  # type: ignore[attr-defined]
        loops.fire_backward(grad.data_ptr(), h.data_ptr(), dx.data_ptr(), *ctx.settings)  # type: ignore[attr-defined]
        return dx, None, None, None


class _Torch(torch.autograd.Function):
    """One autograd node for the loop over T, in torch; keeps h, and the spikes that are its output."""

    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx, x: Tensor, timesteps: int, law: NeuronLaw
    ) -> Tensor:
        static = timesteps > 0
        h = x.new_empty((x.shape[0], timesteps, *x.shape[1:])) if static else torch.empty_like(x)
        spikes = torch.empty_like(h)
        membrane: Tensor | None = None
        for t in range(h.shape[1]):
            current, potential = x if static else x[:, t], h[:, t]
            if membrane is None:
                potential.copy_(current)
            else:
                torch.add(current, membrane, alpha=law.decay, out=potential)
            torch.ge(potential, law.threshold, out=spikes[:, t])
            if law.reset == "zero":
                membrane = torch.addcmul(potential, potential, spikes[:, t], value=-1)
            else:
                membrane = torch.add(potential, spikes[:, t], alpha=-law.threshold)
        ctx.save_for_backward(h, spikes)
        ctx.law, ctx.static = law, static  # type: ignore[attr-defined]
        return spikes

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *grads: Tensor) -> tuple[Tensor | None, ...]:
        h, spikes = ctx.saved_tensors  # type: ignore[attr-defined]
        law, static = ctx.law, ctx.static  # type: ignore[attr-defined]
        unit, dx = h.new_ones(()), torch.empty_like(h)
        for t in range(h.shape[1] - 1, -1, -1):
            # one timestep after the other, all its passes while it is in the cache
            above, gradient = h[:, t] - law.threshold, dx[:, t]
            torch.div(grads[0][:, t], torch.addcmul(unit, above, above, value=math.pi**2), out=gradient)
            if t < h.shape[1] - 1:
                # dv/dh is 1 - s for a reset to zero and 1 for one by subtraction, the reset being detached
                back = dx[:, t + 1]
                if law.reset == "zero":
                    back = torch.addcmul(back, back, spikes[:, t], value=-1)
                gradient.add_(back, alpha=law.decay)
        if not static:
            return dx, None, None
        total = dx[:, -1].clone()
        for t in range(h.shape[1] - 2, -1, -1):
            total += dx[:, t]
        return total, None, None
