"""The share of variance that a knob explains, by hand and as a law."""

from dataclasses import replace

import numpy as np
import pytest

from hwsearch.report.front.importance import explained, importances_of


def test_epsilon_squared_by_hand():
    # 15 values of 0 and 2 each way: group a has mean 0.8 (9 zeros, 6 twos), group b 1.2
    values = np.array([0.0] * 9 + [2.0] * 6 + [0.0] * 6 + [2.0] * 9)
    groups = ["a"] * 15 + ["b"] * 15
    # SST = 30 x 1; SSB = 30 x 0.2^2 = 1.2; MSW = 28.8 / 28
    assert explained(groups, values).value == pytest.approx((1.2 - 28.8 / 28) / 30)


def test_what_decides_alone_explains_all_and_chance_nothing():
    rng = np.random.default_rng(0)
    groups = [str(i % 3) for i in range(300)]
    whole = explained(groups, np.array([float(name) for name in groups]))
    assert (whole.value, whole.low, whole.high) == (1.0, 1.0, 1.0)
    noise = explained(groups, rng.normal(size=300))
    assert noise.low == 0.0
    assert noise.value < 0.02


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    # between groups 1/4, within 3/4: a quarter is explained
    held = 0
    for _ in range(100):
        codes = rng.integers(0, 2, 200)
        share = explained([str(code) for code in codes], codes - 0.5 + rng.normal(size=200) * 0.75**0.5)
        held += share.low <= 0.25 <= share.high
    assert held >= 88


@pytest.mark.parametrize(
    ("groups", "values"),
    [
        (["a", "b"] * 10, [1.0, 2.0] * 10),
        (["a"] * 40, range(40)),
        (range(40), range(40)),
        (["a", "b"] * 20, [1.0] * 40),
    ],
)
def test_what_cannot_be_told_is_not_said(groups, values):
    assert explained([str(name) for name in groups], np.array(list(values), float)) is None


def test_a_run_has_a_row_for_each_knob_that_varies(played):
    found = importances_of(played)
    assert found.quantities == ("error", "energy", "memory")
    assert [name for name, _ in found.rows] == ["sparsity", "granularity", "weight bits", "timesteps"]
    assert (found.n_trained, found.n_priced) == (32, 80)


def test_too_small_a_run_has_none(played):
    assert importances_of(replace(played, trials=played.trials[:20])) is None
