"""A replayed world of a few candidates, told apart by their sparsity, and what an end of a search picks there."""

from types import SimpleNamespace

import numpy as np

from benchmarks.replay.ends import Picked
from hwsearch.space.candidate import Candidate


def world(truth, n_bytes):
    """Return a world whose candidates have these true accuracies and bytes, by sparsity; 0 is the dense network."""
    return SimpleNamespace(
        full_steps=100,
        space=SimpleNamespace(weight_bits=[4, 8]),
        plan=SimpleNamespace(dense_timesteps=4),
        truth=lambda candidates, rung: np.array([truth[c.sparsity[0]] for c in candidates]),
        bytes_truth=lambda candidates: np.array([n_bytes[c.sparsity[0]] for c in candidates]),
    )


def picked(sparsity, chance, steps, foretold=()):
    """Return what an end picks; sparsity None: nothing."""
    candidate = None if sparsity is None else Candidate((sparsity,), "weight", (4,), 4)
    return Picked(candidate, chance, steps, (), foretold)
