"""What is trained of a network, as numpy values, and the ticket that a training starts from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hwsearch.graph.graph import NetworkSpec


@dataclass(frozen=True, eq=False)
class Params:
    """One candidate's parameters, float32.

    Attributes:
        weights: One array a connection, [out, in] or [out, in / groups, kh, kw], before the mask and the quantiser.
        biases: One a population, [C].
        norms: One a population: [4, C], batch normalisation's gain, shift, running mean, running variance; None
            without.
    """

    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]
    norms: tuple[np.ndarray | None, ...]


@dataclass(frozen=True)
class Ticket:
    """What a candidate is trained from.

    Attributes:
        params: Start values.
        masks: Surviving weights, one array a connection.
        bits: Weight bits, likewise.
        rate: Factor on the schedule's learning rate.
        state_bits: Width of the membranes that its integers are made for; None: the device's own.
    """

    params: Params
    masks: tuple[np.ndarray, ...]
    bits: tuple[int, ...]
    rate: float = 1.0
    state_bits: int | None = None


def initial_params(spec: NetworkSpec, seed: int) -> Params:
    """Return fresh parameters: weights and biases uniform in +-1/sqrt(fan-in) (torch's default), norm (1, 0, 0, 1).

    The fan-in of a population with several connections is that of all together; a residual identity starts at 1.
    """
    generator = np.random.default_rng([seed, 0x1A7])
    weights: list[np.ndarray] = []
    biases: list[np.ndarray] = []
    norms: list[np.ndarray | None] = []
    for place, population in enumerate(spec.populations):
        incoming = [c for c in spec.connections if c.target == place]
        fan_in = sum(int(np.prod(c.weight_shape[1:])) for c in incoming if c.prunable)
        bound = 1.0 / float(np.sqrt(fan_in))
        for c in incoming:
            if c.prunable:
                weights.append(generator.uniform(-bound, bound, c.weight_shape).astype(np.float32))
            else:
                weights.append(np.ones(c.weight_shape, np.float32))
        bias = generator.uniform(-bound, bound, population.channels).astype(np.float32)
        norm = None
        if population.norm:
            bias = np.zeros_like(bias)
            norm = np.stack([np.ones_like(bias), bias, bias, np.ones_like(bias)])
        biases.append(bias)
        norms.append(norm)
    return Params(tuple(weights), tuple(biases), tuple(norms))
