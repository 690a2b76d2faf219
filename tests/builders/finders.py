"""A small task that finders search on, layers written down by hand, and statistics of them."""

import numpy as np

from hwsearch.network.stack import LayerParams
from hwsearch.network.topology import NetworkSpec, layer_shapes
from hwsearch.tickets.fit import Fit, Pruner, criterion_on
from hwsearch.tickets.observe import ConnectionStatistics
from hwsearch.train.loop import Schedule

RNG = np.random.default_rng(0)
Y = RNG.integers(0, 3, 96)
X = RNG.integers(0, 6, (96, 1, 6, 6)) + 10 * (np.arange(36).reshape(6, 6) % 3 == Y[:, None, None])[:, None]
X = np.clip(X, 0, 16).astype(np.uint8)


def spec(topology="fc12-fc8", *, leak_shift=1, reset="zero", batch_norm=True):
    shapes = layer_shapes(topology, (1, 6, 6), 3)
    return NetworkSpec(shapes, leak_shift, 1.0, reset, batch_norm, "max", (1, 6, 6), 16, 5, 3)


def task(topology="fc12-fc8", *, epochs=2, rate=0.01):
    """Return a training of 96 samples at T 3."""
    return Fit(spec(topology), X, Y, 3, Schedule(epochs, 32, rate), 0)


def pruner(fit, scope="global"):
    return Pruner(criterion_on("magnitude", fit), scope)


def n_removed(masks):
    return sum(int((~mask).sum()) for mask in masks)


def nested(outer, inner):
    return all((b <= a).all() for a, b in zip(outer, inner, strict=True))


def layer(rows):
    """Return a fully connected layer without biases."""
    weight = np.array(rows, np.float32)
    return LayerParams(weight, np.zeros(len(weight), np.float32))


def observed(n_in, n_out, **fields):
    """Return statistics of a layer whose inputs fire at every step and tell nothing of each other."""
    plain = {
        "rate": np.ones(n_in),
        "gain": np.ones(n_out),
        "mean": np.zeros(n_out),
        "variance": np.ones(n_out),
        "hessian": np.eye(n_in),
        "threshold": 1.0,
    }
    return ConnectionStatistics(**{**plain, **fields})
