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
from hwsearch.network.flow import carried
from hwsearch.network.neuron import Pool, StepNeuron, pooled


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
