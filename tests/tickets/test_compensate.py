"""What the surviving weights make up for: by hand, and never more than least squares can."""

import math
from dataclasses import replace

import numpy as np
import pytest
from builders.finders import X, observed, of_chain, params_of, scaled, spec
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hwsearch.compress.channels import removable
from hwsearch.compress.masks import prune
from hwsearch.network.params import initial_params
from hwsearch.tickets.compensate import compensate, prune_in_steps, quantise_in_turn
from hwsearch.tickets.criteria import damp
from hwsearch.tickets.observe import observe


def membrane_errors(before, after, statistics):
    """Return dw H dw of each layer."""
    moved = [
        (new - old) * s.gain[:, None]
        for old, new, s in zip(before.weights, after.weights, statistics, strict=True)
    ]
    return [np.einsum("od,de,oe->", m, s.hessian, m) for m, s in zip(moved, statistics, strict=True)]


def test_compensation_is_the_least_squares_solution_by_hand():
    # two inputs that always fire together: the one that stays takes all of the other's weight
    hessian = np.array([[1.0, 1.0], [1.0, 1.0]])
    params = params_of([[0.5, 0.25]])
    (fixed,) = compensate(params, [np.array([[True, False]])], [observed(2, 1, hessian=hessian)]).weights
    assert fixed[0, 1] == 0
    assert fixed[0, 0] == pytest.approx(0.75, abs=0.005)  # mu takes a little
    (same,) = compensate(params, [np.ones((1, 2), bool)], [observed(2, 1, hessian=hessian)]).weights
    assert np.array_equal(same, params.weights[0])


def test_quantising_in_turn_by_hand():
    # 0.4 rounds to 0 and its twin input takes the 0.4; of all factors on the step (0.997) 1.25 comes nearest to 1.3
    hessian = np.array([[1.0, 1.0], [1.0, 1.0]])
    params = params_of([[0.4, 0.9]], [[1.0]])
    statistics = [observed(2, 1, hessian=hessian), observed(1, 1)]
    ones = [np.ones((1, 2), bool), np.ones((1, 1), bool)]
    fixed, _ = quantise_in_turn(of_chain(params), params, ones, (2, 8), statistics).weights
    step = 0.65 * 1.2240 / math.sqrt(2 / math.pi)
    np.testing.assert_allclose(fixed, [[0.0, 1.25 * step]], rtol=1e-5)


def test_the_input_of_largest_power_is_rounded_first():
    # the second input is seen 100 times as much: 0.9 goes to 1 step, and the first takes what that overshoots
    hessian = np.array([[1.0, 5.0], [5.0, 100.0]])
    params = params_of([[0.9, 0.9]], [[1.0]])
    ones = [np.ones((1, 2), bool), np.ones((1, 1), bool)]
    statistics = [observed(2, 1, hessian=hessian), observed(1, 1)]
    fixed, _ = quantise_in_turn(of_chain(params), params, ones, (3, 8), statistics).weights
    step = np.abs(fixed[fixed != 0]).min()
    levels = fixed / step
    np.testing.assert_allclose(levels, levels.round(), atol=1e-6)
    moved = fixed[0] - 0.9
    plain = [0.9 * 0.6508 / math.sqrt(2 / math.pi) * round(math.sqrt(2 / math.pi) / 0.6508) - 0.9] * 2
    assert moved @ hessian @ moved < np.array(plain) @ hessian @ plain


def test_compensation_lowers_the_error_of_the_membrane_and_keeps_the_mask():
    network = spec("fc24-fc16")
    params = scaled(initial_params(network, 0), 5)
    statistics = observe(network, params, X, 3)
    masks = prune(network.connections, params.weights, "weight", 0.5)
    cut = replace(params, weights=tuple(w * m for w, m in zip(params.weights, masks, strict=True)))
    fixed = compensate(params, masks, statistics)
    assert all((w[~m] == 0).all() for w, m in zip(fixed.weights, masks, strict=True))
    before, after = (membrane_errors(params, p, statistics) for p in (cut, fixed))
    assert all(a < b for a, b in zip(after, before, strict=True))
    turned = quantise_in_turn(network, fixed, masks, (3, 3, 3), statistics)
    for w, m in zip(turned.weights, masks, strict=True):
        assert (w[~m] == 0).all()
        assert all(len(np.unique(row)) <= 7 for row in w.reshape(len(w), -1))


