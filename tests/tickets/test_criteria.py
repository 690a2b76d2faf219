"""Scores by hand, and what every criterion keeps at every granularity."""

import math
from dataclasses import replace

import numpy as np
import pytest

from hwsearch.compress.masks import GRANULARITIES, prune
from hwsearch.network.fold import fold
from hwsearch.network.integers import Widths
from hwsearch.network.stack import LayerParams, initial_params
from hwsearch.network.topology import NetworkSpec, layer_shapes
from hwsearch.tickets.compensate import compensate, prune_in_steps, quantise_in_turn, reconstruction_error
from hwsearch.tickets.criteria import CRITERIA, after_quantising, score, within
from hwsearch.tickets.observe import LayerStatistics, observe

RNG = np.random.default_rng(0)
X = RNG.integers(0, 17, (64, 1, 6, 6)).astype(np.uint8)


def spec(topology, *, leak_shift=1, reset="zero", batch_norm=True):
    shapes = layer_shapes(topology, (1, 6, 6), 3)
    return NetworkSpec(shapes, leak_shift, 1.0, reset, batch_norm, "max", (1, 6, 6), 16, 5, 3)


def seen(n_in, n_out, **fields):
    plain = {
        "rate": np.ones(n_in),
        "gain": np.ones(n_out),
        "mean": np.zeros(n_out),
        "variance": np.ones(n_out),
    }
    return LayerStatistics(**{**plain, "hessian": np.eye(n_in), "threshold": 1.0, **fields})


def layer(rows):
    weight = np.array(rows, np.float32)
    return LayerParams(weight, np.zeros(len(weight), np.float32))


def test_one_neuron_by_hand():
    # current 1/2 each step, decay 1/2, threshold 1: membranes 1/2, 3/4, 7/8 and never a spike
    own = spec("fc1", batch_norm=False)
    params = (layer([[1.0, *[0.0] * 35]]), layer([[1.0], [0.0], [0.0]]))
    x = np.zeros((1, 1, 6, 6), np.uint8)
    x[0, 0, 0, 0] = 8
    first, readout = observe(own, params, x, 3)
    assert first.mean == pytest.approx([(0.5 + 0.75 + 0.875) / 3])
    assert first.variance == pytest.approx([np.var([0.5, 0.75, 0.875])])
    assert first.rate[:2] == pytest.approx([0.5, 0.0])
    # the trace of that input is the same 1/2, 3/4, 7/8
    assert first.hessian[0, 0] == pytest.approx(0.25 + 0.5625 + 0.765625)
    assert first.hessian[1:].sum() == 0
    assert readout.rate == pytest.approx([0.0])
    assert readout.threshold is None


@pytest.mark.parametrize("reset", ["zero", "subtract"])
def test_a_reset_is_seen_before_it_happens(reset):
    own = spec("fc1", leak_shift=None, reset=reset, batch_norm=False)
    params = (layer([[1.5, *[0.0] * 35]]), layer([[1.0], [0.0], [0.0]]))
    x = np.zeros((1, 1, 6, 6), np.uint8)
    x[0, 0, 0, 0] = 16
    first, readout = observe(own, params, x, 2)
    second = 1.5 if reset == "zero" else 2.0
    assert first.mean == pytest.approx([(1.5 + second) / 2])
    assert readout.rate == pytest.approx([1.0])


def test_the_rate_of_a_filter_is_its_channels_and_its_hessian_that_of_its_taps():
    own = spec("2c3-p2-2c3-fc4")
    statistics = observe(own, initial_params(own, 0), X, 3)
    assert [s.hessian.shape[0] for s in statistics] == [9, 18, 18, 4]
    assert np.ptp(statistics[1].rate.reshape(2, 9), axis=1) == pytest.approx([0, 0])
    assert statistics[0].rate == pytest.approx(np.full(9, X.mean() / 16), rel=1e-5)
    for own_statistics in statistics:
        assert np.linalg.eigvalsh(own_statistics.hessian).min() > -1e-6


