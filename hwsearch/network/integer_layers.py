"""One layer of a stack of integer networks: its tensors, and what it computes over all timesteps.

The equations, and why floats are exact here: `integer`, which runs layer after layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from hwsearch.network.integers import IntegerLayer, IntegerNetwork, half_step, needed_bits


@dataclass(frozen=True, eq=False)
class StackedLayer:
    """One layer of a stack, channels that a network does not have being zero; floats in which all sums are exact.

    Attributes:
        weight: [K, out, in(, k, k)].
        bias, threshold: [K, 1, out(, 1, 1)]; threshold None for the readout.
        gain: [K, 1, 1(, 1, 1)], 2**f.
        half: Likewise, what is added before a shift to the right; None where none is.
        clips_sums, clips_membranes: Whether a sum, and a membrane, can leave its width.
    """

    weight: Tensor
    bias: Tensor
    threshold: Tensor | None
    gain: Tensor
    half: Tensor | None
    clips_sums: bool
    clips_membranes: bool


def stack_layers(networks: Sequence[IntegerNetwork], device: str) -> list[StackedLayer]:
    """Return the layers of networks that differ in their integers and numbers of channels only."""
    first = networks[0]
    needs = [list(needed_bits(network)) for network in networks]
    value_max, n_inputs = first.input_max, first.layers[0].weight.shape[1]
    stacked = []
    for index, shape in enumerate(first.layers):
        layers = [network.layers[index] for network in networks]
        membrane_bits = max(need[index].membrane for need in needs)
        sum_bits = max(need[index].sums for need in needs)
        exact = _exact_float(layers, value_max, max(membrane_bits, sum_bits))
        clips = (sum_bits > first.accumulator_bits, membrane_bits > first.state_bits)
        stacked.append(_stacked(layers, n_inputs, exact, device, clips))
        value_max = shape.pool**2 if first.pool == "sum" else 1
        n_outputs = max(len(layer.bias) for layer in layers)
        last = index + 1 == len(first.layers)
        n_inputs = n_outputs if last else n_outputs * first.layers[index + 1].fan_columns
    return stacked


def _exact_float(layers: Sequence[IntegerLayer], value_max: int, bits: int) -> torch.dtype:
    """Return the floats in which every number on the way is exact; bits: of the widest sum or membrane."""
    sums = max(
        np.abs(layer.weight.astype(np.int64)).reshape(len(layer.bias), -1).sum(1).max()
        << max(layer.fraction_bits, 0)
        for layer in layers
    )
    half = max(half_step(layer.fraction_bits) for layer in layers)
    lowest = min((int(layer.threshold.min()) for layer in layers if layer.threshold is not None), default=0)
    narrow = sums * value_max + half < 2**24 and bits <= 24 and lowest >= 0
    return torch.float32 if narrow else torch.float64


def _stacked(
    layers: Sequence[IntegerLayer], n_inputs: int, exact: torch.dtype, device: str, clips: tuple[bool, bool]
) -> StackedLayer:
    """Return one layer of every network as one."""
    first, size, n_outputs = layers[0], len(layers), max(len(layer.bias) for layer in layers)
    ends = (1,) * (first.weight.ndim - 2)
    weight = np.zeros((size, n_outputs, n_inputs, *first.weight.shape[2:]))
    bias, threshold = np.zeros((size, 1, n_outputs, *ends)), np.ones((size, 1, n_outputs, *ends))
    for k, layer in enumerate(layers):
        channels = slice(len(layer.bias))
        weight[k, channels, : layer.weight.shape[1]] = layer.weight
        bias[k, 0, channels] = layer.bias.reshape(-1, *ends)
        if layer.threshold is not None:
            threshold[k, 0, channels] = layer.threshold.reshape(-1, *ends)
    gain = np.array([2.0**layer.fraction_bits for layer in layers]).reshape(-1, 1, 1, *ends)
    half = np.array([float(half_step(layer.fraction_bits)) for layer in layers]).reshape(-1, 1, 1, *ends)
    weights, biases, thresholds, gains, halves = (
        torch.from_numpy(array).to(device, exact) for array in (weight, bias, threshold, gain, half)
    )
    return StackedLayer(
        weights,
        biases,
        None if first.threshold is None else thresholds,
        gains,
        halves if half.any() else None,
        *clips,
    )


def currents(network: IntegerNetwork, layer: StackedLayer, sequence: Tensor) -> tuple[Tensor, np.ndarray]:
    """Return a[t]: [K, T, N, out, (H, W)], and how many sums of each network [K] were clipped."""
    frames = sequence.flatten(1, 2).to(layer.weight.dtype)
    if layer.weight.dim() == 3:
        total = torch.bmm(frames.flatten(2), layer.weight.transpose(1, 2))
    elif frames.device.type == "cpu":
        pad = layer.weight.shape[-1] // 2
        total = torch.stack([F.conv2d(x, w, padding=pad) for x, w in zip(frames, layer.weight, strict=True)])
    else:
        total = _as_product(frames, layer.weight)
    if layer.half is not None:
        total = total + layer.half
    clipped = np.zeros(len(total))
    if layer.clips_sums:
        total, clipped = _clipped(total, network.accumulator_bits)
    current: Tensor = total * layer.gain
    if layer.half is not None:
        current.floor_()
    current = current + layer.bias
    if layer.clips_sums:
        current, again = _clipped(current, network.accumulator_bits)
        clipped = clipped + again
    return current.view(*sequence.shape[:3], *current.shape[2:]), clipped


def _clipped(values: Tensor, bits: int) -> tuple[Tensor, np.ndarray]:
    """Return values [K, ...] within a width, and how many of each network [K] were not."""
    top = 2 ** (bits - 1) - 1
    inside = values.clamp(-top - 1, top)
    return inside, (inside != values).flatten(1).sum(1).double().cpu().numpy()


def potentials(network: IntegerNetwork, layer: StackedLayer, current: Tensor) -> tuple[Tensor, np.ndarray]:
    """Return the readout's potentials [K, T, N, classes] and how many of each network [K] were clipped."""
    every = current.expand(len(current), network.timesteps, *current.shape[2:])
    if not layer.clips_sums:
        return every.cumsum(1), np.zeros(len(current))
    sums, n_clipped = [torch.zeros_like(every[:, 0])], np.zeros(len(current))
    for t in range(network.timesteps):
        total, clipped = _clipped(sums[-1] + every[:, t], network.accumulator_bits)
        sums.append(total)
        n_clipped += clipped
    return torch.stack(sums[1:], 1), n_clipped


