"""How large the numbers of a population become in C: which widths its loops need, and what is refused.

A sum is 32 bits wide while weights are added to it; neurons are computed in 32 bits where nothing can leave them, else
in 64. The integer model's own widths (where sums and membranes are clipped) are narrower and others: they are those of
the device, and are applied as the model says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwsearch.errors import Fault
from hwsearch.network.integers import (
    IntegerConnection,
    IntegerNetwork,
    half_step,
    largest_value,
    population_bits,
)

_INT32 = 2**31 - 1


@dataclass(frozen=True)
class Bounds:
    """What a population's numbers can reach.

    Attributes:
        sums: Largest size of all its connections' sums together, shifted, without the bias.
        wide: Whether a neuron's own arithmetic needs 64 bits.
        clips_sums: Whether a sum, or a readout's potential, can leave the accumulator, so that it is clipped.
        clips_state: Whether a membrane (or a readout's potential) can leave its width.
    """

    sums: int
    wide: bool
    clips_sums: bool
    clips_state: bool


def bounds_of(network: IntegerNetwork, place: int) -> Bounds:
    """Return the bounds of a population."""
    population, incoming = network.populations[place], network.entering(place)
    need = population_bits(population, incoming, network.input, network.readout, network.timesteps)
    readout = population.threshold is None
    state_bits = network.accumulator_bits if readout else network.state_bits
    sums = _reach(network, incoming)
    bias = int(np.abs(population.bias.astype(np.int64)).max(initial=0))
    state = 2 ** (min(state_bits, need.membrane) - 1)
    limits = np.zeros(0) if population.threshold is None else population.threshold.astype(np.int64)
    threshold = int(np.abs(limits).max(initial=0))
    return Bounds(
        sums,
        wide=sums + bias + state + threshold > _INT32,
        clips_sums=need.sums > network.accumulator_bits,
        clips_state=(need.sums if readout else need.membrane) > state_bits,
    )


def _reach(network: IntegerNetwork, incoming: Sequence[IntegerConnection]) -> int:
    """Return the largest size of the sums of connections, each shifted; a rounding's half included."""
    total = 0
    for c in incoming:
        rows = np.abs(c.weight.astype(np.int64)).reshape(len(c.weight), -1).sum(1)
        most = int(rows.max(initial=0)) * largest_value(c.shape, network.input, network.timesteps)
        total += (most + half_step(c.fraction_bits)) << max(c.fraction_bits, 0)
    return total


def bound_faults(network: IntegerNetwork) -> list[Fault]:
    """Return the populations whose sums the kernels cannot hold."""
    law, todo = "sums must stay below 2**31", "export a network with fewer bits, or smaller inputs"
    reached = {p.shape.name: bounds_of(network, place).sums for place, p in enumerate(network.populations)}
    return [
        Fault(f"--format c: {name}", law, f"{sums:,} at most", todo)
        for name, sums in reached.items()
        if sums > _INT32
    ]
