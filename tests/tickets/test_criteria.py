"""Scores by hand, and what every criterion keeps at every granularity."""

import math
from dataclasses import replace

import numpy as np
import pytest
from builders.finders import X, observed, of_chain, params_of, spec

from hwsearch.compress.masks import GRANULARITIES, prune
from hwsearch.network.fold import fold
from hwsearch.network.integers import Widths
from hwsearch.network.params import initial_params
from hwsearch.tickets.criteria import (
    CRITERIA,
    after_quantising,
    damp,
    in_units_of_weight,
    inverse_diagonal,
    score,
    within,
)
from hwsearch.tickets.fit import dense_masks
from hwsearch.tickets.observe import observe


def test_spike_probability_by_hand():
    # P = r |w| |gain| N(0 | mean - threshold, variance), then scaled to the layer's mean |w|
    middle = observed(2, 2, rate=np.array([0.5, 0.25]), gain=np.array([2.0, -1.0]), mean=np.array([1.0, 0.0]))
    params = params_of([[1.0], [1.0]], [[3.0, -4.0], [1.0, 2.0]], [[5.0, 6.0]])
    statistics = [observed(1, 2, reads_input=True), middle, observed(2, 1, threshold=None)]
    first, hidden, last = score("spike_probability", params, statistics)
    peak = 1 / math.sqrt(2 * math.pi)
    flank = peak * math.exp(-0.5)
    plain = np.array([[3.0 * peak, 2.0 * peak], [0.5 * flank, 0.5 * flank]])
    np.testing.assert_allclose(hidden, plain * 10 / plain.sum())
    assert first.tolist() == [[1.0], [1.0]]
    assert last.tolist() == [[5.0, 6.0]]


def test_second_order_by_hand():
    # H = [[2, 1], [1, 2]] + mu: [H^-1]_qq = 2 / 3 without mu, the same for both weights: magnitudes decide
    hessian = np.array([[2.0, 1.0], [1.0, 2.0]])
    (scores,) = score("second_order", params_of([[3.0, -1.0]]), [observed(2, 1, hessian=hessian)])
    np.testing.assert_allclose(scores, [[3.0, 1.0]])
    # an input seen 4 times as often in H is worth twice the weight
    (scores,) = score("second_order", params_of([[1.0, 2.0]]), [observed(2, 1, hessian=np.diag([4.0, 1.0]))])
    assert scores[0, 0] / scores[0, 1] == pytest.approx(1.0, abs=0.02)


def test_a_layer_that_tells_nothing_apart_is_ranked_by_magnitude():
    (scores,) = score("second_order", params_of([[3.0, -1.0]]), [observed(2, 1, gain=np.zeros(1))])
    assert scores.tolist() == [[3.0, 1.0]]


def test_unknown_or_missing():
    with pytest.raises(
        ValueError, match="must be one of magnitude, spike_probability, second_order; got 'x'"
    ):
        score("x", params_of())
    with pytest.raises(ValueError, match="needs the statistics"):
        score("second_order", params_of([[1.0]]))


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_exactly_k_and_nested_at_every_granularity(criterion, granularity):
    network = spec("4c3-p2-4c3-fc8")
    params = initial_params(network, 0)
    statistics = observe(network, params, X, 3)
    weights, connections = params.weights, network.connections
    scores = score(criterion, params, statistics)
    assert all((s >= 0).all() and np.isfinite(s).all() for s in scores)
    assert sum(s.sum() for s in scores) == pytest.approx(sum(np.abs(w).sum() for w in weights))
    half = prune(connections, weights, granularity, 0.5, scores=scores)
    if granularity == "weight":
        assert sum((~m).sum() for m in half) == round(0.5 * network.n_weights)
    more = prune(connections, weights, granularity, 0.75, scores=within(scores, half))
    assert all((late <= early).all() for late, early in zip(more, half, strict=True))


def test_a_removed_weight_ranks_below_a_surviving_one_of_no_worth():
    (scores,) = within([np.array([[0.0, 5.0, 0.0]])], [np.array([[True, False, True]])])
    assert scores[0, 1] == 0
    assert (scores[0, [0, 2]] > 0).all()


def test_what_quantising_made_zero_goes_first():
    # ternary, step 1.534 * mean |w| = 1.534: below half of it 0, so 0.1 and 0.7 are zero and 1.2 and 2.0 are not
    params = params_of([[0.7, 0.1, -1.2, 2.0]], [[1.0]])
    network = of_chain(params)
    worth = [np.array([[9.0, 8.0, 1.0, 2.0]]), np.array([[1.0]])]
    (scores, _) = after_quantising(worth, network, params, (2, 8))
    assert np.argsort(scores[0]).tolist() == [1, 0, 2, 3]
    assert scores[0, 2:].tolist() == [1.0, 2.0]
    (plain, _) = after_quantising(worth, network, params, (8, 8))
    assert plain.tolist() == worth[0].tolist()


