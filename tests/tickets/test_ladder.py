"""The ladder of the iterative finder: sparsities by hand, nested masks, rewinding, stored rungs."""

import itertools

import numpy as np
import pytest
from builders.finders import n_removed, nested, pruner, task
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.compress.masks import GRANULARITIES
from hwsearch.network.params import initial_params
from hwsearch.space.candidate import snap
from hwsearch.tickets.fit import dense_masks
from hwsearch.tickets.ladder import LadderSchedule, find_ladders, masks_at, rung_sparsities


def test_a_quarter_a_round():
    assert rung_sparsities(0.25, 0.6) == pytest.approx([0, 0.25, 0.4375, 0.578125])
    assert rung_sparsities(0.25, 0.0) == [0.0]
    # n:m has few sparsities: rounds that would repeat one are left out, and so is the last, which nothing follows
    assert LadderSchedule("nm:4", 0.95).sparsities == pytest.approx([0, 0.25, 0.5])
    assert LadderSchedule("weight", 0.0).sparsities == (
        0.0,
    )  # the dense round gives the weights to start from


def test_the_sparsities_of_a_ladder_by_hand():
    # a fifth a round: 1 - 0.8^k
    assert rung_sparsities(0.2, 0.6) == pytest.approx([0, 0.2, 0.36, 0.488, 0.5904])
    # of blocks, as of weights; the highest itself is cut from the rung below
    assert LadderSchedule("block:4", 0.3, fraction=0.2).sparsities == pytest.approx((0, 0.2))


@given(st.floats(0.05, 0.9), st.floats(0.0, 0.99), st.sampled_from(GRANULARITIES))
@settings(deadline=None)
def test_rungs_rise_from_dense_and_stay_below_the_highest(fraction, highest, granularity):
    sparsities = LadderSchedule(granularity, highest, fraction).sparsities
    assert sparsities[0] == 0.0
    assert all(a < b for a, b in itertools.pairwise(sparsities))
    assert sparsities[-1] < max(snap(granularity, highest), 1e-12)


@pytest.mark.parametrize("granularity", [g for g in GRANULARITIES if g != "kernel"])
def test_every_mask_of_a_ladder_lies_within_the_one_before(granularity):
    fit = task(epochs=1)
    by_magnitude = pruner(fit)
    (ladder,) = find_ladders(
        fit, [initial_params(fit.spec, 0)], LadderSchedule(granularity, 0.8), by_magnitude
    )
    masks = [masks_at([ladder], (s,), by_magnitude) for s in (0, 0.2, 0.25, 0.3, 0.5, 0.6, 0.75, 0.8)]
    assert all(nested(outer, inner) for outer, inner in itertools.pairwise(masks))
    if granularity == "weight":
        n = fit.spec.n_weights
        assert [n_removed(m) for m in masks] == [
            int(s * n + 0.5) for s in (0, 0.2, 0.25, 0.3, 0.5, 0.6, 0.75, 0.8)
        ]


def test_kernels_of_a_conv_net_have_a_ladder_too():
    fit = task("4c3-p2-6c3-fc8", epochs=1)
    by_magnitude = pruner(fit)
    (ladder,) = find_ladders(fit, [initial_params(fit.spec, 0)], LadderSchedule("kernel", 0.6), by_magnitude)
    half, more = masks_at([ladder], (0.5,), by_magnitude), masks_at([ladder], (0.6,), by_magnitude)
    assert [int((~m.any((2, 3))).sum()) for m in half[:2]] != [0, 0]
    assert nested(half, more)
    assert half[2].all()


def test_tickets_start_from_the_weights_of_the_rewind_epoch():
    fit = task(epochs=3)
    init = initial_params(fit.spec, 0)
    seen = {}

    def watch(epoch, params):
        seen[epoch] = params()[0]
        return False

    fit.train([init], [dense_masks(init)], watch=watch)
    ladders = find_ladders(fit, [init], LadderSchedule("weight", 0.5, rewind_epoch=2), pruner(fit))
    assert np.array_equal(ladders[0].start.weights[0], seen[2].weights[0])
    assert np.array_equal(ladders[0].start.norms[0], seen[2].norms[0])
    assert np.array_equal(ladders[0].rungs[0].params.weights[1], seen[3].weights[1])
    untouched = find_ladders(fit, [init], LadderSchedule("weight", 0.3, rewind_epoch=0), pruner(fit))[0].start
    assert np.array_equal(untouched.weights[0], init.weights[0])


