"""One pass of the dense network over calibration inputs: all that the criteria need to know of it.

With s_t a layer's input and the leak's decay d = 1 - 2**-k, the potential without its resets is linear in the weights,
u_t = g (w . x_t) + constant with the trace x_t = d x_{t-1} + s_t, and so its squared error under a change of weights is
g**2 dw H dw with H = mean over samples (and positions) of sum_t x_t x_t. The readout does not leak and is read once:
its H takes the mean spikes over T alone.

Source: the filtered trace as a surrogate of the membrane is Shi, Li, Ward-Cherrier 2025 (arXiv 2506.03996); the rates,
means and variances are those of Yao et al. 2023, eq. 12.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from hwsearch.network.neuron import fused
from hwsearch.network.neuron_law import NeuronLaw
from hwsearch.network.stack import LayerParams, Params
from hwsearch.network.topology import LayerShape, NetworkSpec

_EPS = 1e-5
_POSITIONS = 64  # of a map, at most: more add little, neighbours are alike


@dataclass(frozen=True, eq=False)
class LayerStatistics:
    """What one layer of the dense network sees and does. D = in * k * k, the weights of a row.

    Attributes:
        rate: [D] mean input to each weight (spikes a step; for the first layer the input itself).
        gain: [out] what batch normalisation multiplies the layer's sum with; ones without.
        mean, variance: [out] of the membrane before its reset; for the readout of its mean current.
        hessian: [D, D] H of the module's docstring, in double precision.
        threshold: Firing threshold; None for the readout.
    """

    rate: np.ndarray
    gain: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    hessian: np.ndarray
    threshold: float | None


def observe(
    spec: NetworkSpec, params: Params, x: np.ndarray, timesteps: int, *, hessian: bool = True
) -> tuple[LayerStatistics, ...]:
    """Run trained floats once (evaluation mode) and return each layer's statistics.

    Args:
        spec: The architecture.
        params: Trained floats.
        x: [N, C, H, W] unsigned calibration inputs.
        timesteps: T.
        hessian: Also collect H; without it H is empty.
    """
    law = NeuronLaw(spec.leak_shift, spec.threshold, spec.reset)
    sequence = torch.from_numpy(x.astype(np.float32) / np.float32(spec.input_max)).unsqueeze(0)
    statistics = []
    with torch.no_grad():
        for shape, layer in zip(spec.layers, params, strict=True):
            if shape.kind == "fc":
                sequence = sequence.flatten(2)
            gain, offset = _affine(layer)
            current = _current(shape, layer, sequence, gain, offset)
            spikes = None if shape.name == "readout" else _spikes(law, current, timesteps)
            membrane = current.mean(0, keepdim=True) if spikes is None else _membranes(law, current, spikes)
            # an input that is the same at every step is here once
            static = len(sequence) == 1 and spikes is not None
            power = trace_power(law.decay, timesteps) if static else 1.0
            statistics.append(
                LayerStatistics(
                    rate=_rate(shape, sequence).double().numpy(),
                    gain=gain.double().numpy(),
                    **_moments(shape, membrane),
                    hessian=power * _hessian(shape, sequence, law.decay) if hessian else np.empty((0, 0)),
                    threshold=None if spikes is None else spec.threshold,
                )
            )
            if spikes is not None:
                sequence = _pooled(spikes, shape.pool, spec.pool)
    return tuple(statistics)


def _affine(layer: LayerParams) -> tuple[Tensor, Tensor]:
    """Return what a channel's sum is multiplied with and what is added, bias included."""
    bias = torch.from_numpy(layer.bias)
    if layer.norm is None:
        return torch.ones_like(bias), bias
    gamma, shift, mean, variance = torch.from_numpy(layer.norm)
    gain = gamma / torch.sqrt(variance + _EPS)
    return gain, gain * (bias - mean) + shift


def _current(shape: LayerShape, layer: LayerParams, sequence: Tensor, gain: Tensor, offset: Tensor) -> Tensor:
    """Return the normalised current [1 or T, N, out(, H, W)]."""
    weight = torch.from_numpy(layer.weight)
    if shape.kind == "fc":
        return sequence @ weight.t() * gain + offset
    out = F.conv2d(sequence.flatten(0, 1), weight, padding=shape.kernel // 2)
    out = out * gain.view(-1, 1, 1) + offset.view(-1, 1, 1)
    return out.view(*sequence.shape[:2], *out.shape[1:])


def _spikes(law: NeuronLaw, current: Tensor, timesteps: int) -> Tensor:
    """Return the spikes [T, N, ...] of a current [1 or T, N, ...]."""
    if len(current) > 1:
        return fused(law)(current, 0)
    return fused(law)(current[0], timesteps)


def _membranes(law: NeuronLaw, current: Tensor, spikes: Tensor) -> Tensor:
    """Return the membrane before each reset, [T, ...], from currents and the spikes that they caused."""
    membranes, potential = [], torch.zeros_like(current[0])
    for t in range(len(spikes)):
        before = law.decay * potential + current[t if len(current) > 1 else 0]
        membranes.append(before)
        potential = before * (1 - spikes[t]) if law.reset == "zero" else before - law.threshold * spikes[t]
    return torch.stack(membranes)


def _moments(shape: LayerShape, membrane: Tensor) -> dict[str, np.ndarray]:
    """Return mean and variance of each channel of membranes [T, N, out(, H, W)]."""
    channels = membrane.transpose(0, 2).flatten(1) if shape.kind == "conv" else membrane.flatten(0, 1).t()
    variance, mean = torch.var_mean(channels.double(), 1, correction=0)
    return {"mean": mean.numpy(), "variance": variance.numpy()}


def trace_power(decay: float, timesteps: int) -> float:
    """Return sum_t (1 + d + ... + d**(t - 1))**2: what the squared traces of a constant input of 1 add up to."""
    trace = total = 0.0
    for _ in range(timesteps):
        trace = trace * decay + 1
        total += trace**2
    return total


def _rate(shape: LayerShape, inputs: Tensor) -> Tensor:
    """Return the mean input of each weight of a row, [D]; a filter's taps share their channel's."""
    if shape.kind == "fc":
        return inputs.mean((0, 1))
    return inputs.mean((0, 1, 3, 4)).repeat_interleave(shape.kernel**2)


def _hessian(shape: LayerShape, inputs: Tensor, decay: float) -> np.ndarray:
    """Return H [D, D] from the filtered traces of the inputs [T, N, ...], or of one step of them."""
    n = inputs.shape[1]
    if shape.name == "readout":
        rows = inputs.mean(0).double()
        return (rows.t() @ rows / n).numpy()
    total: Tensor | None = None
    trace = torch.zeros_like(inputs[0])
    for step in inputs:
        trace = trace * decay + step
        rows = trace
        if shape.kind == "conv":
            taps = F.unfold(trace, shape.kernel, padding=shape.kernel // 2)  # [N, D, positions]
            stride = -(-taps.shape[2] // _POSITIONS)
            rows = taps[:, :, ::stride].transpose(1, 2).flatten(0, 1)
        product = (rows.t() @ rows).double() / len(rows)
        total = product if total is None else total + product
    assert total is not None
    return total.numpy()


def _pooled(spikes: Tensor, window: int, kind: str) -> Tensor:
    """Return the next layer's input."""
    if window == 1:
        return spikes
    pooling = F.max_pool2d if kind == "max" else F.avg_pool2d
    out = pooling(spikes.flatten(0, 1), window)
    return out.view(*spikes.shape[:2], *out.shape[1:])
