"""Networks of integers of any spelling, their numbers drawn: 6-bit weights, about a fifth of the neurons fire."""

import numpy as np

from builders.graphs import spec
from hwsearch.graph.graph import INPUT
from hwsearch.network.integers import IntegerConnection, IntegerNetwork, IntegerPopulation


def drawn_integers(spelling, shape=(1, 6, 6), classes=4, *, timesteps=8, seed=0, fraction_bits=2, **settings):
    """Return a network; see ``spec`` for the settings."""
    rng = np.random.default_rng(seed)
    s = spec(spelling, shape, classes, **settings)
    connections, spread = [], [0.0] * len(s.populations)
    for c in s.connections:
        weight = rng.integers(-31, 32, c.weight_shape) if c.prunable else np.full(c.weight_shape, 20)
        f = 0 if c.readout else fraction_bits
        connections.append(IntegerConnection(c, weight.astype(np.int32), f))
        seen = s.input.max / 2 if c.source == INPUT else 0.3 * c.pooling.divisor
        spread[c.target] += float((weight[0].astype(float) ** 2).sum()) * seen**2 * 4.0**f
    populations = []
    for place, p in enumerate(s.populations):
        scale = spread[place] ** 0.5
        bias = rng.integers(-int(scale / 8) - 1, int(scale / 8) + 2, p.channels).astype(np.int32)
        threshold = rng.integers(int(0.6 * scale) + 1, int(1.4 * scale) + 2, p.channels).astype(np.int32)
        populations.append(IntegerPopulation(p, bias, None if p.law is None else threshold))
    bits = (6,) * len(connections)
    return IntegerNetwork(tuple(populations), tuple(connections), bits, timesteps, s.input, s.readout, 32)
