"""A small task and stacks of tickets for it."""

from dataclasses import replace

import numpy as np
import torch

from builders.graphs import spec
from hwsearch.compress.masks import prune
from hwsearch.graph.graph import Readout
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
        masks = tuple(prune(own.connections, params.weights, granularity, sparsity))
        found.append(Ticket(params, masks, (bits,) * len(masks)))
    return found


def kind_of(kind):
    """Return a network of one of KINDS."""
    text, settings = KINDS[kind]
    return spec(text, **{"threshold": 0.6, **settings})


def lively(own, kinds):
    """Return tickets as ``tickets`` does, of weights large enough for spikes everywhere."""
    found = tickets(own, kinds)
    weights = tuple(
        2.5 * weight if connection.prunable else weight
        for connection, weight in zip(own.connections, found[0].params.weights, strict=True)
    )
    return [replace(ticket, params=replace(ticket.params, weights=weights)) for ticket in found]


def inputs_of(own, n):
    """Return n random samples of what a network reads."""
    shape = (n, *(() if own.input.still else (own.input.frames,)), *own.input.shape)
    return np.random.default_rng(1).integers(0, own.input.max + 1, shape).astype(np.uint8)


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


KINDS = {
    "stride": ("4c3s2-6c3-fc5", {}),
    "rectangular kernel": ("4c3x1-6c1x5-p2x1-fc5", {}),
    "depthwise": ("4c3-dw3-dw5s2-6c1-fc5", {}),
    "pooling of any window": ("4c3-p3x2-4c3-gap-fc5", {"pool": "sum"}),
    "residual identity": ("4c3-res(4c3-4c3)-p2-fc5", {}),
    "residual 1 x 1": ("4c3-res(6c3s2-6c3)-gap-fc5", {}),
    "residual of flat populations": ("fc9-res(fc9)-res(fc5)", {}),
    "recurrence": ("r12-fc7", {}),
    "recurrence behind recurrence": ("4c3-p2-r12-r7", {"reset": "subtract", "leak_shift": None}),
    "sequences": ("4c3-p2-r6", {"frames": 8}),
    "sequences of spikes": ("fc12-res(r12)", {"frames": 6, "input_max": 1}),
    "leaky readout": ("r9", {"readout": Readout(leak_shift=2)}),
    "the last timesteps": ("fc9-fc9", {"readout": Readout(last=2)}),
    "labels a timestep": ("r9", {"readout": Readout(leak_shift=1, labels="step")}),
}
"""Networks that are no chains of stride 1 on still images: their spelling and what differs from the ordinary."""
