"""A network as a user of spikingjelly writes it: its multi-step modules, and a loop over time where it is recurrent.

What trainings are timed against, and what spikes and gradients of stacks are held against. Weights are masked and
quantised as ours are (with our quantiser).
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from spikingjelly.activation_based import functional, layer
from torch import Tensor

from hwsearch.compress.quantise import JointGrid, Quantiser
from hwsearch.graph.graph import INPUT, Connection, NetworkSpec
from hwsearch.graph.order import components, entering, steps_in_time
from hwsearch.network.neuron import spikingjelly_node
from hwsearch.network.params import Ticket
from hwsearch.network.stack import unit_of


class SpikingJellyNet(torch.nn.Module):
    """One candidate in spikingjelly's modules.

    Attributes:
        weights: One a connection.
        biases: One a population.
        spikes: Of each population in the last pass, [T, B, ...].
    """

    def __init__(self, spec: NetworkSpec, ticket: Ticket) -> None:
        super().__init__()
        self.spec, connections = spec, spec.connections
        self.weights = torch.nn.ParameterList([torch.from_numpy(w.copy()) for w in ticket.params.weights])
        self.biases = torch.nn.ParameterList([torch.from_numpy(b.copy()) for b in ticket.params.biases])
        self.masks = [torch.from_numpy(mask.astype(np.float32)).unsqueeze(0) for mask in ticket.masks]
        self.entering = [entering(connections, p) for p in range(len(spec.populations))]
        self.nodes = torch.nn.ModuleList([spikingjelly_node(p.law) for p in spec.populations[:-1]])
        self.norms = torch.nn.ModuleList(
            [
                torch.nn.Identity() if norm is None else _normalisation(norm, spec.populations[p].flat)
                for p, norm in enumerate(ticket.params.norms)
            ]
        )
        self.grids = [
            JointGrid(
                tuple(
                    Quantiser((ticket.bits[i],), not connections[i].readout, spec.quantise_first)
                    for i in places
                ),
                tuple(unit_of(spec, connections[i]) for i in places),
            )
            for places in self.entering
        ]
        self.pools = torch.nn.ModuleList([_pool(connection) for connection in connections])
        self.spikes: dict[int, Tensor] = {}

    def forward(self, x: Tensor) -> Tensor:
        """Return the readout's current [T, B, classes] of inputs [T, B, C, H, W]."""
        functional.reset_net(self)
        self.spikes = {INPUT: x}
        weights = self._quantised()
        for group in components(len(self.spec.populations), self.spec.connections):
            if steps_in_time(group, self.spec.connections):
                self._loop(group, weights, len(x))
                continue
            (p,) = group
            current = self.norms[p](self._current(p, self.entering[p], weights))
            if self.spec.populations[p].law is None:
                return current
            self.spikes[p] = self.nodes[p](current)
        raise AssertionError("a network ends in its readout")

    def _quantised(self) -> dict[int, Tensor]:
        weights = {}
        for p, places in enumerate(self.entering):
            joint = self.grids[p].fake(
                [self.weights[i].unsqueeze(0) for i in places], [self.masks[i] for i in places]
            )
            weights.update(dict(zip(places, (weight[0] for weight in joint), strict=True)))
        return weights

    def _loop(self, group: tuple[int, ...], weights: dict[int, Tensor], timesteps: int) -> None:
        """Take populations through time; what other populations bring is computed before, as a careful user would."""
        every = self.spec.connections
        inside = {p: [i for i in self.entering[p] if every[i].source in group] for p in group}
        outside = {
            p: self._current(p, [i for i in self.entering[p] if i not in inside[p]], weights) for p in group
        }
        steps: dict[int, list[Tensor]] = {p: [] for p in group}
        for p in group:
            self.nodes[p].step_mode = "s"
        for t in range(timesteps):
            for p in group:
                current = outside[p][t]
                for i in inside[p]:
                    if t >= every[i].delay:
                        read = self.pools[i](steps[every[i].source][t - every[i].delay].unsqueeze(0))
                        current = current + self._carry(i, read, weights[i])[0]
                steps[p].append(self.nodes[p](current))
        for p in group:
            self.spikes[p] = torch.stack(steps[p])

    def _read(self, place: int) -> Tensor:
        connection = self.spec.connections[place]
        x = self.pools[place](self.spikes[connection.source])
        return torch.cat([torch.zeros_like(x[:1]), x[:-1]]) if connection.delay else x

    def _current(self, population: int, places: list[int], weights: dict[int, Tensor]) -> Tensor:
        """Return the current [T, B, ...] of a population, with its bias."""
        bias = self.biases[population]
        total: Tensor | None = None
        for i in places:
            part = self._carry(i, self._read(i), weights[i], bias if total is None else None)
            total = part if total is None else total + part
        if total is None:
            ends = () if self.spec.populations[population].flat else (1, 1)
            return bias.view(-1, *ends).expand(*self.spikes[INPUT].shape[:2], *bias.shape, *ends)
        return total

    def _carry(self, place: int, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """Return the current [T, B, ...] that a connection brings."""
        connection = self.spec.connections[place]
        if connection.kind == "fc":
            return F.linear(x.flatten(2), weight, bias)
        frames = x.flatten(0, 1)
        frames = frames.view(*frames.shape, 1, 1) if frames.dim() == 2 else frames
        out = F.conv2d(
            frames, weight, bias, connection.stride, connection.padding, groups=connection.groups
        ).unflatten(0, x.shape[:2])
        return out.flatten(2) if self.spec.populations[connection.target].flat else out


def _normalisation(norm: np.ndarray, flat: bool) -> torch.nn.Module:
    kind = layer.BatchNorm1d if flat else layer.BatchNorm2d
    module: torch.nn.Module = kind(norm.shape[1], step_mode="m")
    with torch.no_grad():
        for values, row in zip(
            (module.weight, module.bias, module.running_mean, module.running_var), norm, strict=True
        ):
            values.copy_(torch.from_numpy(row))
    return module


def _pool(connection: Connection) -> torch.nn.Module:
    window, kind = connection.pooling
    if connection.pooling.area == 1:
        return torch.nn.Identity()
    pool = layer.MaxPool2d if kind == "max" else layer.AvgPool2d
    return pool(window, step_mode="m")  # type: ignore[no-any-return]
