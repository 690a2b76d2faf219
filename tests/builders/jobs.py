"""A task of three classes that a few epochs learn, a job of three candidates on it, and the end of who trained."""

import multiprocessing
import time

import numpy as np

from builders import graphs
from hwsearch.compress.masks import prune
from hwsearch.data.samples import Dataset
from hwsearch.network.integers import Widths
from hwsearch.network.params import Ticket, initial_params
from hwsearch.search.jobs.job import Bench, Job
from hwsearch.train.loop import Schedule

RNG = np.random.default_rng(0)
Y = np.arange(90) % 3
X = (RNG.integers(0, 5, (90, 1, 4, 4)) + 11 * (np.arange(4) == Y[:, None])[:, None, None, :]).astype(np.uint8)


def bench(widths=Widths()):  # noqa: B008 frozen
    spec = graphs.spec("fc12", (1, 4, 4), norm=True)
    data = Dataset("made", X[:60], Y[:60], X[60:80], Y[60:80], X[80:], Y[80:], 16, 5, 3, (1, 4, 4))
    return Bench((spec,), data, widths, "fused")


def job():
    (spec,) = bench().networks
    params = initial_params(spec, 0)
    cuts = [("weight", 0.5, 4), ("channel", 0.25, 2), ("weight", 0.0, 8)]
    masks = [tuple(prune(spec.connections, params.weights, g, s)) for g, s, _ in cuts]
    tickets = [Ticket(params, mask, (b, b)) for mask, (_, _, b) in zip(masks, cuts, strict=True)]
    return Job(tuple(tickets), 3, Schedule(5, 16, 0.01), 0)


def assert_same(first, second):
    assert (first.accuracy_val, first.accuracy_val_float) == (second.accuracy_val, second.accuracy_val_float)
    for a, b in zip(first.network.connections, second.network.connections, strict=True):
        assert np.array_equal(a.weight, b.weight)
    for a, b in zip(first.network.populations, second.network.populations, strict=True):
        assert np.array_equal(a.bias, b.bias)


def assert_all_end(patience_s=30):
    """Wait until no process that this one started is left.

    One look is not enough: while a pool's own thread is told of an end, others are told that the process still runs.
    """
    until = time.monotonic() + patience_s
    while left := multiprocessing.active_children():
        assert time.monotonic() < until, left
        time.sleep(0.05)
