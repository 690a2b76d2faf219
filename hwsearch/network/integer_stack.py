"""Populations and connections of a stack of integer networks as tensors, in floats that are wide enough to be exact.

Channels that a network of the stack does not have are zero: nothing feeds them, and nothing reads them. What is
computed with them: `integer_steps`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from hwsearch.graph.graph import Connection, Population
from hwsearch.network.integers import (
    IntegerConnection,
    IntegerNetwork,
    NeededBits,
    half_step,
    largest_value,
    needed_bits,
)


@dataclass(frozen=True, eq=False)
class StackedConnection:
    """One connection of every network.

    Attributes:
        shape: What it joins, with as many channels as any network has.
        weight: [K, out, in] or [K, out, in / groups, kh, kw].
        gain: [K, 1, 1(, 1, 1)], 2**f.
        half: Likewise, what is added before a shift to the right; None where none is.
    """

    shape: Connection
    weight: Tensor
    gain: Tensor
    half: Tensor | None


@dataclass(frozen=True, eq=False)
class StackedPopulation:
    """One population of every network.

    Attributes:
        shape: Its map and law, with as many channels as any network has.
        connections: Those that enter it.
        bias: [K, 1, 1, C(, 1, 1)].
        threshold: [K, 1, C(, 1, 1)]; None for the readout.
        clips_sums, clips_membranes: Whether a sum, and a membrane, can leave its width.
    """

    shape: Population
    connections: tuple[StackedConnection, ...]
    bias: Tensor
    threshold: Tensor | None
    clips_sums: bool
    clips_membranes: bool


def stack_populations(networks: Sequence[IntegerNetwork], device: str) -> list[StackedPopulation]:
    """Return the populations of networks that differ in their integers and numbers of channels only.

    Raises:
        ValueError: A sum is too large for any float to hold it exactly.
    """
    first = networks[0]
    needs = [list(needed_bits(network)) for network in networks]
    stacked = []
    for place in range(len(first.populations)):
        need = [each[place] for each in needs]
        incoming = [network.entering(place) for network in networks]
        exact = torch.empty(0, device=device, dtype=_exact_float(networks, place, incoming, need))
        stacked.append(_population(networks, place, incoming, need, exact))
    return stacked


def _exact_float(
    networks: Sequence[IntegerNetwork],
    place: int,
    incoming: Sequence[Sequence[IntegerConnection]],
    needs: Sequence[NeededBits],
) -> torch.dtype:
    """Return the floats in which every number on a population's way is exact."""
    first = networks[0]
    sums = max(
        sum(
            int(np.abs(c.weight.astype(np.int64)).reshape(len(c.weight), -1).sum(1).max())
            * largest_value(c.shape, first.input, first.timesteps)
            << max(c.fraction_bits, 0)
            for c in connections
        )
        for connections in incoming
    )
    half = max(half_step(c.fraction_bits) for connections in incoming for c in connections)
    bits = max(max(need.sums, need.membrane) for need in needs)
    thresholds = [network.populations[place].threshold for network in networks]
    lowest = min((int(threshold.min()) for threshold in thresholds if threshold is not None), default=0)
    if sums + half < 2**24 and bits <= 24 and lowest >= 0:
        return torch.float32
    if sums + half >= 2**53 or bits > 53:
        raise ValueError(f"sums of {needs[0].name} must be below 2**53 to be exact; they reach {sums + half}")
    return torch.float64


def _population(
    networks: Sequence[IntegerNetwork],
    place: int,
    incoming: Sequence[Sequence[IntegerConnection]],
    needs: Sequence[NeededBits],
    exact: Tensor,
) -> StackedPopulation:
    """Return one population of every network as one, its tensors of the kind of ``exact`` and on its device."""
    first, members = networks[0], [network.populations[place] for network in networks]
    channels = max(len(member.bias) for member in members)
    shape = replace(members[0].shape, channels=channels)
    ends = () if shape.flat else (1, 1)
    bias, threshold = np.zeros((len(members), channels)), np.ones((len(members), channels))
    for k, member in enumerate(members):
        bias[k, : len(member.bias)] = member.bias
        if member.threshold is not None:
            threshold[k, : len(member.threshold)] = member.threshold
    thresholds = torch.from_numpy(threshold).to(exact).view(len(members), 1, channels, *ends)
    return StackedPopulation(
        shape=shape,
        connections=tuple(_connection(same, channels, ends, exact) for same in zip(*incoming, strict=True)),
        bias=torch.from_numpy(bias).to(exact).view(len(members), 1, 1, channels, *ends),
        threshold=None if members[0].threshold is None else thresholds,
        clips_sums=max(need.sums for need in needs) > first.accumulator_bits,
        clips_membranes=max(need.membrane for need in needs) > first.state_bits,
    )


def _connection(
    members: Sequence[IntegerConnection], channels: int, ends: tuple[int, ...], exact: Tensor
) -> StackedConnection:
    """Return one connection of every network as one, into a population of so many channels."""
    n_inputs = max(c.shape.in_channels for c in members)
    depthwise = any(c.shape.groups > 1 for c in members)
    shape = replace(
        members[0].shape, in_channels=n_inputs, out_channels=channels, groups=n_inputs if depthwise else 1
    )
    weight = np.zeros((len(members), *shape.weight_shape))
    for k, c in enumerate(members):
        weight[k, : len(c.weight), : c.weight.shape[1]] = c.weight
    scalars = (len(members), 1, 1, *ends)
    gain = np.array([2.0**c.fraction_bits for c in members]).reshape(scalars)
    half = np.array([float(half_step(c.fraction_bits)) for c in members]).reshape(scalars)
    return StackedConnection(
        shape=shape,
        weight=torch.from_numpy(weight).to(exact),
        gain=torch.from_numpy(gain).to(exact),
        half=torch.from_numpy(half).to(exact) if half.any() else None,
    )
