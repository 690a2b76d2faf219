"""A small task and stacks of tickets for it."""

import numpy as np
import torch

from hwsearch.compress.masks import prune
from hwsearch.network.params import Ticket, initial_params

RNG = np.random.default_rng(0)
Y = RNG.integers(0, 3, 120)
X = np.clip(
    RNG.integers(0, 6, (120, 1, 6, 6)) + 10 * (np.arange(36).reshape(6, 6) % 3 == Y[:, None, None])[:, None],
    0,
    16,
)
X = X.astype(np.uint8)


def draw(*shape, seed=0):
    """Return normal numbers."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def tickets(own, kinds):
    """Return tickets of a network: granularity, sparsity and bits of each."""
    params = initial_params(own, 0)
    found = []
    for granularity, sparsity, bits in kinds:
        pruned = iter(prune([params.weights[i] for i in own.prunable], granularity, sparsity))
        masks = [
            next(pruned) if connection.prunable else np.ones(connection.weight_shape, bool)
            for connection in own.connections
        ]
        found.append(Ticket(params, tuple(masks), (bits,) * len(masks)))
    return found


def same(some, others):
    """Return whether two candidates' parameters are equal to the last bit."""
    pairs = zip(
        (*some.weights, *some.biases, *some.norms),
        (*others.weights, *others.biases, *others.norms),
        strict=True,
    )
    return all((a is None and b is None) or np.array_equal(a, b) for a, b in pairs)


MLP = [
    ("weight", 0.8, 1),
    ("nm:4", 0.5, 2),
    ("block:4", 0.5, 3),
    ("channel", 0.5, 4),
    ("weight", 0.0, 8),
    ("nm:8", 0.75, 6),
]


CONV = [("kernel", 0.5, 4), ("weight", 0.7, 2), ("channel", 0.25, 8), ("block:8", 0.5, 1)]
