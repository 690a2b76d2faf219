"""K candidates of one architecture as one torch network: own weights, masks, bits and batch-norm statistics.

A stack of one is the ordinary case. Populations are computed in the order of the graph, each over all timesteps at
once; those that feed each other are taken through time together (`recurrence`). What a still image gives is computed
once for all timesteps. Nothing couples the candidates: the loss is a sum over them, so each one's gradient is what
training it alone would give, and on a CPU every number of a candidate is, to the last bit, what it would be alone
(`products`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from hwsearch.compress.quantise import JointGrid, Quantiser
from hwsearch.graph.graph import INPUT, Connection, NetworkSpec
from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.graph.order import components, entering, steps_in_time
from hwsearch.network.flow import Flow, behind, potentials
from hwsearch.network.neuron import (
    StackNeuron,
    fused_stack,
    pooled,
    spikingjelly_stack,
)
from hwsearch.network.neuron_step import StepNeuron, spikingjelly_step, step_neuron
from hwsearch.network.norm import Running, normalise
from hwsearch.network.params import Params, Ticket
from hwsearch.network.recurrence import Circle, Member, through_time


@dataclass(frozen=True)
class NeuronLoop:
    """Who computes the neurons.

    Attributes:
        over_time: All timesteps at once.
        step: One timestep.
    """

    over_time: Callable[[NeuronLaw], StackNeuron]
    step: Callable[[NeuronLaw], StepNeuron]


NEURON_LOOPS = {
    "fused": NeuronLoop(fused_stack, step_neuron),
    "spikingjelly": NeuronLoop(spikingjelly_stack, spikingjelly_step),
}


class Stack(torch.nn.Module):
    """The K candidates of a list of tickets.

    Attributes:
        weights: One a connection, [K, out, in] or [K, out, in / groups, kh, kw].
        biases: One a population, [K, C].
        masks: Like the weights, 1 or 0.
        grids: One a connection.
        gains, shifts, means, variances: One a population with batch normalisation, [K, C].
        momentum: Share of a batch in the running statistics of batch normalisation.
    """

    def __init__(self, spec: NetworkSpec, tickets: Sequence[Ticket], neuron_loop: str = "fused") -> None:
        super().__init__()
        self.spec, self.size, self.momentum = spec, len(tickets), 0.1
        self._loop = NEURON_LOOPS[neuron_loop]
        connections, populations = range(len(spec.connections)), range(len(spec.populations))
        self.masks = [_stacked([t.masks[i] for t in tickets]) for i in connections]
        self.weights = torch.nn.ParameterList(
            [_stacked([t.params.weights[i] for t in tickets]) for i in connections]
        )
        self.biases = torch.nn.ParameterList(
            [_stacked([t.params.biases[p] for t in tickets]) for p in populations]
        )
        self.grids = [
            Quantiser(tuple(t.bits[i] for t in tickets), not connection.readout, spec.quantise_first)
            for i, connection in enumerate(spec.connections)
        ]
        norms = [[n for t in tickets if (n := t.params.norms[p]) is not None] for p in populations]
        self.normed = [bool(norm) for norm in norms]
        self.gains = torch.nn.ParameterList([_stacked([n[0] for n in norm]) for norm in norms if norm])
        self.shifts = torch.nn.ParameterList([_stacked([n[1] for n in norm]) for norm in norms if norm])
        self.means = [_stacked([n[2] for n in norm]) for norm in norms if norm]
        self.variances = [_stacked([n[3] for n in norm]) for norm in norms if norm]
        self._groups = components(len(spec.populations), spec.connections)
        self._entering = [entering(spec.connections, p) for p in populations]

    def move(self, device: str) -> Stack:
        """Move all of it to a device, and return it."""
        self.to(device)
        self.masks = [mask.to(device) for mask in self.masks]
        self.means = [mean.to(device) for mean in self.means]
        self.variances = [variance.to(device) for variance in self.variances]
        return self

    def forward(self, x: Tensor, timesteps: int) -> Tensor:
        """Return what the readout says.

        Args:
            x: [B, C, H, W] still images, or [B, T, C, H, W] sequences; all candidates see the same.
            timesteps: T.

        Returns:
            The mean readout current [K, B, classes]; where labels are a timestep's, [K, B, T, classes]: its potential
            after each over what was counted until then.
        """
        flow = Flow(self.spec, x, timesteps, self.size)
        weights = self._quantised()
        for group in self._groups:
            if self.spec.populations[group[0]].law is None:
                return self._predict(group[0], flow, weights)
            if steps_in_time(group, self.spec.connections):
                self._step(group, flow, weights)
            else:
                self._run(group[0], flow, weights)
        raise AssertionError("a network ends in its readout")

    def _quantised(self) -> list[Tensor]:
        """Return each connection's weights on their grids; those into one population share its scale."""
        weights: list[Tensor] = list(self.weights)
        for places in self._entering:
            if len(places) == 1:
                weights[places[0]] = self.grids[places[0]].fake(
                    self.weights[places[0]], self.masks[places[0]]
                )
                continue
            units = tuple(unit_of(self.spec, self.spec.connections[i]) for i in places)
            joint = JointGrid(tuple(self.grids[i] for i in places), units)
            fake = joint.fake([self.weights[i] for i in places], [self.masks[i] for i in places])
            for place, weight in zip(places, fake, strict=True):
                weights[place] = weight
        return weights

    def _run(self, population: int, flow: Flow, weights: list[Tensor]) -> None:
        """Compute a population over all timesteps at once."""
        current, constant = flow.current(self._entering[population], weights, self.biases[population])
        if self.normed[population]:
            current = self._normalise(population, current)
        pool = behind(self.spec, population, flow.timesteps)
        law = self.spec.populations[population].law
        assert law is not None
        fire = self._loop.over_time(law)
        spikes = fire(current if constant else flow.by_step(current), flow.timesteps if constant else 0, pool)
        flow.emit(population, spikes, pool)

    def _step(self, group: tuple[int, ...], flow: Flow, weights: list[Tensor]) -> None:
        """Take populations that feed each other through time together."""
        every = self.spec.connections
        inside = [i for p in group for i in self._entering[p] if every[i].source in group]
        members = []
        for p in group:
            assert not self.normed[p], "statistics over time are not known within it"
            outside = [i for i in self._entering[p] if i not in inside]
            members.append(Member(p, self.spec.populations[p], *self._outside(p, outside, flow, weights)))
        circle = Circle(members, [every[i] for i in inside], [weights[i] for i in inside])
        for p, spikes in zip(group, through_time(circle, flow.timesteps, self._loop.step), strict=True):
            pool = behind(self.spec, p, flow.timesteps)
            flow.emit(p, pooled(spikes, pool), pool)

    def _outside(
        self, population: int, places: list[int], flow: Flow, weights: list[Tensor]
    ) -> tuple[Tensor, bool]:
        """Return the current that connections from outside of its group bring, and whether it stays the same."""
        if places:
            current, constant = flow.current(places, weights, self.biases[population])
            return current if constant else flow.by_step(current), constant
        shape = self.spec.populations[population]
        ends = () if shape.flat else shape.size
        bias = self.biases[population].view(self.size, 1, shape.channels, *(1 for _ in ends))
        return bias.expand(self.size, flow.samples, shape.channels, *ends), True

    def _predict(self, population: int, flow: Flow, weights: list[Tensor]) -> Tensor:
        """Return what the readout says."""
        places, bias = self._entering[population], self.biases[population]
        if self.spec.readout.labels == "sample":  # linear, so the spikes are averaged over time first
            return flow.mean_current(places, weights, bias)
        current, constant = flow.current(places, weights, bias)
        by_step = (
            current.unsqueeze(1).expand(-1, flow.timesteps, -1, -1) if constant else flow.by_step(current)
        )
        return potentials(by_step, self.spec)

    def _normalise(self, population: int, current: Tensor) -> Tensor:
        """Normalise each candidate's channels over samples, timesteps and positions with its own statistics."""
        i = sum(self.normed[:population])
        running = Running(self.means[i], self.variances[i])
        momentum = self.momentum if self.training else None
        return normalise(current, self.gains[i], self.shifts[i], running, momentum)

    def params(self) -> list[Params]:
        """Return each candidate's parameters as numpy values."""
        weights, biases = ([_array(values) for values in part] for part in (self.weights, self.biases))
        stats = zip(self.gains, self.shifts, self.means, self.variances, strict=True)
        norms = [_array(torch.stack(next(stats), 1)) if normed else None for normed in self.normed]
        return [
            Params(
                tuple(values[k].copy() for values in weights),
                tuple(values[k].copy() for values in biases),
                tuple(None if rows is None else rows[k].copy() for rows in norms),
            )
            for k in range(self.size)
        ]


def unit_of(spec: NetworkSpec, connection: Connection) -> float:
    """Return what one integer count of what a connection reads is worth in the floats of training."""
    worth = 1.0 / spec.input.max if connection.source == INPUT else 1.0
    return worth / connection.pooling.divisor


def _array(values: Tensor) -> np.ndarray:
    array: np.ndarray = values.detach().cpu().numpy()
    return array


def _stacked(arrays: Sequence[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.stack(arrays).astype(np.float32))
