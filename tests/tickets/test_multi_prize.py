"""Multi-prize tickets: the gradient of the scores by hand, and weights that stay what they were."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from builders.finders import X, Y, n_removed, pruner, task

from hwsearch.network.fold import fold
from hwsearch.network.integer import run_integer
from hwsearch.network.integers import Widths
from hwsearch.network.params import Ticket, initial_params
from hwsearch.tickets.fit import Target, dense_masks
from hwsearch.tickets.multi_prize import ScoredStack, find_multi_prizes


def test_the_gradient_of_the_scores_by_hand():
    fit = task("fc2")
    init = initial_params(fit.spec, 0)
    stack = ScoredStack(
        fit.spec,
        [Ticket(init, dense_masks(init), (8, 8))],
        "fused",
        [Target("weight", (0.5,))],
        pruner(fit),
        0,
    )
    scores = torch.tensor([[[3.0, -2.0, 1.0], [0.5, -4.0, 0.1]]])
    stack.weights[0] = torch.nn.Parameter(scores)
    stack.grids[0] = replace(stack.grids[0], over_all=False)
    stack.frozen[0] = torch.tensor([[[0.5, -1.0, 2.0], [1.0, 3.0, -2.0]]])
    stack.masks[0] = torch.tensor([[[1.0, 1.0, 0.0], [0.0, 1.0, 0.0]]])
    out = stack._quantised()[0]
    # gains: (0.5 + 1) / 2 and 3
    np.testing.assert_allclose(out.detach().numpy(), [[[0.75, -0.75, 0.0], [0.0, 3.0, 0.0]]])
    upstream = torch.tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]])
    (out * upstream).sum().backward()
    # upstream * w * sign(S), for the weights that do not survive as well
    np.testing.assert_allclose(stack.weights[0].grad.numpy(), [[[0.5, 2.0, 6.0], [4.0, -15.0, -12.0]]])


@pytest.mark.parametrize(("granularity", "sparsity"), [("weight", 0.5), ("nm:4", 0.5), ("channel", 0.25)])
def test_a_prize_keeps_its_weights_and_runs_as_it_was_trained(granularity, sparsity):
    fit = task("fc32-fc16", epochs=10, rate=0.05)
    init = initial_params(fit.spec, 0)
    (prize,) = find_multi_prizes(fit, [init], [Target(granularity, (sparsity,))], pruner(fit))
    assert all(np.array_equal(a, b) for a, b in zip(prize.params.weights, init.weights, strict=True))
    assert not np.array_equal(prize.params.norms[0], init.norms[0])
    assert prize.train_steps == 10 * 96 * 3
    if granularity == "weight":
        assert n_removed(prize.masks) == int(0.5 * fit.spec.n_weights + 0.5)
    network = fold(fit.spec, prize.params, prize.masks, (1, 1, 1), 3, Widths())
    assert {int(v) for c in network.connections for v in np.unique(c.weight)} <= {-1, 0, 1}
    assert (run_integer(network, X).predictions == Y).mean() > 0.9


def test_layers_with_their_own_sparsities():
    fit = task(epochs=1)
    target = Target("weight", (0.5, 0.25, 0.75))
    (prize,) = find_multi_prizes(fit, [initial_params(fit.spec, 0)], [target], pruner(fit))
    assert [n_removed([mask]) for mask in prize.masks] == [12 * 36 // 2, 8 * 12 // 4, 3 * 8 * 3 // 4]


def test_scores_are_drawn_alike_for_every_network_of_a_stack():
    fit = task(epochs=1)
    init, target = initial_params(fit.spec, 0), Target("weight", (0.5,))
    (alone,) = find_multi_prizes(fit, [init], [target], pruner(fit))
    together = find_multi_prizes(fit, [init, init], [target, Target("channel", (0.5,))], pruner(fit))
    assert all(np.array_equal(a, b) for a, b in zip(alone.masks, together[0].masks, strict=True))
