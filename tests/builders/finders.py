"""A small task that finders search on, layers written down by hand, and statistics of them."""

from dataclasses import replace

import numpy as np

from builders import graphs
from hwsearch.graph.graph import Input, NetworkSpec, Population
from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.network.params import Params
from hwsearch.tickets.fit import Fit, Pruner, criterion_on
from hwsearch.tickets.observe import ConnectionStatistics
from hwsearch.train.loop import Schedule

RNG = np.random.default_rng(0)
Y = RNG.integers(0, 3, 96)
X = RNG.integers(0, 6, (96, 1, 6, 6)) + 10 * (np.arange(36).reshape(6, 6) % 3 == Y[:, None, None])[:, None]
X = np.clip(X, 0, 16).astype(np.uint8)


def spec(spelling="fc12-fc8", *shape_and_classes, norm=True, **others):
    return graphs.spec(spelling, *shape_and_classes, norm=norm, **others)


def task(spelling="fc12-fc8", *, epochs=2, rate=0.01):
    """Return a training of 96 samples at T 3."""
    return Fit(spec(spelling), X, Y, 3, Schedule(epochs, 32, rate), 0)


def pruner(fit, scope="global"):
    return Pruner(fit.spec.connections, criterion_on("magnitude", fit), scope)


def n_removed(masks):
    return sum(int((~mask).sum()) for mask in masks)


def nested(outer, inner):
    return all((b <= a).all() for a, b in zip(outer, inner, strict=True))


def params_of(*weights):
    """Return the parameters of a chain without biases and normalisation, from the weights of its layers."""
    arrays = tuple(np.array(w, np.float32) for w in weights)
    return Params(arrays, tuple(np.zeros(len(w), np.float32) for w in arrays), (None,) * len(arrays))


def of_chain(params):
    """Return the chain that parameters belong to; its first layer reads the input."""
    connections = graphs.chain(params.weights)
    read = Input((1, 1, connections[0].in_channels), 16, 5)
    law = NeuronLaw(1, 1.0, "zero")
    populations = tuple(
        Population(c.name, c.out_channels, (1, 1), None if c.readout else law, flat=True) for c in connections
    )
    return NetworkSpec(populations, connections, read, connections[-1].out_channels)


def scaled(params, factor):
    """Return parameters with larger weights."""
    return replace(params, weights=tuple(factor * w for w in params.weights))


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