def test_spike_probability_by_hand():
    # P = r |w| |gain| N(0 | mean - threshold, variance), then scaled to the layer's mean |w|
    middle = seen(2, 2, rate=np.array([0.5, 0.25]), gain=np.array([2.0, -1.0]), mean=np.array([1.0, 0.0]))
    params = (layer([[1.0], [1.0]]), layer([[3.0, -4.0], [1.0, 2.0]]), layer([[5.0, 6.0]]))
    first, hidden, last = score("spike_probability", params, [seen(1, 2), middle, seen(2, 1, threshold=None)])
    peak = 1 / math.sqrt(2 * math.pi)
    flank = peak * math.exp(-0.5)
    plain = np.array([[3.0 * peak, 2.0 * peak], [0.5 * flank, 0.5 * flank]])
    np.testing.assert_allclose(hidden, plain * 10 / plain.sum())
    assert first.tolist() == [[1.0], [1.0]]
    assert last.tolist() == [[5.0, 6.0]]


def test_second_order_by_hand():
    # H = [[2, 1], [1, 2]] + mu: [H^-1]_qq = 2 / 3 without mu, the same for both weights: magnitudes decide
    hessian = np.array([[2.0, 1.0], [1.0, 2.0]])
    (own,) = score("second_order", (layer([[3.0, -1.0]]),), [seen(2, 1, hessian=hessian)])
    np.testing.assert_allclose(own, [[3.0, 1.0]])
    # an input seen 4 times as often in H is worth twice the weight
    (own,) = score("second_order", (layer([[1.0, 2.0]]),), [seen(2, 1, hessian=np.diag([4.0, 1.0]))])
    assert own[0, 0] / own[0, 1] == pytest.approx(1.0, abs=0.02)


def test_a_layer_that_tells_nothing_apart_is_ranked_by_magnitude():
    (own,) = score("second_order", (layer([[3.0, -1.0]]),), [seen(2, 1, gain=np.zeros(1))])
    assert own.tolist() == [[3.0, 1.0]]


def test_unknown_or_missing():
    with pytest.raises(
        ValueError, match="must be one of magnitude, spike_probability, second_order; got 'x'"
    ):
        score("x", ())
    with pytest.raises(ValueError, match="needs the statistics"):
        score("second_order", (layer([[1.0]]),))


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_exactly_k_and_nested_at_every_granularity(criterion, granularity):
    own = spec("4c3-p2-4c3-fc8")
    params = initial_params(own, 0)
    statistics = observe(own, params, X, 3)
    weights = [p.weight for p in params]
    scores = score(criterion, params, statistics)
    assert all((s >= 0).all() and np.isfinite(s).all() for s in scores)
    assert sum(s.sum() for s in scores) == pytest.approx(sum(np.abs(w).sum() for w in weights))
    half = prune(weights, granularity, 0.5, scores=scores)
    if granularity == "weight":
        assert sum((~m).sum() for m in half) == round(0.5 * own.n_weights)
    more = prune(weights, granularity, 0.75, scores=within(scores, half))
    assert all((late <= early).all() for late, early in zip(more, half, strict=True))


def test_a_removed_weight_ranks_below_a_surviving_one_of_no_worth():
    (own,) = within([np.array([[0.0, 5.0, 0.0]])], [np.array([[True, False, True]])])
    assert own[0, 1] == 0
    assert (own[0, [0, 2]] > 0).all()


def test_what_quantising_made_zero_goes_first():
    # ternary, step 1.534 * mean |w| = 1.534: below half of it 0, so 0.1 and 0.7 are zero and 1.2 and 2.0 are not
    params = (layer([[0.7, 0.1, -1.2, 2.0]]), layer([[1.0]]))
    worth = [np.array([[9.0, 8.0, 1.0, 2.0]]), np.array([[1.0]])]
    (own, _) = after_quantising(worth, params, (2, 8))
    assert np.argsort(own[0]).tolist() == [1, 0, 2, 3]
    assert own[0, 2:].tolist() == [1.0, 2.0]
    (plain, _) = after_quantising(worth, params, (8, 8))
    assert plain.tolist() == worth[0].tolist()


def test_removing_only_zeros_of_the_quantiser_leaves_the_quantised_network():
    own = spec("fc24-fc16")
    params = initial_params(own, 0)
    weights = [p.weight for p in params]
    whole = [np.ones(w.shape, bool) for w in weights]
    scores = after_quantising(score("magnitude", params), params, (2, 2, 2))
    ranked = prune(weights, "weight", 0.3, scores=scores, gentle=1)
    same = fold(own, params, ranked, (2, 2, 2), 3, Widths())
    dense = fold(own, params, whole, (2, 2, 2), 3, Widths())
    assert sum((~m).sum() for m in ranked) == math.floor(0.3 * own.n_weights + 0.5)
    for a, b in zip(same.layers, dense.layers, strict=True):
        assert np.array_equal(a.weight, b.weight)
        assert np.array_equal(a.bias, b.bias)
    # pruning first lays the grid over the survivors, and so moves it
    pruned = fold(replace(own, quantise_first=False), params, ranked, (2, 2, 2), 3, Widths())
    assert not np.array_equal(pruned.layers[0].threshold, dense.layers[0].threshold)


