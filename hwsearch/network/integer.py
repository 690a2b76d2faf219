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
from torch import Tensor

from hwsearch.network.integer_layers import StackedLayer, currents, fire, pool, potentials, stack_layers
from hwsearch.network.integers import IntegerNetwork

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
    layers = stack_layers(networks, device)
    widest = max(layer.neurons for network in networks for layer in network.layers)
    batch = max(16, _ELEMENTS_AT_A_TIME // (widest * first.timesteps * len(networks)))
    parts = [_run_batch(networks, layers, x[i : i + batch], trace) for i in range(0, len(x), batch)]
    share = [len(part[0].readout) / len(x) for part in parts]
    return [_joined([part[k] for part in parts], share) for k in range(len(networks))]


def _frame(network: IntegerNetwork) -> tuple[object, ...]:
    """Return what networks of a stack share."""
    layers = [
        (layer.kind, layer.weight.shape[2:], layer.pool, layer.out_size, layer.fan_columns)
        for layer in network.layers
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


def _run_batch(
    networks: Sequence[IntegerNetwork], layers: Sequence[StackedLayer], x: np.ndarray, trace: bool
) -> list[Run]:
    """Run layer after layer; each layer over all timesteps, as nothing feeds back between layers."""
    shared, size = networks[0], len(networks)
    maps, spike_means, membranes = [], [], []
    sums_clipped, membranes_clipped = np.zeros(size), np.zeros(size)
    inputs = torch.from_numpy(x).to(device=layers[0].weight.device, dtype=torch.float32)
    sequence = inputs.expand(size, 1, *inputs.shape)  # [K, 1 or T, N, ...]: a static input is shown once
    for index, layer in enumerate(layers):
        events = (sequence[:1] != 0).double().sum(1) if index == 0 else sequence.sum(1).double()
        maps.append(events.mean(1).cpu().numpy())
        current, clipped = currents(shared, layer, sequence)
        sums_clipped += clipped * (shared.timesteps // sequence.shape[1])
        if layer.threshold is None:
            sums, clipped = potentials(shared, layer, current)
            sums_clipped += clipped
            membranes.append(sums)
            break
        spikes, membrane, clipped = fire(shared, layer, current, trace)
        membranes_clipped += clipped
        membranes.append(membrane)
        spike_means.append(_spikes_per_channel(spikes))
        sequence = pool(spikes, shared.layers[index].pool, shared.pool)
    clipped_each = np.stack([sums_clipped, membranes_clipped], 1) / len(x)
    states = [state.to(torch.int64).cpu().numpy() for state in (membranes if trace else membranes[-1:])]
    return [
        Run(
            states[-1][k, -1],
            (maps[0][0], *_channels(network, maps[1:], k, axis=0)),
            _channels(network, spike_means, k, axis=0),
            _channels(network, states, k, axis=2) if trace else None,
            *map(float, clipped_each[k]),
        )
        for k, network in enumerate(networks)
    ]


def _spikes_per_channel(spikes: Tensor) -> np.ndarray:
    """Return the mean spikes of an inference [K, C] of spikes [K, T, N, C(, H, W)]."""
    counts = spikes.sum(1).flatten(3).sum(3) if spikes.dim() > 4 else spikes.sum(1)
    means: np.ndarray = counts.double().mean(1).cpu().numpy()
    return means


def _channels(
    network: IntegerNetwork, arrays: Sequence[np.ndarray], k: int, axis: int
) -> tuple[np.ndarray, ...]:
    """Return what each layer's array holds of network k, without channels that are another's of the stack."""
    before = (slice(None),) * axis
    counts = [len(layer.bias) for layer in network.layers]
    return tuple(array[k][(*before, slice(n))] for array, n in zip(arrays, counts, strict=False))
