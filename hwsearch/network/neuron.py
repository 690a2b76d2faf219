"""The spiking neuron over all timesteps: a fused loop, and spikingjelly's neuron as the reference for it.

The leak is the integer model's, v - v / 2**k, so one dynamics serves training and device::

    h[t] = v[t-1] - v[t-1] / 2**k + x[t]          (k None: h[t] = v[t-1] + x[t])
    s[t] = h[t] >= threshold
    v[t] = 0 where s[t], else h[t]                (reset to zero)
    v[t] = h[t] - threshold * s[t]                (reset by subtraction)

Surrogate gradient: ATan with alpha 2, ds/dh = 1 / (1 + (pi (h - threshold))**2) (Fang et al. 2021), and the
reset is detached (Kim et al. 2022). Not for inference on integers: see `integer`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

Neuron = Callable[[Tensor, int], Tensor]


@dataclass(frozen=True)
class NeuronLaw:
    """The dynamics of a neuron.

    Attributes:
        leak_shift: k of the leak; None for integrate-and-fire.
        threshold: Firing threshold.
        reset: ``zero`` or ``subtract``.
    """

    leak_shift: int | None
    threshold: float
    reset: str

    @property
    def decay(self) -> float:
        """What one step keeps of the membrane: 1 - 2**-k."""
        return 1.0 if self.leak_shift is None else 1.0 - 2.0**-self.leak_shift


def fused(law: NeuronLaw) -> Neuron:
    """Return the fused neuron: (x, T) -> spikes [T, ...].

    x is [T, ...], or [...] when T > 0 is given: a constant current, as a static input gives it.
    """

    def fire(x: Tensor, timesteps: int = 0) -> Tensor:
        spikes: Tensor = _Fused.apply(x, timesteps, law)  # type: ignore[no-untyped-call]
        return spikes

    return fire


def spikingjelly_neuron(law: NeuronLaw) -> Neuron:
    """Return spikingjelly's multi-step neuron with the same dynamics, surrogate and detached reset."""
    from spikingjelly.activation_based import functional
    from spikingjelly.activation_based import neuron as sj
    from spikingjelly.activation_based.surrogate import ATan

    reset = 0.0 if law.reset == "zero" else None
    node = spikingjelly_node(law, sj, ATan(alpha=2.0), reset)

    def fire(x: Tensor, timesteps: int = 0) -> Tensor:
        sequence = x.unsqueeze(0).expand(timesteps, *x.shape).contiguous() if timesteps else x
        spikes: Tensor = node(sequence)
        functional.reset_net(node)
        return spikes

    return fire


def spikingjelly_node(law: NeuronLaw, sj: Any, surrogate: Any, reset: float | None) -> Any:
    """Return the spikingjelly module of a law (multi-step)."""
    common = {
        "v_threshold": float(law.threshold),
        "v_reset": reset,
        "surrogate_function": surrogate,
        "detach_reset": True,
        "step_mode": "m",
    }
    if law.leak_shift is None:
        return sj.IFNode(**common)
    return sj.LIFNode(tau=2.0**law.leak_shift, decay_input=False, **common)


class _Fused(torch.autograd.Function):
    """One autograd node for the loop over T; keeps h, and the spikes that are its output."""

    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx, x: Tensor, timesteps: int, law: NeuronLaw
    ) -> Tensor:
        static = timesteps > 0
        steps = timesteps if static else x.shape[0]
        h = x.new_empty((steps, *x.shape)) if static else torch.empty_like(x)
        spikes = torch.empty_like(h)
        membrane: Tensor | None = None
        for t in range(steps):
            current = x if static else x[t]
            if membrane is None:
                h[t].copy_(current)
            else:
                torch.add(current, membrane, alpha=law.decay, out=h[t])
            torch.ge(h[t], law.threshold, out=spikes[t])
            if t < steps - 1:
                if law.reset == "zero":
                    membrane = torch.addcmul(h[t], h[t], spikes[t], value=-1)
                else:
                    membrane = torch.add(h[t], spikes[t], alpha=-law.threshold)
        ctx.save_for_backward(h, spikes)
        ctx.law, ctx.static = law, static  # type: ignore[attr-defined]
        return spikes

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *grads: Tensor) -> tuple[Tensor, None, None]:
        h, spikes = ctx.saved_tensors  # type: ignore[attr-defined]
        law, static = ctx.law, ctx.static  # type: ignore[attr-defined]
        one, dx = h.new_ones(()), torch.empty_like(h)
        for t in range(h.shape[0] - 1, -1, -1):
            # one timestep after the other, all its passes while it is in the cache
            above = h[t] - law.threshold
            torch.div(grads[0][t], torch.addcmul(one, above, above, value=math.pi**2), out=dx[t])
            if t < h.shape[0] - 1:
                # dv/dh is 1 - s for a reset to zero and 1 for one by subtraction, the reset being detached
                back = dx[t + 1]
                if law.reset == "zero":
                    back = torch.addcmul(back, back, spikes[t], value=-1)
                dx[t].add_(back, alpha=law.decay)
        return (dx.sum(0) if static else dx), None, None
