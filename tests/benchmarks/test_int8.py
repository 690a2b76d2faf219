"""Int8 networks that exports are held against: their scales."""

import numpy as np
import pytest

pytest.importorskip("torch")

from benchmarks.rivals.int8 import quantised
from benchmarks.rivals.train import Trained
from hwsearch.rival.integers import scores


def test_integers_follow_the_floats():
    rng = np.random.default_rng(0)
    net = Trained(
        [rng.normal(size=(7, 12)), rng.normal(size=(3, 7))], [rng.normal(size=7), rng.normal(size=3)]
    )
    x = rng.integers(0, 17, (40, 12))
    floats = net.scores(x / 16)[-1]
    found = scores(quantised(net, x, 16), x) * np.abs(floats).max() / 127
    assert np.abs(found - floats).max() < 0.05 * np.abs(floats).max()
