"""The integer machine model: what the exports compute, bit for bit, vectorised in torch.

For a layer with integer weights w, input spikes s (or unsigned inputs x), bias c, leak shift k and threshold th::

    a[t] = acc((acc(sum_i w_i s_i[t]) << f)  +  c)             (acc clips to the accumulator's width)
    v[t] = sat(v[t-1] - (v[t-1] >> k) + a[t])                  (arithmetic shift; k None: no leak)
    s[t] = v[t] >= th;  then v[t] = 0, or v[t] - th            (reset to zero, or by subtraction)

sat clips to the membrane's width. With f < 0 the sum is rounded to the nearest: (sum + 2**(-f-1)) >> -f. The readout
adds up a[t] over the timesteps, clipped to the accumulator's width each time; the prediction is its argmax, the first
of equals. A sum is clipped when all its terms are in it (a device that clips after every term is another one). All of
it runs in floats that are wide enough for every number on the way to be exact: integers below 2**24 in float32, below
2**53 in float64; a shift is a power of two, rounded down. The order of sums then does not matter, and networks run in
stacks, on a CPU or a GPU, with one result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from hwsearch.network.integers import IntegerLayer, IntegerNetwork, Widths, half_step, needed_bits

__all__ = [
    "IntegerLayer",
    "IntegerNetwork",
    "Run",
    "Widths",
    "needed_bits",
    "run_integer",
    "run_integer_stack",
]
_ELEMENTS_AT_A_TIME = 4_000_000  # of the largest tensor: bounds the memory, results do not depend on it


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
        sums_clipped, membranes_clipped: How often these were clipped to their width, mean of an inference (a readout's
            potential is a sum).
    """

    readout: np.ndarray
    input_maps: tuple[np.ndarray, ...]
    spikes: tuple[np.ndarray, ...]
    membranes: tuple[np.ndarray, ...] | None
    sums_clipped: float = 0.0
    membranes_clipped: float = 0.0

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
    return run_integer_stack([network], x, trace=trace)[0]