def test_compensation_is_the_least_squares_solution_by_hand():
    # two inputs that always fire together: the one that stays takes all of the other's weight
    hessian = np.array([[1.0, 1.0], [1.0, 1.0]])
    params = (layer([[0.5, 0.25]]),)
    (fixed,) = compensate(params, [np.array([[True, False]])], [seen(2, 1, hessian=hessian)])
    assert fixed.weight[0, 1] == 0
    assert fixed.weight[0, 0] == pytest.approx(0.75, abs=0.005)  # mu takes a little
    (same,) = compensate(params, [np.ones((1, 2), bool)], [seen(2, 1, hessian=hessian)])
    assert np.array_equal(same.weight, params[0].weight)


def test_quantising_in_turn_by_hand():
    # 0.4 rounds to 0 and its twin input takes the 0.4; of all factors on the step (0.997) 1.25 comes nearest to 1.3
    hessian = np.array([[1.0, 1.0], [1.0, 1.0]])
    params = (layer([[0.4, 0.9]]), layer([[1.0]]))
    statistics = [seen(2, 1, hessian=hessian), seen(1, 1)]
    ones = [np.ones((1, 2), bool), np.ones((1, 1), bool)]
    fixed, _ = quantise_in_turn(params, ones, (2, 8), statistics)
    step = 0.65 * 1.2240 / math.sqrt(2 / math.pi)
    np.testing.assert_allclose(fixed.weight, [[0.0, 1.25 * step]], rtol=1e-5)


def test_the_input_of_largest_power_is_rounded_first():
    # the second input is seen 100 times as much: 0.9 goes to 1 step, and the first takes what that overshoots
    hessian = np.array([[1.0, 5.0], [5.0, 100.0]])
    params = (layer([[0.9, 0.9]]), layer([[1.0]]))
    ones = [np.ones((1, 2), bool), np.ones((1, 1), bool)]
    fixed, _ = quantise_in_turn(params, ones, (3, 8), [seen(2, 1, hessian=hessian), seen(1, 1)])
    step = np.abs(fixed.weight[fixed.weight != 0]).min()
    levels = fixed.weight / step
    np.testing.assert_allclose(levels, levels.round(), atol=1e-6)
    moved = fixed.weight[0] - 0.9
    plain = [0.9 * 0.6508 / math.sqrt(2 / math.pi) * round(math.sqrt(2 / math.pi) / 0.6508) - 0.9] * 2
    assert moved @ hessian @ moved < np.array(plain) @ hessian @ plain


def test_compensation_lowers_the_error_of_the_membrane_and_keeps_the_mask():
    own = spec("fc24-fc16")
    params = tuple(replace(p, weight=p.weight * 5) for p in initial_params(own, 0))
    statistics = observe(own, params, X, 3)
    masks = prune([p.weight for p in params], "weight", 0.5)
    cut = tuple(replace(p, weight=p.weight * m) for p, m in zip(params, masks, strict=True))
    fixed = compensate(params, masks, statistics)
    assert all((p.weight[~m] == 0).all() for p, m in zip(fixed, masks, strict=True))
    before, after = (reconstruction_error(params, p, statistics) for p in (cut, fixed))
    assert all(a < b for a, b in zip(after, before, strict=True))
    turned = quantise_in_turn(fixed, masks, (3, 3, 3), statistics)
    for p, m in zip(turned, masks, strict=True):
        assert (p.weight[~m] == 0).all()
        assert all(len(np.unique(row)) <= 7 for row in p.weight.reshape(len(p.weight), -1))


def test_in_steps_exactly_k_go():
    own = spec("fc24-fc16")
    params = tuple(replace(p, weight=p.weight * 5) for p in initial_params(own, 0))
    fixed, masks = prune_in_steps(params, observe(own, params, X, 3), "weight", 0.8, steps=3)
    assert sum((~m).sum() for m in masks) == math.floor(0.8 * own.n_weights + 0.5)
    assert all((p.weight[~m] == 0).all() for p, m in zip(fixed, masks, strict=True))
