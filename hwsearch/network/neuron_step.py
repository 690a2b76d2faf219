"""The spiking neuron of one timestep, for populations that are taken through time together with others.

The dynamics and the surrogate are those of `neuron`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.network.neuron import spikingjelly_node

StepNeuron = Callable[[Tensor, Tensor | None], tuple[Tensor, Tensor]]
"""(x [...] of a timestep, the membrane before it) -> its spikes and its membrane after them"""


def step_neuron(law: NeuronLaw) -> StepNeuron:
    """Return the neuron of one timestep, for populations that are taken through time with others."""

    def fire(x: Tensor, membrane: Tensor | None) -> tuple[Tensor, Tensor]:
        fired, after = _Step.apply(x, membrane, law)  # type: ignore[no-untyped-call]
        return fired, after

    return fire


def spikingjelly_step(law: NeuronLaw) -> StepNeuron:
    """Return spikingjelly's neuron of one timestep."""
    node = spikingjelly_node(law)
    node.step_mode = "s"

    def fire(x: Tensor, membrane: Tensor | None) -> tuple[Tensor, Tensor]:
        node.v = torch.zeros_like(x) if membrane is None else membrane
        fired: Tensor = node(x)
        return fired, node.v

    return fire


class _Step(torch.autograd.Function):
    """One timestep in torch; products and sums apart, as a fused pair may round the end of a tensor otherwise."""

    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx, x: Tensor, membrane: Tensor | None, law: NeuronLaw
    ) -> tuple[Tensor, Tensor]:
        h = x if membrane is None else membrane * law.decay + x
        fired = (h >= law.threshold).to(h.dtype)
        ctx.save_for_backward(h, fired)
        ctx.law = law  # type: ignore[attr-defined]
        return fired, h * (1 - fired) if law.reset == "zero" else h - law.threshold * fired

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *grads: Tensor) -> tuple[Tensor | None, ...]:
        h, fired = ctx.saved_tensors  # type: ignore[attr-defined]
        law = ctx.law  # type: ignore[attr-defined]
        above = (h - law.threshold) * math.pi
        passed = grads[1] * (1 - fired) if law.reset == "zero" else grads[1]
        dx = grads[0] / (above * above + 1) + passed
        return dx, dx * law.decay if ctx.needs_input_grad[1] else None, None  # type: ignore[attr-defined]
