"""Which settings are tried."""

import numpy as np
import pytest

from hwsearch.plan.plan import make_plan
from hwsearch.rival.network import Setting, Shape
from hwsearch.rival.settings import neighbours, offered, spread
from hwsearch.study.model import load_study


@pytest.fixture
def plan(tiny):
    return make_plan(load_study(tiny), tiny)


def test_the_study_s_own_levels_are_offered(plan):
    settings = offered(plan, (0, 8))
    assert {s.weight_bits for s in settings} == {2, 4, 8}
    assert {(s.granularity, s.sparsity) for s in settings} == {
        ("weight", 0.0), ("weight", 0.5), ("weight", 0.8), ("weight", 0.9), ("nm:4", 0.5), ("nm:4", 0.75),
    }  # fmt: skip
    assert len(settings) == len(set(settings)) == 2 * 3 * 6


def test_the_first_ones_are_spread_over_sizes(plan):
    settings = offered(plan, (0, 8, 32))
    drawn = spread(settings, plan, 6, np.random.default_rng(0))
    assert len(set(drawn)) == 6
    assert drawn[0].shape.hidden < drawn[-1].shape.hidden
    assert drawn == spread(settings, plan, 6, np.random.default_rng(0))


def test_neighbours_differ_by_one_level(plan):
    settings = offered(plan, (0, 8, 32))
    good = Setting(Shape(0, 8), 4, "weight", 0.5)
    found = neighbours(settings, [good], {good}, 50, np.random.default_rng(0))
    assert Setting(Shape(0, 0), 4, "weight", 0.5) in found
    assert Setting(Shape(0, 8), 8, "weight", 0.5) in found
    assert Setting(Shape(0, 8), 4, "weight", 0.8) in found
    assert Setting(Shape(0, 8), 4, "nm:4", 0.5) in found
    assert good not in found
    assert len(found) == len(set(found)) == 2 + 2 + 2 + 1
    assert len(neighbours(settings, [good, found[0]], {good}, 3, np.random.default_rng(0))) == 3