def _as_product(frames: Tensor, weight: Tensor) -> Tensor:
    """Return convolutions as products: those of a GPU may transform the numbers on the way, and round."""
    size, samples, _, height, width = frames.shape
    kernel = weight.shape[-1]
    taps = F.unfold(frames.flatten(0, 1), kernel, padding=kernel // 2).view(size, samples, -1, height * width)
    total: Tensor = weight.flatten(2).unsqueeze(1) @ taps
    return total.view(size, samples, -1, height, width)


def fire(
    network: IntegerNetwork, layer: StackedLayer, current: Tensor, trace: bool
) -> tuple[Tensor, Tensor, np.ndarray]:
    """Return spikes [K, T, N, ...], membranes after reset, likewise if traced (else empty), and clipped ones [K]."""
    assert layer.threshold is not None
    n_clipped = np.zeros(len(current))
    membrane = torch.zeros_like(current[:, 0])
    spikes = current.new_empty((len(current), network.timesteps, *current.shape[2:]), dtype=torch.float32)
    states = torch.empty_like(spikes, dtype=current.dtype) if trace else torch.empty(0)
    for t in range(network.timesteps):
        if network.leak_shift is not None:  # an arithmetic shift rounds down
            membrane = membrane - (membrane * 2.0**-network.leak_shift).floor_()
        membrane = membrane + current[:, t if current.shape[1] > 1 else 0]
        if layer.clips_membranes:
            membrane, clipped = _clipped(membrane, network.state_bits)
            n_clipped += clipped
        fired = membrane >= layer.threshold
        spikes[:, t] = fired
        membrane = (
            membrane.masked_fill(fired, 0) if network.reset == "zero" else membrane - layer.threshold * fired
        )
        if trace:
            states[:, t] = membrane
    return spikes, states, n_clipped


def pool(spikes: Tensor, window: int, kind: str) -> Tensor:
    """Pool spikes [K, T, N, C, H, W]: OR, or the sum."""
    if window == 1:
        return spikes
    frames = spikes.flatten(0, 2)
    pooled = (
        F.max_pool2d(frames, window) if kind == "max" else F.avg_pool2d(frames, window, divisor_override=1)
    )
    return pooled.view(*spikes.shape[:3], *pooled.shape[1:])
