"""A trained network's floats run as they are: no masks, no quantiser, every current and membrane there to be seen.

Not for training and not for accuracy: `network.stack` is what is trained, and keeps no more than gradients need.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from hwsearch.graph.graph import INPUT, Connection, NetworkSpec
from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.graph.order import components, entering, reading, steps_in_time
from hwsearch.network.flow import late
from hwsearch.network.neuron import fused, pooled_maps
from hwsearch.network.neuron_step import step_neuron
from hwsearch.network.params import Params
from hwsearch.network.recurrence import Circle, Member, through_time
from hwsearch.train.inputs import as_input

_EPS = 1e-5


@dataclass(frozen=True, eq=False)
class Observed:
    """What happened in one population. Time is the first axis: T long, or 1 where nothing changes.

    Attributes:
        inputs: What arrived, by the place of the connection: [T, N, in], or [T, N, in, H, W] before a filter.
        current: [T, N, C(, H, W)], normalised.
        membrane: Likewise, before the reset; the current for the readout.
        gain: [C] what batch normalisation multiplies the sum with.
    """

    inputs: Mapping[int, Tensor]
    current: Tensor
    membrane: Tensor
    gain: Tensor


def float_run(
    spec: NetworkSpec, params: Params, x: np.ndarray, timesteps: int
) -> Iterator[tuple[int, Observed]]:
    """Run a network in evaluation mode and yield each population's place and what happened there.

    Args:
        spec: The architecture.
        params: Trained floats.
        x: Unsigned inputs, [N, C, H, W] or [N, T0, C, H, W].
        timesteps: T.
    """
    floats = as_input(x, spec.input, timesteps)
    spikes = {INPUT: floats.unsqueeze(0) if spec.input.still else floats.transpose(0, 1)}
    unread = {p: set(reading(spec.connections, p)) for p in (INPUT, *range(len(spec.populations)))}
    for group in components(len(spec.populations), spec.connections):
        if steps_in_time(group, spec.connections):
            spikes |= _in_steps(spec, params, group, spikes, timesteps)
        for place in group:
            observed = _observed(spec, params, place, spikes, timesteps)
            yield place, observed
            for source in list(spikes):  # what all have read is dropped: a deep network's spikes are many
                unread[source] -= set(observed.inputs)
                if not unread[source] and source not in group:
                    del spikes[source]


def _observed(
    spec: NetworkSpec, params: Params, place: int, spikes: dict[int, Tensor], timesteps: int
) -> Observed:
    """Return what happens in a population; its spikes are added to those that are known, if they are not there."""
    law, incoming = spec.populations[place].law, entering(spec.connections, place)
    inputs = {i: arriving(spec, i, spikes, timesteps) for i in incoming}
    gain, offset = _affine(params, place)
    shape = (-1,) if spec.populations[place].flat else (-1, 1, 1)
    current = _total(spec, params, inputs) * gain.view(shape) + offset.view(shape)
    if law is None:
        return Observed(inputs, current, current, gain)
    if place not in spikes:
        constant = len(current) == 1 and timesteps > 1
        spikes[place] = fused(law)(current[0], timesteps) if constant else fused(law)(current, 0)
    return Observed(inputs, current, _membranes(law, current, spikes[place]), gain)


def arriving(spec: NetworkSpec, place: int, spikes: Mapping[int, Tensor], timesteps: int) -> Tensor:
    """Return what a connection carries, [1 or T, N, in], or [1 or T, N, in, H, W] before a filter.

    Args:
        spec: The architecture.
        place: Of the connection.
        spikes: Of every population, and what is read as INPUT's: [1 or T, N, C(, H, W)].
        timesteps: T.
    """
    connection = spec.connections[place]
    values = _read(connection, spikes[connection.source])
    if connection.delay == 0:
        return values
    if len(values) == 1:
        values = values.expand(timesteps, *values.shape[1:])
    return late(values, 0)


def _read(connection: Connection, values: Tensor) -> Tensor:
    """Return values [T, N, C(, H, W)] of a source as its weights read them: pooled, and as rows or as maps."""
    if connection.pooling.area > 1:
        maps = pooled_maps(values.flatten(0, 1), connection.pooling)
        values = maps.view(*values.shape[:2], *maps.shape[1:])
    if connection.kind == "fc":
        return values.flatten(2)
    return values if values.dim() == 5 else values.view(*values.shape, 1, 1)


def _total(spec: NetworkSpec, params: Params, inputs: Mapping[int, Tensor]) -> Tensor:
    """Return the sum of connections into one population, [1 or T, N, C(, H, W)], of what they carry."""
    total: Tensor | None = None
    for place, values in inputs.items():
        connection, weight = spec.connections[place], torch.from_numpy(params.weights[place])
        if connection.kind == "fc":
            product = values @ weight.t()
        else:
            product = F.conv2d(
                values.flatten(0, 1), weight,
                stride=connection.stride, padding=connection.padding, groups=connection.groups,
            )  # fmt: skip
            product = product.view(*values.shape[:2], *product.shape[1:])
            if spec.populations[connection.target].flat:
                product = product.flatten(2)
        total = product if total is None else total + product
    assert total is not None
    return total


def _affine(params: Params, population: int) -> tuple[Tensor, Tensor]:
    """Return what a channel's sum is multiplied with and what is added, bias included."""
    bias, norm = torch.from_numpy(params.biases[population]), params.norms[population]
    if norm is None:
        return torch.ones_like(bias), bias
    gamma, shift, mean, variance = torch.from_numpy(norm)
    gain = gamma / torch.sqrt(variance + _EPS)
    return gain, gain * (bias - mean) + shift