def test_in_steps_exactly_k_go():
    network = spec("fc24-fc16")
    params = scaled(initial_params(network, 0), 5)
    fixed, masks = prune_in_steps(network, params, observe(network, params, X, 3), "weight", 0.8)
    assert sum((~m).sum() for m in masks) == math.floor(0.8 * network.n_weights + 0.5)
    assert all((w[~m] == 0).all() for w, m in zip(fixed.weights, masks, strict=True))


def test_masks_of_more_steps_lie_within_each_other_and_rest_on_compensated_weights():
    # inputs 1 and 2 always fire together: once one of the twins is gone the other is worth both
    hessian = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    params = params_of([[0.5, 0.45, 0.6]], [[1.0]])
    statistics = [observed(3, 1, hessian=hessian), observed(1, 1)]
    fixed, masks = prune_in_steps(of_chain(params), params, statistics, "weight", 0.5, gentle=1)
    assert [int(mask.sum()) for mask in masks] == [1, 1]
    assert masks[0].tolist() == [[True, False, False]]
    assert fixed.weights[0][0, 0] == pytest.approx(0.95, abs=0.01)
    assert masks[1].all()


@given(
    weights=arrays(np.float32, (3, 6), elements=st.floats(-2, 2, width=32)),
    mask=arrays(bool, (3, 6)),
    traces=arrays(np.float64, (12, 6), elements=st.floats(0, 3)),
)
@settings(max_examples=40, deadline=None)
def test_least_squares_never_errs_more_than_cutting_alone(weights, mask, traces):
    statistics = [observed(6, 3, hessian=traces.T @ traces)]
    params = params_of(weights)
    fixed = compensate(params, [mask], statistics)
    assert (fixed.weights[0][~mask] == 0).all()
    damped = [replace(statistics[0], hessian=damp(statistics[0].hessian))]
    cut = params_of(params.weights[0] * mask)
    (plain,), (least,) = (membrane_errors(params, p, damped) for p in (cut, fixed))
    assert least <= plain * (1 + 1e-4) + 1e-4


@pytest.mark.parametrize("spelling", ["4c3-dw3s2-res(6c3-4c3)-fc8", "fc8-r6"])
def test_on_a_graph_compensation_lowers_the_error_of_each_membrane(spelling):
    network = spec(spelling, norm=False)
    params = scaled(initial_params(network, 0), 3)
    statistics = observe(network, params, X, 3)
    masks = prune(network.connections, params.weights, "weight", 0.5)
    cut = replace(params, weights=tuple(w * m for w, m in zip(params.weights, masks, strict=True)))
    fixed = compensate(params, masks, statistics)
    for place, (before, after, mask) in enumerate(zip(cut.weights, fixed.weights, masks, strict=True)):
        assert (after[~mask] == 0).all()
        whole, hessian = params.weights[place], statistics[place].hessian
        errors = []
        for new in (before, after):
            moved = (new - whole).reshape(len(whole), -1).astype(float)
            per_row = "od,ode,oe->" if hessian.ndim == 3 else "od,de,oe->"
            errors.append(np.einsum(per_row, moved, hessian, moved))
        assert errors[1] <= errors[0] * 1.001
    turned = quantise_in_turn(network, fixed, masks, (3,) * len(masks), statistics)
    assert all(len(np.unique(row)) <= 7 for w in turned.weights for row in w.reshape(len(w), -1))
    _, stepped = prune_in_steps(network, params, statistics, "channel", 0.25)
    groups = removable(network.connections)
    gone = sum(int((~stepped[g.first].reshape(g.channels, -1).any(1)).sum()) for g in groups)
    assert gone == math.floor(0.25 * sum(g.channels for g in groups) + 0.5)