def test_removing_only_zeros_of_the_quantiser_leaves_the_quantised_network():
    network = spec("fc24-fc16")
    params = initial_params(network, 0)
    whole = dense_masks(params)
    scores = after_quantising(score("magnitude", params), network, params, (2, 2, 2))
    ranked = prune(network.connections, params.weights, "weight", 0.3, scores=scores, gentle=1)
    same = fold(network, params, ranked, (2, 2, 2), 3, Widths())
    dense = fold(network, params, whole, (2, 2, 2), 3, Widths())
    assert sum((~m).sum() for m in ranked) == math.floor(0.3 * network.n_weights + 0.5)
    for a, b in zip(same.connections, dense.connections, strict=True):
        assert np.array_equal(a.weight, b.weight)
    for a, b in zip(same.populations, dense.populations, strict=True):
        assert np.array_equal(a.bias, b.bias)
    # pruning first lays the grid over the survivors, and so moves it
    pruned = fold(replace(network, quantise_first=False), params, ranked, (2, 2, 2), 3, Widths())
    assert not np.array_equal(pruned.populations[0].threshold, dense.populations[0].threshold)


def test_magnitude_is_the_absolute_weight():
    assert score("magnitude", params_of([[-3.0, 0.5]]))[0].tolist() == [[3.0, 0.5]]


def test_units_of_weight_by_hand():
    # survivors weigh 1 and 3, scored 1 and 1: each gets their mean, and so does the removed one by the same factor
    mask = np.array([[True, True, False]])
    scores = in_units_of_weight(np.array([[1.0, 1.0, 5.0]]), np.array([[1.0, -3.0, 9.0]]), mask)
    assert scores.tolist() == [[2.0, 2.0, 10.0]]


def test_damping_and_the_diagonal_of_the_inverse_by_hand():
    hessian = np.diag([3.0, 1.0, 0.0])
    # mu = 0.01 of the mean diagonal 4/3
    mu = 0.04 / 3
    np.testing.assert_allclose(damp(hessian), np.diag([3 + mu, 1 + mu, mu]))
    np.testing.assert_allclose(inverse_diagonal(hessian), [1 / (3 + mu), 1 / (1 + mu), 1 / mu])
    # of a full one: [[2, 1], [1, 2]]^-1 has 2/3 on its diagonal
    assert inverse_diagonal(np.array([[2.0, 1.0], [1.0, 2.0]])) == pytest.approx([2 / 3] * 2, rel=0.02)


GRAPHS = {
    "residual": spec("4c3-dw3s2-res(6c3-4c3)-fc8"),
    "recurrent": spec("r8-fc4", norm=False),
}


@pytest.mark.parametrize("kind", GRAPHS)
@pytest.mark.parametrize("criterion", CRITERIA)
def test_on_a_graph_every_weight_has_a_worth_and_exactly_k_go(criterion, kind):
    network = GRAPHS[kind]
    params = initial_params(network, 0)
    scores = score(criterion, params, observe(network, params, X, 3))
    assert [s.shape for s in scores] == [c.weight_shape for c in network.connections]
    assert all((s >= 0).all() and np.isfinite(s).all() for s in scores)
    masks = prune(network.connections, params.weights, "weight", 0.5, scores=scores)
    gone = sum((~masks[i]).sum() for i in network.prunable)
    assert gone == math.floor(0.5 * network.n_weights + 0.5)


def test_zeros_of_a_grid_that_connections_share_are_those_of_the_integers():
    network = GRAPHS["residual"]
    params, bits = initial_params(network, 0), (3,) * len(network.connections)
    ones = [np.ones(c.weight_shape) for c in network.connections]
    low = [worth < 1 for worth in after_quantising(ones, network, params, bits)]
    folded = fold(network, params, dense_masks(params), bits, 3, Widths())
    for zero, connection in zip(low, folded.connections, strict=True):
        assert np.array_equal(zero, connection.weight == 0)


def test_a_hessian_a_channel_has_an_inverse_a_channel():
    both = np.stack([np.diag([3.0, 1.0]), np.diag([1.0, 1.0])])
    assert inverse_diagonal(both).tolist() == [inverse_diagonal(own).tolist() for own in both]