def _in_steps(
    spec: NetworkSpec, params: Params, group: Sequence[int], spikes: Mapping[int, Tensor], timesteps: int
) -> dict[int, Tensor]:
    """Return the spikes [T, N, C(, H, W)] of populations that feed each other, taken through time together."""
    members = []
    for place in group:
        outside = _from_outside(spec, params, place, group, spikes, timesteps)
        constant = len(outside) == 1 and timesteps > 1
        members.append(
            Member(place, spec.populations[place], outside if constant else outside.unsqueeze(0), constant)
        )
    inside = [i for p in group for i in entering(spec.connections, p) if spec.connections[i].source in group]
    weights = [torch.from_numpy(params.weights[i]).unsqueeze(0) for i in inside]
    circle = Circle(members, [spec.connections[i] for i in inside], weights)
    return {p: out[0] for p, out in zip(group, through_time(circle, timesteps, step_neuron), strict=True)}


def _from_outside(
    spec: NetworkSpec,
    params: Params,
    place: int,
    group: Sequence[int],
    spikes: Mapping[int, Tensor],
    timesteps: int,
) -> Tensor:
    """Return what populations outside a group give to one of it, bias included, [1 or T, N, C(, H, W)]."""
    population, fed = spec.populations[place], entering(spec.connections, place)
    ends = () if population.flat else (1, 1)
    bias = torch.from_numpy(params.biases[place]).view(-1, *ends)
    inputs = {i: arriving(spec, i, spikes, timesteps) for i in fed if spec.connections[i].source not in group}
    if inputs:
        return _total(spec, params, inputs) + bias
    n = next(iter(spikes.values())).shape[1]
    return bias.expand(1, n, population.channels, *(() if population.flat else population.size))


def _membranes(law: NeuronLaw, current: Tensor, spikes: Tensor) -> Tensor:
    """Return the membrane before each reset, [T, ...], from currents and the spikes that they caused."""
    membranes, potential = [], torch.zeros_like(current[0])
    for t in range(len(spikes)):
        before = law.decay * potential + current[t if len(current) > 1 else 0]
        membranes.append(before)
        potential = before * (1 - spikes[t]) if law.reset == "zero" else before - law.threshold * spikes[t]
    return torch.stack(membranes)
