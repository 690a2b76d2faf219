"""How many candidates a stack should hold on this machine: what memory allows, and what a short measurement says.

A candidate's result does not depend on its stack (`products`), so this may differ from run to run.
"""

from __future__ import annotations

import math
import time
from pathlib import Path

import numpy as np
import torch

from hwsearch.graph.graph import INPUT, NO_POOLING, NetworkSpec
from hwsearch.graph.order import components, steps_in_time
from hwsearch.network.params import Ticket, initial_params
from hwsearch.network.stack import Stack
from hwsearch.train.adam import StackAdam
from hwsearch.train.loss import cross_entropy

MOST = 32
"""Larger stacks were never faster on a core."""
MOST_GPU = 256
"""Of a stack on a GPU. Not measured there: its results depend on the stack in their last bits, so the size is fixed."""
_MOST_BYTES = 400_000_000  # of a process's stack; with all that a process holds besides, about 1.3 GB
_GAIN = 0.03  # of time per candidate that a larger stack must bring
_PATIENCE_S = 1.0  # that trying one size may take


def stack_bytes(spec: NetworkSpec, timesteps: int, batch_size: int) -> int:
    """Return the memory that one candidate of a stack needs while it is trained.

    Stored for the way back: each spiking population's potentials and what is read of its spikes, and its currents
    (twice where they are normalised); what is stepped through time besides each timestep's membranes; on top three
    times the largest of them for gradients on their way, five times where connections without a delay join, since the
    gradient of a sum waits for all that enters it. Of each weight: itself, its mask, what is quantised, its gradient,
    both of Adam's moments, and one copy on its way.
    """
    stored, largest = 0, 0
    stepped = {
        p
        for group in components(len(spec.populations), spec.connections)
        if steps_in_time(group, spec.connections)
        for p in group
    }
    for place, population in enumerate(spec.populations):
        if population.law is None:
            continue
        potentials = batch_size * timesteps * population.neurons
        currents = potentials // (timesteps if _still(spec, place) else 1)
        stored += (
            potentials
            + _read_values(spec, place, potentials, stepped)
            + currents * (2 if population.norm else 1)
        )
        stored += 2 * potentials if place in stepped else 0
        largest = max(largest, potentials)
    weights = sum(connection.n_weights for connection in spec.connections)
    targets = [connection.target for connection in spec.connections if not connection.delay]
    waiting = 3 if len(set(targets)) == len(targets) else 5
    return 4 * (stored + waiting * largest + 7 * weights)


def _still(spec: NetworkSpec, population: int) -> bool:
    """Return whether a population's current is the same at every timestep."""
    incoming = [c for c in spec.connections if c.target == population]
    return spec.input.still and all(c.source == INPUT and not c.delay for c in incoming)


def _read_values(spec: NetworkSpec, population: int, spikes: int, stepped: set[int]) -> int:
    """Return how many values of a population's spikes are kept: as they are read, and whole where that differs."""
    readers = [c for c in spec.connections if c.source == population]
    poolings = {c.pooling for c in readers}
    whole = 0 if len(poolings) == 1 or NO_POOLING in poolings else spikes
    late = sum(spikes // c.pooling.area for c in readers if c.delay and c.target not in stepped)
    return whole + sum(spikes // pooling.area for pooling in poolings) + late


def fitting(spec: NetworkSpec, timesteps: int, batch_size: int, processes: int, device: str = "cpu") -> int:
    """Return how many candidates fit the memory of one of several processes, or of a GPU (at least 1)."""
    if device == "cuda":
        budget = torch.cuda.mem_get_info()[0] // 3  # torch's pooling keeps spikes and indices besides
    else:
        budget = min(_MOST_BYTES, available_bytes() // (2 * processes))
    if not spec.input.still:  # the batch, which all candidates read, as it is drawn and with time in front
        budget -= 2 * 4 * batch_size * timesteps * math.prod(spec.input.shape)
    return max(1, budget // stack_bytes(spec, timesteps, batch_size))


def fastest(spec: NetworkSpec, timesteps: int, batch_size: int, most: int, neuron_loop: str = "fused") -> int:
    """Measure training steps of stacks of 1, 2, 4, ... candidates; return the size with the least time for each.

    Args:
        spec: The architecture.
        timesteps: T.
        batch_size: Samples a step.
        most: Do not try larger ones.
        neuron_loop: ``fused`` or ``spikingjelly``.
    """
    best, best_s, size = 1, float("inf"), 1
    while size <= most:
        seconds = _step_seconds(spec, timesteps, batch_size, size, neuron_loop)
        if seconds / size < best_s * (1 - _GAIN):
            best, best_s = size, seconds / size
        elif seconds / size > best_s * (1 + 2 * _GAIN):
            break
        if seconds > _PATIENCE_S / 4:
            break
        size *= 2
    return best


def _step_seconds(spec: NetworkSpec, timesteps: int, batch_size: int, size: int, neuron_loop: str) -> float:
    """Return the least seconds of three training steps of a stack."""
    params = initial_params(spec, 0)
    masks = tuple(np.ones(weight.shape, bool) for weight in params.weights)
    ticket = Ticket(params, masks, (4,) * len(masks))
    stack = Stack(spec, [ticket] * size, neuron_loop).train()
    adam, generator = StackAdam(stack, [1.0] * size), torch.Generator().manual_seed(0)
    frames = () if spec.input.still else (timesteps,)
    x = torch.rand((batch_size, *frames, *spec.input.shape), generator=generator)
    y = torch.arange(batch_size) % spec.classes
    times = []
    for _ in range(3):
        start = time.perf_counter()
        cross_entropy(stack(x, timesteps), y, 1.0).sum().backward()  # type: ignore[no-untyped-call]
        adam.step(0.001)
        times.append(time.perf_counter() - start)
    return min(times)


def available_bytes() -> int:
    """Return the memory that is free to use; a guess of 4 GB where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return 4_000_000_000
    facts = dict(line.split(":", 1) for line in lines if ":" in line)
    return int(facts["MemAvailable"].split()[0]) * 1024
