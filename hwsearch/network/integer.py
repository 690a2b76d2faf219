"""The integer machine model: what the exports compute, bit for bit, vectorised in torch.

For a population with integer bias b, leak shift k and threshold th, and incoming connections c of integer weights w and
fraction bits f, over which spikes s (or unsigned inputs x) arrive this timestep or, delayed, the next one::

    a[t] = acc(sum_c (acc(sum_i w_i s_i[t - delay]) << f)  +  b)        (acc clips to the accumulator's width)
    v[t] = sat(v[t-1] - (v[t-1] >> k) + a[t])                           (arithmetic shift; k None: no leak)
    s[t] = v[t] >= th;  then v[t] = 0, or v[t] - th                     (reset to zero, or by subtraction)

sat clips to the membrane's width. With f < 0 the sum is rounded to the nearest: (sum + 2**(-f-1)) >> -f. The readout
adds up a[t] over the timesteps, or the last ones, with a leak or without, clipped to the accumulator's width each time;
the prediction is its argmax, the first of equals. A sum is clipped when all its terms are in it (a device that clips
after every term is another one). All of it runs in floats that are wide enough for every number on the way to be exact:
integers below 2**24 in float32, below 2**53 in float64; a shift is a power of two, rounded down. The order of sums then
does not matter, and networks run in stacks, on a CPU or a GPU, with one result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace

import numpy as np
import torch

from hwsearch.data.frames import timestep_inputs
from hwsearch.graph.graph import INPUT
from hwsearch.hardware.arrivals import Arrivals
from hwsearch.network.integer_pass import Pass
from hwsearch.network.integer_stack import StackedPopulation, stack_populations
from hwsearch.network.integers import IntegerNetwork

_ELEMENTS_AT_A_TIME = 4_000_000  # of the largest tensor: bounds the memory, results do not depend on it


@dataclass(frozen=True)
class Run:
    """What an integer network did on a batch of inputs.

    Attributes:
        readout: [N, classes] int64 potentials after T timesteps; with labels a timestep [N, T, classes].
        input_maps: Per connection, mean over samples of the values it received (pooled), summed over time: [C, H, W] or
            [n]. Of analog inputs how many values were not zero: of a still image once, of a sequence summed over time.
        spikes: Per spiking population [C], mean spikes of each channel in one inference.
        membranes: Per spiking population [T, N, ...] int64 after reset, and last the readout's [T, N, classes]; None
            unless asked for.
        sums_clipped, membranes_clipped: How often these were clipped to their width, mean of an inference (a readout's
            potential is a sum).
        fired: Per spiking population [N] int64, spikes of all its neurons in each inference.
        arrivals: Per connection, how its events fall into timesteps and channels.
    """

    readout: np.ndarray
    input_maps: tuple[np.ndarray, ...]
    spikes: tuple[np.ndarray, ...]
    membranes: tuple[np.ndarray, ...] | None
    sums_clipped: float = 0.0
    membranes_clipped: float = 0.0
    fired: tuple[np.ndarray, ...] = ()
    arrivals: tuple[Arrivals, ...] = ()

    @property
    def predictions(self) -> np.ndarray:
        """[N] or [N, T] class indices: the first of the largest potentials."""
        first: np.ndarray = self.readout.argmax(-1)
        return first


def run_integer(network: IntegerNetwork, x: np.ndarray, *, trace: bool = False) -> Run:
    """Run the integer machine on x.

    Args:
        network: The integers.
        x: [N, C, H, W] unsigned inputs, or sequences of them [N, T0, C, H, W].
        trace: Also keep every membrane after every timestep.

    Raises:
        ValueError: There is no input, or one exceeds ``input.max``.
    """
    return run_integer_stack([network], x, trace=trace)[0]


def run_integer_stack(
    networks: Sequence[IntegerNetwork], x: np.ndarray, *, trace: bool = False, device: str = "cpu"
) -> list[Run]:
    """Run networks that differ in their integers and numbers of channels only, all at once.

    Args:
        networks: K networks.
        x: [N, C, H, W] unsigned inputs, or sequences of them [N, T0, C, H, W].
        trace: Also keep every membrane after every timestep.
        device: Where torch computes.

    Raises:
        ValueError: As for ``run_integer``; or the networks differ in more.
    """
    first = networks[0]
    if len(x) == 0:
        raise ValueError("an accuracy needs at least one input")
    for outermost in (int(x.min()), int(x.max())):
        if not 0 <= outermost <= first.input.max:
            raise ValueError(f"inputs must lie in [0, {first.input.max}]; got {outermost}")
    if any(_frame(network) != _frame(first) for network in networks):
        raise ValueError("networks of a stack must share inputs, timesteps, neurons and kinds of layers")
    stacked = stack_populations(networks, device)
    widest = max(p.shape.neurons for network in networks for p in network.populations)
    if not first.input.still:
        widest = max(widest, int(np.prod(first.input.shape)))
    batch = max(16, _ELEMENTS_AT_A_TIME // (widest * first.timesteps * len(networks)))
    parts = [_run_batch(networks, stacked, x[i : i + batch], trace) for i in range(0, len(x), batch)]
    share = [len(part[0].readout) / len(x) for part in parts]
    return [_joined([part[k] for part in parts], share) for k in range(len(networks))]


def _frame(network: IntegerNetwork) -> tuple[object, ...]:
    """Return what networks of a stack share: all but integers and numbers of channels."""
    return (
        [replace(p.shape, channels=0) for p in network.populations],
        [replace(c.shape, in_channels=0, out_channels=0, groups=0) for c in network.connections],
        network.timesteps, network.input, network.readout, network.state_bits, network.accumulator_bits,
    )  # fmt: skip


def _joined(parts: list[Run], share: list[float]) -> Run:
    """Return the run on all batches."""
    membranes = None
    if parts[0].membranes is not None:
        traces = [part.membranes for part in parts if part.membranes is not None]
        membranes = tuple(np.concatenate(trace, axis=1) for trace in zip(*traces, strict=True))
    return Run(
        np.concatenate([part.readout for part in parts]),
        _weighted([part.input_maps for part in parts], share),
        _weighted([part.spikes for part in parts], share),
        membranes,
        float(np.dot(share, [part.sums_clipped for part in parts])),
        float(np.dot(share, [part.membranes_clipped for part in parts])),
        tuple(np.concatenate(each) for each in zip(*(part.fired for part in parts), strict=True)),
        tuple(
            Arrivals(*np.dot(share, [astuple(each) for each in parts_of]).tolist())
            for parts_of in zip(*(part.arrivals for part in parts), strict=True)
        ),
    )


def _weighted(parts: list[tuple[np.ndarray, ...]], share: list[float]) -> tuple[np.ndarray, ...]:
    """Return the weighted sum of each array over the batches."""
    return tuple(np.tensordot(share, np.stack(arrays), 1) for arrays in zip(*parts, strict=True))


def _run_batch(
    networks: Sequence[IntegerNetwork], stacked: Sequence[StackedPopulation], x: np.ndarray, trace: bool
) -> list[Run]:
    """Run a batch in one pass."""
    shared = networks[0]
    frames = _frames(shared, x, stacked[0].bias.device)
    done = Pass(shared, stacked, frames, trace)
    last = len(stacked) - 1
    traced = range(last + 1) if trace else [last]
    states = {p: done.membranes[p].to(torch.int64).cpu().numpy() for p in traced}
    by_step = shared.readout.labels == "step"
    clipped_each = np.stack([done.sums_clipped, done.membranes_clipped], 1) / len(x)
    return [
        Run(
            states[last][k].swapaxes(0, 1) if by_step else states[last][k, -1],
            tuple(_map_of(network, done.maps[c], c, k) for c in range(len(network.connections))),
            tuple(done.spikes[p][k, : len(network.populations[p].bias)] for p in range(last)),
            tuple(states[p][k][:, :, : len(network.populations[p].bias)] for p in traced) if trace else None,
            float(clipped_each[k, 0]),
            float(clipped_each[k, 1]),
            tuple(done.fired[p][k].astype(np.int64) for p in range(last)),
            tuple(
                Arrivals(*_of_network(done.arrivals[c], k).tolist()) for c in range(len(network.connections))
            ),
        )
        for k, network in enumerate(networks)
    ]


def _frames(network: IntegerNetwork, x: np.ndarray, device: torch.device) -> torch.Tensor:
    """Return what a batch shows at each timestep, [1 or T, N, C, H, W]; a still image is shown once for all."""
    data, timesteps = network.input, network.timesteps
    area = max(c.shape.pooling.divisor for c in network.connections)
    exact = torch.float32 if data.max_at(timesteps) * area < 2**24 else torch.float64
    if data.still:
        return torch.from_numpy(x).to(device=device, dtype=exact).unsqueeze(0)
    binned = timestep_inputs(x, data, timesteps)
    return torch.from_numpy(binned).to(device=device, dtype=exact).transpose(0, 1)


def _of_network(each: np.ndarray, k: int) -> np.ndarray:
    """Return what is network k's; what the input sends is one for all."""
    return np.asarray(each[k if len(each) > 1 else 0])


def _map_of(network: IntegerNetwork, means: np.ndarray, connection: int, k: int) -> np.ndarray:
    """Return a connection's map of network k, without channels that are another's of the stack."""
    source = network.connections[connection].shape.source
    if source == INPUT:
        return np.asarray(means[0])
    return np.asarray(means[k, : len(network.populations[source].bias)])
