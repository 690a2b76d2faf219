"""Populations that feed each other (or themselves) one timestep later: they are taken through time together.

What the others bring is computed for all timesteps before; inside the loop are the connections between the members, and
the neurons. A flat population that feeds itself alone has a loop of its own (`recurrent`). Normalisation has no place
here: its statistics would be known only after the last timestep.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from hwsearch.graph.graph import NO_POOLING, Connection, Population
from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.native.library import BLOCK, library
from hwsearch.network.flow import carried
from hwsearch.network.neuron import Pool, pooled
from hwsearch.network.neuron_step import StepNeuron
from hwsearch.network.products import apart


@dataclass(frozen=True, eq=False)
class Member:
    """A population of a group.

    Attributes:
        place: In the network.
        population: Its shape and law.
        outside: What connections from outside of the group bring, bias included: [K, T, B, ...], or [K, B, ...] where
            it stays the same.
        constant: Whether it stays the same.
    """

    place: int
    population: Population
    outside: Tensor
    constant: bool


@dataclass(frozen=True, eq=False)
class Circle:
    """A group of populations and the connections among them.

    Attributes:
        members: In the order of a timestep.
        connections: Those from a member to a member.
        weights: Theirs, [K, ...].
    """

    members: Sequence[Member]
    connections: Sequence[Connection]
    weights: Sequence[Tensor]


def through_time(circle: Circle, timesteps: int, step: Callable[[NeuronLaw], StepNeuron]) -> list[Tensor]:
    """Return the spikes [K, T, B, ...] of each member, timestep by timestep."""
    if _alone(circle):
        member, (weight,) = circle.members[0], circle.weights
        assert member.population.law is not None
        return [recurrent(member.outside, weight, member.population.law, timesteps)]
    neurons = {}
    for member in circle.members:
        assert member.population.law is not None
        neurons[member.place] = step(member.population.law)
    membranes: dict[int, Tensor | None] = {member.place: None for member in circle.members}
    spikes: dict[int, list[Tensor]] = {member.place: [] for member in circle.members}
    for t in range(timesteps):
        for member in circle.members:
            current = _current(circle, member, spikes, t)
            fired, membranes[member.place] = neurons[member.place](current, membranes[member.place])
            spikes[member.place].append(fired)
    return [torch.stack(spikes[member.place], 1) for member in circle.members]


def _alone(circle: Circle) -> bool:
    """Return whether the loop for one population does it all."""
    outside, flat = circle.members[0].outside, circle.members[0].population.flat
    fits = len(circle.members) == len(circle.connections) == 1 and flat and outside.shape[-1] <= BLOCK
    fused = (
        circle.connections[0].kind == "fc" and outside.device.type == "cpu" and outside.dtype == torch.float32
    )
    return fits and fused and library() is not None


def _current(circle: Circle, member: Member, spikes: dict[int, list[Tensor]], t: int) -> Tensor:
    """Return the current [K, B, ...] of a member at a timestep."""
    current = member.outside if member.constant else member.outside[:, t]
    for connection, weight in zip(circle.connections, circle.weights, strict=True):
        if connection.target == member.place and t >= connection.delay:
            read = spikes[connection.source][t - connection.delay]
            if connection.pooling != NO_POOLING:
                read = pooled(read.unsqueeze(1), Pool(connection.pooling))[:, 0]
            current = current + carried(connection, member.population, read, weight, None)
    return current


def recurrent(outside: Tensor, weight: Tensor, law: NeuronLaw, timesteps: int) -> Tensor:
    """Return the spikes [K, T, B, n] of a flat population that feeds itself one timestep later.

    Args:
        outside: Current from elsewhere, [K, T, B, n], or [K, B, n] where it stays the same.
        weight: [K, n, n], from all to each.
        law: Of its neurons.
        timesteps: T.
    """
    spikes: Tensor = _Recurrent.apply(outside.contiguous(), weight, law, timesteps)  # type: ignore[no-untyped-call]
    return spikes


class _Recurrent(torch.autograd.Function):
    """All timesteps in C, forward and backward; keeps h alone."""

    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx,
        outside: Tensor,
        weight: Tensor,
        law: NeuronLaw,
        timesteps: int,
    ) -> Tensor:
        loops = library()
        assert loops is not None
        constant, (samples, n) = outside.dim() == 3, outside.shape[-2:]
        shape = len(outside), timesteps, samples, n
        h, spikes = outside.new_empty(shape), outside.new_empty(shape)
        back = weight.transpose(1, 2).contiguous()
        pointers = [tensor.data_ptr() for tensor in (outside, back, h, spikes)]
        neuron = law.decay, law.threshold, law.reset == "subtract"
        loops.recurrent_forward(*pointers, *shape, constant, *neuron)
        ctx.save_for_backward(h, weight)
        ctx.constant, ctx.neuron = constant, neuron  # type: ignore[attr-defined]
        return spikes

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *grads: Tensor) -> tuple[Tensor | None, ...]:
        h, weight = ctx.saved_tensors  # type: ignore[attr-defined]
        every = [
            _back(apart(grads[0], k), apart(h, k), apart(weight, k), ctx.neuron)  # type: ignore[attr-defined]
            for k in range(len(h))
        ]
        dx, dback = (torch.stack(parts) for parts in zip(*every, strict=True))
        if ctx.constant:  # type: ignore[attr-defined]
            total = dx[:, 0].clone()
            for t in range(1, dx.shape[1]):
                total += dx[:, t]
            dx = total
        return dx, dback.transpose(1, 2), None, None


def _back(
    grad: Tensor, h: Tensor, weight: Tensor, neuron: tuple[float, float, bool]
) -> tuple[Tensor, Tensor]:
    """Return one candidate's gradients of the current [T, B, n], and of the weights, transposed.

    The products are torch's, timestep by timestep.
    """
    loops = library()
    assert loops is not None
    dx, dback, passed = torch.empty_like(h), torch.zeros_like(weight), torch.empty_like(h[0])
    for t in range(len(h) - 1, -1, -1):
        last = t == len(h) - 1
        g = grad[t] if last else torch.addmm(grad[t], dx[t + 1], weight, out=passed)
        after = None if last else dx[t + 1].data_ptr()
        loops.recurrent_backward(
            g.data_ptr(), h[t].data_ptr(), dx[t].data_ptr(), after, dback.data_ptr(), *h.shape[1:], *neuron
        )
    return dx, dback
