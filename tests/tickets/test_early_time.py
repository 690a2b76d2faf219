"""The early-time rule and both divergences by hand."""

import numpy as np
import pytest
from builders.finders import X, scaled, spec
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hwsearch.network.params import initial_params
from hwsearch.tickets.early_time import early_time, early_timesteps, relative_divergences


def test_the_rule_by_hand():
    assert early_timesteps((1.0, 0.61, 0.59), 5, 0.6) == 4
    assert early_timesteps((1.0, 0.5, 0.3), 5, 0.6) == 3
    assert early_timesteps((1.0, 0.7, 0.6), 5, 0.6) == 5
    assert early_timesteps((), 2, 0.6) == 2


def test_both_divergences_by_hand():
    # one sample, two classes: P_2 = (1/2, 1/2), P_3 = (3/4, 1/4), P_4 = (9/10, 1/10)
    p = np.array([[0.5, 0.5], [0.75, 0.25], [0.9, 0.1]])
    forward, backward = relative_divergences(np.log(p)[:, None])

    def kl(a, b):
        return (a * np.log(a / b)).sum()

    assert forward == pytest.approx((1.0, kl(p[1], p[2]) / kl(p[0], p[2])))
    assert backward == pytest.approx((1.0, kl(p[2], p[1]) / kl(p[2], p[0])))
    assert relative_divergences(np.log(p)[[2, 2, 2], None]) == ((0.0, 0.0), (0.0, 0.0))


def test_early_time_runs_in_evaluation_mode():
    network = spec()
    # large enough weights to spike, so that answers change with time
    params = scaled(initial_params(network, 0), 8)
    first, again = (early_time(network, params, X[:20], 4) for _ in range(2))
    assert first == again
    assert len(first.forward) == len(first.backward) == 2
    assert first.forward[0] == first.backward[0] == 1.0
    assert first.timesteps == early_timesteps(first.forward, 4, 0.6)
    # with a limit that every ratio is below, two timesteps are enough
    assert early_time(network, params, X[:20], 4, limit=1.1).timesteps == 2


def test_the_gain_of_the_loss_is_that_of_the_logits():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 1, (3, 5, 4))
    # small logits: KL is quadratic in them, so ratios hardly hang on the gain
    small, smaller = (np.array(relative_divergences(logits * gain)[0]) for gain in (1e-2, 1e-3))
    assert small == pytest.approx(smaller, rel=0.05)


@given(arrays(np.float64, (4, 3, 5), elements=st.floats(-5, 5)))
@settings(max_examples=40, deadline=None)
def test_divergences_are_never_negative_and_do_not_mind_a_shift(logits):
    forward, backward = relative_divergences(logits)
    assert min(forward + backward) >= -1e-9
    last = np.concatenate([logits[:1], logits[1:2], logits[1:2]])
    assert relative_divergences(last)[0][1] == 0.0  # the same at t as at T
