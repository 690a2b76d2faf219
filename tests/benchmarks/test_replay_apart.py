"""What is a recipe's own is found in made-up trainings where it is known."""

import numpy as np
import pytest

from benchmarks.replay.apart import rows
from benchmarks.replay.response import Trainings


@pytest.mark.parametrize("own", [0.0, 0.2])
def test_what_is_left_is_what_trainings_were_made_with(own):
    rng, n = np.random.default_rng(0), 3000
    truth = rng.uniform(2.0, 2.4, n)
    apart = truth + own * rng.standard_normal(n)
    y = np.repeat(apart, 3) + 0.15 * rng.standard_normal(3 * n)
    cell = np.repeat([f"{i:05d}" for i in range(n)], 3)
    nothing = np.zeros((3 * n, 1))
    known = Trainings(nothing, np.column_stack([y, y, y, y]), nothing, cell, np.ones(3 * n, bool))
    cells = next(rows(known, np.repeat(truth, 3))).split(" | ")
    assert cells[0] == "from -0.5 up"
    assert float(cells[2]) == pytest.approx(0.15, rel=0.05)
    assert float(cells[4]) == pytest.approx(own, abs=0.03)