def test_what_a_sparsity_costs_are_the_rounds_before_it():
    fit = task(epochs=2)
    (ladder,) = find_ladders(fit, [initial_params(fit.spec, 0)], LadderSchedule("weight", 0.6), pruner(fit))
    round_steps = 2 * 96 * 3
    assert [ladder.train_steps(s) for s in (0, 0.1, 0.25, 0.26, 0.6)] == [
        0,
        round_steps,
        round_steps,
        2 * round_steps,
        4 * round_steps,
    ]


def test_a_killed_ladder_goes_on_at_its_last_rung():
    fit = task(epochs=1)
    inits, schedule, by_magnitude = (
        [initial_params(fit.spec, s) for s in (0, 1)],
        LadderSchedule("weight", 0.6),
        pruner(fit),
    )
    stored = {}

    def save(which, level, start, rung):
        if level == 2:
            raise KeyboardInterrupt
        stored[which, level] = (start, rung)

    with pytest.raises(KeyboardInterrupt):
        find_ladders(fit, inits, schedule, by_magnitude, save=save)
    assert sorted(stored) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    trained = []

    def count(which, level, start, rung):
        trained.append((which, level))

    resumed = find_ladders(
        fit, inits, schedule, by_magnitude, load=lambda w, k: stored.get((w, k)), save=count
    )
    whole = find_ladders(fit, inits, schedule, by_magnitude)
    assert trained == [(0, 2), (1, 2), (0, 3), (1, 3)]
    for a, b in zip(resumed, whole, strict=True):
        assert np.array_equal(a.start.weights[0], b.start.weights[0])
        for x, y in zip(
            masks_at([a], (0.6,), by_magnitude), masks_at([b], (0.6,), by_magnitude), strict=True
        ):
            assert np.array_equal(x, y)


def removed_share(mask, granularity):
    """Fraction of a fully connected layer's groups that are gone."""
    if granularity == "channel":
        return 1 - mask.any(1).mean()
    if granularity == "weight":
        return 1 - mask.mean()
    length = int(granularity[6:])
    return 1 - mask.reshape(len(mask), -1, length).any(2).mean()


@pytest.mark.parametrize("granularity", ["weight", "block:4", "channel"])
def test_each_layer_takes_its_own_rung_of_one_ladder(granularity):
    fit = task(epochs=1)
    by_layer = pruner(fit, "layer")
    (ladder,) = find_ladders(fit, [initial_params(fit.spec, 0)], LadderSchedule(granularity, 0.75), by_layer)
    fewer, more = (masks_at([ladder], s, by_layer) for s in ((0.25, 0.75, 0.5), (0.5, 0.75, 0.75)))
    prunable = 2 if granularity == "channel" else 3
    for masks, asked in ((fewer, (0.25, 0.75, 0.5)), (more, (0.5, 0.75, 0.75))):
        shares = [removed_share(mask, granularity) for mask in masks[:prunable]]
        groups = [mask.shape[0] if granularity == "channel" else mask.size // 4 for mask in masks]
        assert shares == pytest.approx(asked[:prunable], abs=0.51 / min(groups))
    assert nested(fewer, more)
    if granularity == "channel":  # what reads a channel that went is gone, and nothing else of that layer
        assert np.array_equal(fewer[1].any(0), fewer[0].any(1))
        assert np.array_equal(fewer[2].all(0), fewer[1].any(1))
    same = masks_at([ladder], (0.5, 0.5, 0.5), by_layer)
    assert all(np.array_equal(a, b) for a, b in zip(same, masks_at([ladder], (0.5,), by_layer), strict=True))


def test_a_layers_own_rung_needs_a_ladder_ranked_by_layers():
    fit = task(epochs=1)
    (ladder,) = find_ladders(fit, [initial_params(fit.spec, 0)], LadderSchedule("weight", 0.3), pruner(fit))
    with pytest.raises(ValueError, match="ranked layer by layer; got scope global"):
        masks_at([ladder], (0.25, 0.25, 0.0), pruner(fit))
