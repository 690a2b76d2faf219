"""A small task and stacks of tickets for it."""

import numpy as np
import torch

from hwsearch.compress.masks import prune
from hwsearch.network.stack import Ticket, initial_params
from hwsearch.network.topology import NetworkSpec, layer_shapes

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


def spec(topology, *, batch_norm=True):
    shapes = layer_shapes(topology, (1, 6, 6), 3)
    return NetworkSpec(shapes, 1, 1.0, "zero", batch_norm, "max", (1, 6, 6), 16, 5, 3)


def tickets(own, kinds):
    params = initial_params(own, 0)
    weights = [layer.weight for layer in params]
    return [Ticket(params, tuple(prune(weights, g, s)), (bits,) * len(params)) for g, s, bits in kinds]


MLP = [
    ("weight", 0.8, 1),
    ("nm:4", 0.5, 2),
    ("block:4", 0.5, 3),
    ("channel", 0.5, 4),
    ("weight", 0.0, 8),
    ("nm:8", 0.75, 6),
]


CONV = [("kernel", 0.5, 4), ("weight", 0.7, 2), ("channel", 0.25, 8), ("block:8", 0.5, 1)]