def run_integer_stack(
    networks: Sequence[IntegerNetwork], x: np.ndarray, *, trace: bool = False, device: str = "cpu"
) -> list[Run]:
    """Run networks that differ in their integers and numbers of channels only, all at once.

    Args:
        networks: K networks.
        x: [N, C, H, W] unsigned inputs.
        trace: Also keep every membrane after every timestep.
        device: Where torch computes.

    Raises:
        ValueError: As for ``run_integer``; or the networks differ in more.
    """
    first = networks[0]
    if len(x) == 0:
        raise ValueError("an accuracy needs at least one input")
    if int(x.max()) > first.input_max:
        raise ValueError(f"inputs must lie in [0, {first.input_max}]; got {int(x.max())}")
    if any(_frame(network) != _frame(first) for network in networks):
        raise ValueError("networks of a stack must share inputs, timesteps, neuron and kinds of layers")
    layers = _stack_layers(networks, device)
    widest = max(layer.neurons for network in networks for layer in network.layers)
    batch = max(16, _ELEMENTS_AT_A_TIME // (widest * first.timesteps * len(networks)))
    parts = [_run_batch(networks, layers, x[i : i + batch], trace) for i in range(0, len(x), batch)]
    share = [len(part[0].readout) / len(x) for part in parts]
    return [_joined([part[k] for part in parts], share) for k in range(len(networks))]


def _frame(network: IntegerNetwork) -> tuple[object, ...]:
    """Return what networks of a stack share."""
    layers = [
        (own.kind, own.weight.shape[2:], own.pool, own.out_size, own.fan_columns) for own in network.layers
    ]
    return (
        network.timesteps, network.leak_shift, network.reset, network.pool, network.input_shape, network.input_max,
        network.state_bits, network.accumulator_bits, layers,
    )  # fmt: skip


def _joined(parts: list[Run], share: list[float]) -> Run:
    """Return the run on all batches."""
    membranes = None
    if parts[0].membranes is not None:
        traces = [part.membranes for part in parts if part.membranes is not None]
        membranes = tuple(np.concatenate(layer, axis=1) for layer in zip(*traces, strict=True))
    return Run(
        np.concatenate([part.readout for part in parts]),
        _weighted([part.input_maps for part in parts], share),
        _weighted([part.spikes for part in parts], share),
        membranes,
        float(np.dot(share, [part.sums_clipped for part in parts])),
        float(np.dot(share, [part.membranes_clipped for part in parts])),
    )


def _weighted(parts: list[tuple[np.ndarray, ...]], share: list[float]) -> tuple[np.ndarray, ...]:
    """Return the weighted sum of each array over the batches."""
    return tuple(np.tensordot(share, np.stack(arrays), 1) for arrays in zip(*parts, strict=True))


@dataclass(frozen=True, eq=False)
class _Layer:
    """One layer of a stack, channels that a network does not have being zero; floats in which all sums are exact.

    Attributes:
        weight: [K, out, in(, k, k)].
        bias, threshold: [K, 1, out(, 1, 1)].
        gain: [K, 1, 1(, 1, 1)], 2**f.
        half: Likewise, what is added before a shift to the right; None where none is.
        clip_sums, clip: Whether a sum, and a membrane, can leave its width.
    """

    weight: Tensor
    bias: Tensor
    threshold: Tensor | None
    gain: Tensor
    half: Tensor | None
    clip_sums: bool
    clip: bool


def _stack_layers(networks: Sequence[IntegerNetwork], device: str) -> list[_Layer]:
    """Return the stacked layers."""
    first, stacked = networks[0], []
    widths = [list(needed_bits(network)) for network in networks]
    value_max, inputs = first.input_max, networks[0].layers[0].weight.shape[1]
    for index, shape in enumerate(first.layers):
        own = [network.layers[index] for network in networks]
        needs = [width[index] for width in widths]
        bits, sum_bits = max(need.membrane for need in needs), max(need.sums for need in needs)
        sums = max(
            np.abs(n.weight.astype(np.int64)).reshape(len(n.bias), -1).sum(1).max() << max(n.fraction_bits, 0)
            for n in own
        )
        halves = [half_step(n.fraction_bits) for n in own]
        low = min((int(n.threshold.min()) for n in own if n.threshold is not None), default=0)
        narrow = sums * value_max + max(halves) < 2**24 and max(bits, sum_bits) <= 24 and low >= 0
        exact = torch.float32 if narrow else torch.float64
        outputs, ends = max(len(n.bias) for n in own), (1,) * (shape.weight.ndim - 2)
        weight = np.zeros((len(own), outputs, inputs, *shape.weight.shape[2:]))
        bias, threshold = np.zeros((len(own), 1, outputs, *ends)), np.ones((len(own), 1, outputs, *ends))
        for k, n in enumerate(own):
            weight[k, : len(n.bias), : n.weight.shape[1]] = n.weight
            bias[k, 0, : len(n.bias)] = n.bias.reshape(-1, *ends)
            if n.threshold is not None:
                threshold[k, 0, : len(n.bias)] = n.threshold.reshape(-1, *ends)
        gain, half = (
            np.reshape(np.array(values, float), (-1, 1, 1, *ends))
            for values in ([2.0**n.fraction_bits for n in own], halves)
        )
        tensors = [torch.from_numpy(a).to(device, exact) for a in (weight, bias, threshold, gain, half)]
        last = shape.threshold is None
        stacked.append(
            _Layer(
                tensors[0],
                tensors[1],
                None if last else tensors[2],
                tensors[3],
                tensors[4] if any(halves) else None,
                sum_bits > first.accumulator_bits,
                bits > first.state_bits,
            )
        )
        value_max = shape.pool**2 if first.pool == "sum" else 1
        inputs = outputs if index + 1 == len(first.layers) else outputs * first.layers[index + 1].fan_columns
    return stacked


def _run_batch(
    networks: Sequence[IntegerNetwork], layers: Sequence[_Layer], x: np.ndarray, trace: bool
) -> list[Run]:
    """Run layer after layer; each layer over all timesteps, as nothing feeds back between layers."""
    law, size = networks[0], len(networks)
    maps, means, membranes = [], [], []
    sums_clipped, membranes_clipped = np.zeros(size), np.zeros(size)
    start = torch.from_numpy(x).to(device=layers[0].weight.device, dtype=torch.float32)
    sequence = start.expand(size, 1, *start.shape)  # [K, 1 or T, N, ...]: a static input is shown once
    for index, layer in enumerate(layers):
        seen = (sequence[:1] != 0).double().sum(1) if index == 0 else sequence.sum(1).double()
        maps.append(seen.mean(1).cpu().numpy())
        current, clipped = _current(law, layer, sequence)
        sums_clipped += clipped * (law.timesteps // sequence.shape[1])
        if layer.threshold is None:
            potentials, clipped = _added_up(law, layer, current)
            sums_clipped += clipped
            membranes.append(potentials)
            break
        spikes, states, clipped = _fire(law, layer, current, trace)
        membranes_clipped += clipped
        counts = spikes.sum(1).flatten(2 if spikes.dim() == 4 else 3)
        counts = counts if spikes.dim() == 4 else counts.sum(3)
        means.append(counts.double().mean(1).cpu().numpy())
        membranes.append(states)
        sequence = _pool(spikes, law.layers[index].pool, law.pool)
    values = [own.to(torch.int64).cpu().numpy() for own in (membranes if trace else membranes[-1:])]
    runs = []
    for k, network in enumerate(networks):
        channels = [len(own.bias) for own in network.layers]
        inputs = [maps[0][0], *(own[k][:n] for own, n in zip(maps[1:], channels, strict=False))]
        fired = [own[k][:n] for own, n in zip(means, channels, strict=False)]
        kept = tuple(own[k][:, :, :n] for own, n in zip(values, channels, strict=True)) if trace else None
        often = (float(counts[k]) / len(x) for counts in (sums_clipped, membranes_clipped))
        runs.append(Run(values[-1][k, -1], tuple(inputs), tuple(fired), kept, *often))
    return runs


def _current(law: IntegerNetwork, layer: _Layer, sequence: Tensor) -> tuple[Tensor, np.ndarray]:
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
    if layer.clip_sums:
        total, clipped = _clipped(total, law.accumulator_bits)
    current: Tensor = total * layer.gain
    if layer.half is not None:
        current.floor_()
    current = current + layer.bias
    if layer.clip_sums:
        current, again = _clipped(current, law.accumulator_bits)
        clipped = clipped + again
    return current.view(*sequence.shape[:3], *current.shape[2:]), clipped


def _clipped(values: Tensor, bits: int) -> tuple[Tensor, np.ndarray]:
    """Return values [K, ...] within a width, and how many of each network [K] were not."""
    top = 2 ** (bits - 1) - 1
    inside = values.clamp(-top - 1, top)
    return inside, (inside != values).flatten(1).sum(1).double().cpu().numpy()


def _added_up(law: IntegerNetwork, layer: _Layer, current: Tensor) -> tuple[Tensor, np.ndarray]:
    """Return the readout's potentials [K, T, N, classes] and how many of each network [K] were clipped."""
    every = current.expand(len(current), law.timesteps, *current.shape[2:])
    if not layer.clip_sums:
        return every.cumsum(1), np.zeros(len(current))
    potentials, count = [torch.zeros_like(every[:, 0])], np.zeros(len(current))
    for t in range(law.timesteps):
        potential, clipped = _clipped(potentials[-1] + every[:, t], law.accumulator_bits)
        potentials.append(potential)
        count += clipped
    return torch.stack(potentials[1:], 1), count


def _as_product(frames: Tensor, weight: Tensor) -> Tensor:
    """Return convolutions as products: those of a GPU may transform the numbers on the way, and round."""
    size, samples, _, height, width = frames.shape
    kernel = weight.shape[-1]
    taps = F.unfold(frames.flatten(0, 1), kernel, padding=kernel // 2).view(size, samples, -1, height * width)
    total: Tensor = weight.flatten(2).unsqueeze(1) @ taps
    return total.view(size, samples, -1, height, width)


def _fire(
    law: IntegerNetwork, layer: _Layer, current: Tensor, trace: bool
) -> tuple[Tensor, Tensor, np.ndarray]:
    """Return spikes [K, T, N, ...], membranes after reset, likewise if traced (else empty), and clipped ones [K]."""
    assert layer.threshold is not None
    count = np.zeros(len(current))
    membrane = torch.zeros_like(current[:, 0])
    spikes = current.new_empty((len(current), law.timesteps, *current.shape[2:]), dtype=torch.float32)
    states = torch.empty_like(spikes, dtype=current.dtype) if trace else torch.empty(0)
    for t in range(law.timesteps):
        if law.leak_shift is not None:  # an arithmetic shift rounds down
            membrane = membrane - (membrane * 2.0**-law.leak_shift).floor_()
        membrane = membrane + current[:, t if current.shape[1] > 1 else 0]
        if layer.clip:
            membrane, clipped = _clipped(membrane, law.state_bits)
            count += clipped
        fired = membrane >= layer.threshold
        spikes[:, t] = fired
        membrane = (
            membrane.masked_fill(fired, 0) if law.reset == "zero" else membrane - layer.threshold * fired
        )
        if trace:
            states[:, t] = membrane
    return spikes, states, count


def _pool(spikes: Tensor, window: int, kind: str) -> Tensor:
    """Pool spikes [K, T, N, C, H, W]: OR, or the sum."""
    if window == 1:
        return spikes
    frames = spikes.flatten(0, 2)
    pooled = (
        F.max_pool2d(frames, window) if kind == "max" else F.avg_pool2d(frames, window, divisor_override=1)
    )
    return pooled.view(*spikes.shape[:3], *pooled.shape[1:])
