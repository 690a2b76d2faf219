"""K candidates of one architecture as one torch network: own weights, masks, bits and batch-norm statistics.

A stack of one is the ordinary case. Linear layers are batched matrix products, conv layers grouped convolutions,
and a static input's first layer is computed once for all candidates and timesteps. Nothing couples the
candidates: the loss is a sum over them, so each one's gradient is what training it alone would give.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from hwsearch.compress.quantise import Quantiser
from hwsearch.network.neuron import Neuron, NeuronLaw, fused, spikingjelly_neuron
from hwsearch.network.topology import LayerShape, NetworkSpec

NEURON_LOOPS: dict[str, Callable[[NeuronLaw], Neuron]] = {"fused": fused, "spikingjelly": spikingjelly_neuron}
_BN_MOMENTUM, _BN_EPS = 0.1, 1e-5


@dataclass(frozen=True)
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
    """What a candidate is trained from: start values, surviving weights and bits, one a layer."""

    params: Params
    masks: tuple[np.ndarray, ...]
    bits: tuple[int, ...]


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
    """

    def __init__(self, spec: NetworkSpec, tickets: Sequence[Ticket], neuron_loop: str = "fused") -> None:
        super().__init__()
        self.spec, self.size = spec, len(tickets)
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

    def forward(self, x: Tensor, timesteps: int) -> Tensor:
        """Return the mean readout current [K, B, classes] of a static input x [B, C, H, W] shown T times."""
        flow, norm = _Flow(self.size, x, timesteps), 0
        for i, shape in enumerate(self.spec.layers):
            weight = self.grids[i].fake(self.weights[i], self.masks[i])
            if shape.name == "readout":
                return flow.readout(weight, self.biases[i])
            current = flow.current(shape, weight, self.biases[i])
            if self.normed[i]:
                current = self._normalise(norm, shape, current)
                norm += 1
            flow.set_spikes(self._fire(flow, current), shape, self.spec.pool)
        raise AssertionError("a network ends in its readout")

    def params(self) -> list[Params]:
        """Return each candidate's parameters as numpy values."""
        result = []
        for k in range(self.size):
            layers, norm = [], 0
            for i, normed in enumerate(self.normed):
                stats = None
                if normed:
                    parts = (self.gains, self.shifts, self.means, self.variances)
                    stats = np.stack([part[norm][k].detach().numpy() for part in parts])
                    norm += 1
                weight, bias = self.weights[i][k].detach().numpy(), self.biases[i][k].detach().numpy()
                layers.append(LayerParams(weight.copy(), bias.copy(), stats))
            result.append(tuple(layers))
        return result

    def _fire(self, flow: _Flow, current: Tensor) -> Tensor:
        """Return spikes in the layout of the current, with time where the flow keeps it."""
        if flow.static:
            spikes = self.fire(current, flow.timesteps)
            return spikes if flow.conv else spikes.transpose(0, 1)
        if flow.conv:
            return self.fire(current, 0)
        return self.fire(current.transpose(0, 1), 0).transpose(0, 1)

    def _normalise(self, index: int, shape: LayerShape, current: Tensor) -> Tensor:
        """Normalise each candidate's channels over samples, timesteps and positions with its own statistics."""
        gain, shift = self.gains[index], self.shifts[index]
        if shape.kind == "conv":  # [..., K * C, H, W]
            flat = current.reshape(-1, *current.shape[-3:])
            result = F.batch_norm(
                flat, self.means[index].view(-1), self.variances[index].view(-1), gain.view(-1), shift.view(-1),
                self.training, _BN_MOMENTUM, _BN_EPS,
            )  # fmt: skip
            return result.view(current.shape)
        flat = current.reshape(self.size, -1, current.shape[-1])  # [K, samples, units]
        if self.training:
            variance, mean = torch.var_mean(flat, 1, correction=0)
            with torch.no_grad():
                n = flat.shape[1]
                self.means[index].lerp_(mean, _BN_MOMENTUM)
                self.variances[index].lerp_(variance * (n / max(1, n - 1)), _BN_MOMENTUM)
        else:
            mean, variance = self.means[index], self.variances[index]
        scale = gain * torch.rsqrt(variance + _BN_EPS)
        normalised: Tensor = flat * scale.unsqueeze(1) + (shift - mean * scale).unsqueeze(1)
        return normalised.view(current.shape)


class _Flow:
    """The activations on their way through a stack.

    Layouts: static [B, C, H, W]; conv [T, B, K * C, H, W]; fc [K, T, B, n].
    """

    def __init__(self, size: int, x: Tensor, timesteps: int) -> None:
        self.size, self.timesteps, self.x = size, timesteps, x
        self.static, self.conv = True, True

    def current(self, shape: LayerShape, weight: Tensor, bias: Tensor) -> Tensor:
        """Return the input current of a spiking layer: weight [K, out, ...], bias [K, out]."""
        return self._conv(shape, weight, bias) if shape.kind == "conv" else self._linear(weight, bias)

    def _conv(self, shape: LayerShape, weight: Tensor, bias: Tensor) -> Tensor:
        pad = shape.kernel // 2
        if self.static:
            return F.conv2d(self.x, weight.flatten(0, 1), bias.flatten(), padding=pad)
        frames = self.x.flatten(0, 1)
        out = F.conv2d(frames, weight.flatten(0, 1), bias.flatten(), padding=pad, groups=self.size)
        return out.view(*self.x.shape[:2], *out.shape[1:])

    def _linear(self, weight: Tensor, bias: Tensor) -> Tensor:
        self._flatten()
        if self.static:
            # one product a candidate: its sums then do not depend on who else is in the stack
            shared = self.x.unsqueeze(0).expand(self.size, *self.x.shape)
            return torch.baddbmm(bias.unsqueeze(1), shared, weight.transpose(1, 2))
        rows = self.x.flatten(1, 2)
        out = torch.baddbmm(bias.unsqueeze(1), rows, weight.transpose(1, 2))
        return out.view(*self.x.shape[:3], -1)

    def readout(self, weight: Tensor, bias: Tensor) -> Tensor:
        """Return the readout's current, mean over time: linear, so the spikes are averaged first."""
        self._flatten()
        if self.static:
            return self._linear(weight, bias)
        return torch.baddbmm(bias.unsqueeze(1), self.x.mean(1), weight.transpose(1, 2))

    def set_spikes(self, spikes: Tensor, shape: LayerShape, pool: str) -> None:
        """Keep a layer's spikes, pooled."""
        self.static, self.x = False, spikes
        if shape.pool > 1:
            pooling = F.max_pool2d if pool == "max" else F.avg_pool2d
            out = pooling(spikes.flatten(0, 1), shape.pool)
            self.x = out.view(*spikes.shape[:2], *out.shape[1:])

    def _flatten(self) -> None:
        """Turn the conv layout into the fc layout."""
        if self.static:
            self.x = self.x.flatten(1)
        elif self.conv:
            steps, batch = self.x.shape[:2]
            x = self.x.view(steps, batch, self.size, -1)
            self.x = x.permute(2, 0, 1, 3).contiguous()
        self.conv = False


def _stacked(arrays: Sequence[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.stack(arrays).astype(np.float32))
