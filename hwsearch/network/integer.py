"""The integer machine model: what a device computes, bit for bit, vectorised in torch.

For a layer with integer weights w, input spikes s (or unsigned inputs x), bias c, leak shift k and threshold th::

    a[t] = (sum_i w_i s_i[t]) << f  +  c                       (accumulator)
    v[t] = sat(v[t-1] - (v[t-1] >> k) + a[t])                  (arithmetic shift; k None: no leak)
    s[t] = v[t] >= th;  then v[t] = 0, or v[t] - th            (reset to zero, or by subtraction)

sat clips to the membrane's width. The readout adds up a[t] over the timesteps; the prediction is its argmax, the first
of equals. Sums of products run as float matrix products only where every partial sum is exact (below 2**24 or 2**53).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

_ELEMENTS_AT_A_TIME = 4_000_000  # of the largest tensor: bounds the memory, results do not depend on it


@dataclass(frozen=True)
class Widths:
    """Bits a device offers.

    Attributes:
        state: Of a membrane.
        accumulator: Of the sum a, and of the readout.
        bias: Of a bias c.
        threshold: Of a threshold th.
        overflow: ``saturate`` (the membrane is clipped) or ``reject`` (a network that could overflow is refused).
    """

    state: int = 32
    accumulator: int = 32
    bias: int = 32
    threshold: int = 32
    overflow: str = "saturate"


@dataclass(frozen=True)
class IntegerLayer:
    """One layer's integers.

    Attributes:
        name, kind: As in LayerShape.
        weight: [out, in] or [out, in, k, k], int32.
        bias: [out] int32, in membrane units (fraction bits included).
        threshold: [out] int32, in membrane units; None for the readout.
        fraction_bits: f.
        pool: Side of the pooling window behind it; 1 for none.
        out_size: Height and width of its map before pooling; (1, 1) for fc.
        fan_columns: Consecutive inputs that one channel of the layer before feeds.
    """

    name: str
    kind: str
    weight: np.ndarray
    bias: np.ndarray
    threshold: np.ndarray | None
    fraction_bits: int
    pool: int
    out_size: tuple[int, int]
    fan_columns: int

    @property
    def neurons(self) -> int:
        """Neurons that keep a membrane (or readout accumulators)."""
        return int(self.weight.shape[0]) * self.out_size[0] * self.out_size[1]


@dataclass(frozen=True)
class IntegerNetwork:
    """A network of integers, complete: the truth that every export reproduces.

    Attributes:
        layers: In order; the last is the readout.
        weight_bits: Bits of each layer's weights.
        timesteps: T.
        leak_shift: k, or None.
        reset: ``zero`` or ``subtract``.
        pool: ``max`` (OR) or ``sum``.
        input_shape: [C, H, W].
        input_max: Largest input value.
        input_bits: Bits of one input value.
        state_bits: Width that membranes saturate at.
    """

    layers: tuple[IntegerLayer, ...]
    weight_bits: tuple[int, ...]
    timesteps: int
    leak_shift: int | None
    reset: str
    pool: str
    input_shape: tuple[int, int, int]
    input_max: int
    input_bits: int
    state_bits: int


@dataclass(frozen=True)
class Run:
    """What an integer network did on a batch of inputs.

    Attributes:
        readout: [N, classes] int64 potentials after T timesteps.
        input_maps: Per layer, mean over samples of the values it received, summed over time: [C, H, W] or [n]. For
            the first layer the mean count of non-zero inputs, once.
        spikes: Per spiking layer [C], mean spikes of each channel in one inference.
        membranes: Per spiking layer [T, N, ...] int64 after reset, and last the readout's [T, N, classes]; None
            unless asked for.
    """

    readout: np.ndarray
    input_maps: tuple[np.ndarray, ...]
    spikes: tuple[np.ndarray, ...]
    membranes: tuple[np.ndarray, ...] | None

    @property
    def predictions(self) -> np.ndarray:
        """[N] class indices: the first of the largest potentials."""
        first: np.ndarray = self.readout.argmax(1)
        return first


def run_integer(network: IntegerNetwork, x: np.ndarray, *, trace: bool = False) -> Run:
    """Run the integer machine on x.

    Args:
        network: The integers.
        x: [N, C, H, W] unsigned inputs.
        trace: Also keep every membrane after every timestep.

    Raises:
        ValueError: There is no input, or one exceeds ``input_max``.
    """
    if len(x) == 0:
        raise ValueError("an accuracy needs at least one input")
    if int(x.max()) > network.input_max:
        raise ValueError(f"inputs must lie in [0, {network.input_max}]; got {int(x.max())}")
    largest = max(layer.neurons for layer in network.layers) * network.timesteps
    batch = max(16, _ELEMENTS_AT_A_TIME // largest)
    parts = [_run_batch(network, x[i : i + batch], trace) for i in range(0, len(x), batch)]
    share = [len(p.readout) / len(x) for p in parts]
    maps = _weighted([p.input_maps for p in parts], share)
    spikes = _weighted([p.spikes for p in parts], share)
    membranes = None
    if trace:
        traces = [p.membranes for p in parts if p.membranes is not None]
        membranes = tuple(np.concatenate(layer, axis=1) for layer in zip(*traces, strict=True))
    return Run(np.concatenate([p.readout for p in parts]), maps, spikes, membranes)


def _weighted(parts: list[tuple[np.ndarray, ...]], share: list[float]) -> tuple[np.ndarray, ...]:
    """Return the weighted sum of each array over the batches."""
    return tuple(np.tensordot(share, np.stack(arrays), 1) for arrays in zip(*parts, strict=True))


def _run_batch(network: IntegerNetwork, x: np.ndarray, trace: bool) -> Run:
    """Run layer after layer; each layer over all timesteps, as nothing feeds back between layers."""
    maps, spike_means, membranes = [], [], []
    value_max = network.input_max  # largest value one input of the layer can take
    sequence = torch.from_numpy(x.astype(np.int64)).unsqueeze(
        0
    )  # [1 or T, N, ...]; a static input is shown once
    for index, layer in enumerate(network.layers):
        maps.append(((sequence != 0) if index == 0 else sequence).sum(0).double().mean(0).numpy())
        current = _current(layer, sequence, value_max)
        if layer.threshold is None:
            potentials = current.expand(network.timesteps, *current.shape[1:]).cumsum(0)
            membranes.append(potentials.numpy())
            break
        spikes, states = _fire(network, layer, current, trace)
        spike_means.append(spikes.flatten(2).view(*spikes.shape[:3], -1).sum((0, 3)).double().mean(0).numpy())
        membranes.append(states.numpy())
        sequence = _pool(spikes, layer.pool, network.pool)
        value_max = layer.pool**2 if network.pool == "sum" else 1
    return Run(potentials[-1].numpy(), tuple(maps), tuple(spike_means), tuple(membranes) if trace else None)


def _current(layer: IntegerLayer, sequence: Tensor, value_max: int) -> Tensor:
    """Return a[t] as int64: [T, N, out, (H, W)]."""
    weight = torch.from_numpy(layer.weight.astype(np.int64))
    bound = int(weight.abs().flatten(1).sum(1).max()) * value_max
    exact = torch.float32 if bound < 2**24 else torch.float64
    frames = sequence.flatten(0, 1).to(exact)
    if layer.kind == "conv":
        total = F.conv2d(frames, weight.to(exact), padding=layer.weight.shape[2] // 2)
        bias = torch.from_numpy(layer.bias.astype(np.int64)).view(-1, 1, 1)
    else:
        total = frames.flatten(1) @ weight.to(exact).t()
        bias = torch.from_numpy(layer.bias.astype(np.int64))
    current = (total.to(torch.int64) << layer.fraction_bits) + bias
    return current.view(*sequence.shape[:2], *current.shape[1:])


def _fire(
    network: IntegerNetwork, layer: IntegerLayer, current: Tensor, trace: bool
) -> tuple[Tensor, Tensor]:
    """Return spikes [T, N, ...] and membranes after reset, [T, N, ...] if traced (else empty)."""
    shape = (-1,) if layer.kind == "fc" else (-1, 1, 1)
    threshold = torch.from_numpy(np.asarray(layer.threshold).astype(np.int64)).view(shape)
    top = 2 ** (network.state_bits - 1) - 1
    membrane = torch.zeros_like(current[0])
    spikes, states = [], []
    for t in range(network.timesteps):
        if network.leak_shift is not None:
            membrane = membrane - (membrane >> network.leak_shift)
        membrane = (membrane + current[t if len(current) > 1 else 0]).clamp(-top - 1, top)
        fired = membrane >= threshold
        membrane = membrane.masked_fill(fired, 0) if network.reset == "zero" else membrane - threshold * fired
        spikes.append(fired)
        if trace:
            states.append(membrane)
    return torch.stack(spikes).to(torch.int64), torch.stack(states) if trace else torch.empty(0)


def _pool(spikes: Tensor, window: int, kind: str) -> Tensor:
    """Pool spikes: OR, or the sum."""
    if window == 1:
        return spikes
    frames = spikes.flatten(0, 1).to(torch.float32)
    pooled = (
        F.max_pool2d(frames, window) if kind == "max" else F.avg_pool2d(frames, window, divisor_override=1)
    )
    return pooled.to(torch.int64).view(*spikes.shape[:2], *pooled.shape[1:])


def needed_bits(network: IntegerNetwork) -> Iterator[tuple[str, int, int]]:
    """Yield (layer, accumulator bits, membrane bits) that no input can exceed (interval arithmetic on the weights).

    With a leak v - (v >> k) the membrane stays within 2**k times the largest current (plus the rounding of the shift).
    """
    value_max = network.input_max
    for layer in network.layers:
        weight = layer.weight.astype(np.int64).reshape(layer.weight.shape[0], -1)
        rise = (np.maximum(weight, 0).sum(1) * value_max << layer.fraction_bits) + layer.bias
        fall = (np.minimum(weight, 0).sum(1) * value_max << layer.fraction_bits) + layer.bias
        if layer.threshold is None:
            most, least = int(max(0, rise.max())), int(min(0, fall.min()))
            width = _bits(least * network.timesteps, most * network.timesteps)
            yield layer.name, width, width
            return
        steps = network.timesteps
        reach = steps if network.leak_shift is None else min(steps, 2**network.leak_shift)
        low = int(min(0, fall.min())) * reach - (0 if network.leak_shift is None else 2**network.leak_shift)
        below = (
            layer.threshold.astype(np.int64) - 1 if network.reset == "zero" else np.maximum(rise, 0) * reach
        )
        high = int((np.maximum(below, 0) + np.maximum(rise, 0)).max())
        yield layer.name, _bits(int(min(0, fall.min())), int(max(0, rise.max()))), _bits(low, high)
        value_max = layer.pool**2 if network.pool == "sum" else 1


def _bits(low: int, high: int) -> int:
    """Return the width of the smallest two's complement that holds [low, high]."""
    return max((-low - 1).bit_length() if low < 0 else 0, high.bit_length()) + 1
