"""K candidates of one architecture as one torch network: own weights, masks, bits and batch-norm statistics.

A stack of one is the ordinary case. A static input's first layer is computed once for all timesteps. Nothing couples
the candidates: the loss is a sum over them, so each one's gradient is what training it alone would give, and on a CPU
every number of a candidate is, to the last bit, what it would be alone (`products`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from hwsearch.compress.quantise import Quantiser
from hwsearch.network.neuron import Pool, StackNeuron, fused_stack, spikingjelly_stack
from hwsearch.network.neuron_law import NeuronLaw
from hwsearch.network.norm import Running, normalise
from hwsearch.network.products import convolution, linear
from hwsearch.network.topology import NetworkSpec

NEURON_LOOPS: dict[str, Callable[[NeuronLaw], StackNeuron]] = {
    "fused": fused_stack,
    "spikingjelly": spikingjelly_stack,
}


@dataclass(frozen=True, eq=False)
class LayerParams:
    """One candidate's parameters of one layer (numpy, float32).

    Attributes:
        weight: [out, in] or [out, in, k, k], before the mask and the quantiser.
        bias: [out].
        norm: [4, out] batch normalisation: gain, shift, running mean, running variance; None without.
    """

    weight: np.ndarray
    bias: np.ndarray
    norm: np.ndarray | None = None


Params = tuple[LayerParams, ...]


@dataclass(frozen=True)
class Ticket:
    """What a candidate is trained from.

    Attributes:
        params: Start values, one a layer.
        masks: Surviving weights, likewise.
        bits: Weight bits, likewise.
        rate: Factor on the schedule's learning rate.
    """

    params: Params
    masks: tuple[np.ndarray, ...]
    bits: tuple[int, ...]
    rate: float = 1.0


def initial_params(spec: NetworkSpec, seed: int) -> Params:
    """Return fresh parameters: weights and biases uniform in +-1/sqrt(fan-in) (torch's default), norm (1, 0, 0, 1)."""
    generator = np.random.default_rng([seed, 0x1A7])
    params = []
    for layer in spec.layers:
        bound = 1.0 / float(np.sqrt(np.prod(layer.weight_shape[1:])))
        weight = generator.uniform(-bound, bound, layer.weight_shape).astype(np.float32)
        bias = generator.uniform(-bound, bound, layer.out_channels).astype(np.float32)
        norm = None
        if spec.batch_norm and layer.name != "readout":
            bias = np.zeros_like(bias)
            norm = np.stack([np.ones_like(bias), bias, bias, np.ones_like(bias)])
        params.append(LayerParams(weight, bias, norm))
    return tuple(params)


class Stack(torch.nn.Module):
    """The K candidates of a list of tickets.

    Attributes:
        weights, biases: Per layer, [K, out, in(, k, k)] and [K, out].
        masks: Per layer, like the weights, 1 or 0.
        gains, shifts, means, variances: Per layer with batch normalisation, [K, out].
        momentum: Share of a batch in the running statistics of batch normalisation.
    """

    def __init__(self, spec: NetworkSpec, tickets: Sequence[Ticket], neuron_loop: str = "fused") -> None:
        super().__init__()
        self.spec, self.size, self.momentum = spec, len(tickets), 0.1
        self.fire = NEURON_LOOPS[neuron_loop](NeuronLaw(spec.leak_shift, spec.threshold, spec.reset))
        layers = range(len(spec.layers))
        self.masks = [_stacked([t.masks[i] for t in tickets]) for i in layers]
        self.weights = torch.nn.ParameterList(
            [_stacked([t.params[i].weight for t in tickets]) for i in layers]
        )
        self.biases = torch.nn.ParameterList([_stacked([t.params[i].bias for t in tickets]) for i in layers])
        self.grids = [
            Quantiser(
                tuple(t.bits[i] for t in tickets), spec.layers[i].name != "readout", spec.quantise_first
            )
            for i in layers
        ]
        norms = [[p for t in tickets if (p := t.params[i].norm) is not None] for i in layers]
        self.normed = [bool(norm) for norm in norms]
        self.gains = torch.nn.ParameterList([_stacked([n[0] for n in norm]) for norm in norms if norm])
        self.shifts = torch.nn.ParameterList([_stacked([n[1] for n in norm]) for norm in norms if norm])
        self.means = [_stacked([n[2] for n in norm]) for norm in norms if norm]
        self.variances = [_stacked([n[3] for n in norm]) for norm in norms if norm]

    def move(self, device: str) -> Stack:
        """Move all of it to a device, and return it."""
        self.to(device)
        self.masks = [mask.to(device) for mask in self.masks]
        self.means = [mean.to(device) for mean in self.means]
        self.variances = [variance.to(device) for variance in self.variances]
        return self

    def forward(self, x: Tensor, timesteps: int) -> Tensor:
        """Return the mean readout current [K, B, classes] of a static input x [B, C, H, W] shown T times."""
        spikes: Tensor | None = None  # [K, T, B, ...]
        for i, shape in enumerate(self.spec.layers):
            weight = self.grids[i].fake(self.weights[i], self.masks[i])
            if shape.name == "readout":  # linear, so the spikes are averaged over time first
                rows = self._rows(x) if spikes is None else spikes.flatten(2)
                return linear(rows, weight, self.biases[i])
            if shape.kind == "conv":
                current = convolution(x if spikes is None else spikes.flatten(1, 2), weight, self.biases[i])
            else:
                rows = self._rows(x) if spikes is None else spikes.flatten(3).flatten(1, 2)
                current = linear(rows, weight, self.biases[i])
            if self.normed[i]:
                current = self._normalise(i, current)
            if spikes is not None:
                current = current.view(self.size, timesteps, len(x), *current.shape[2:])
            pool = Pool(shape.pool, self.spec.pool, over_time=i + 2 == len(self.spec.layers))
            spikes = self.fire(current, timesteps if spikes is None else 0, pool)
        raise AssertionError("a network ends in its readout")

    def _rows(self, x: Tensor) -> Tensor:
        """Return the input that all candidates see as rows [K, B, n]."""
        return x.flatten(1).expand(self.size, len(x), -1)

    def _normalise(self, layer: int, current: Tensor) -> Tensor:
        """Normalise each candidate's channels over samples, timesteps and positions with its own statistics."""
        i = sum(self.normed[:layer])
        running = Running(self.means[i], self.variances[i])
        momentum = self.momentum if self.training else None
        return normalise(current, self.gains[i], self.shifts[i], running, momentum)

    def params(self) -> list[Params]:
        """Return each candidate's parameters as numpy values."""
        result = []
        for k in range(self.size):
            layers, norm = [], 0
            for i, normed in enumerate(self.normed):
                stats = None
                if normed:
                    parts = (self.gains, self.shifts, self.means, self.variances)
                    stats = np.stack([part[norm][k].detach().cpu().numpy() for part in parts])
                    norm += 1
                weight, bias = (
                    tensors[i][k].detach().cpu().numpy() for tensors in (self.weights, self.biases)
                )
                layers.append(LayerParams(weight.copy(), bias.copy(), stats))
            result.append(tuple(layers))
        return result


def _stacked(arrays: Sequence[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.stack(arrays).astype(np.float32))
