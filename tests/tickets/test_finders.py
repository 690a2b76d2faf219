"""Finders: ladders by hand and nested, the early-bird and early-time rules by hand, the gradient of the scores."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

from hwsearch.compress.masks import GRANULARITIES
from hwsearch.errors import HwsearchError
from hwsearch.network.fold import fold
from hwsearch.network.integer import run_integer
from hwsearch.network.integers import Widths
from hwsearch.network.stack import Ticket, initial_params
from hwsearch.network.topology import NetworkSpec, layer_shapes
from hwsearch.tickets.early_bird import find_early_birds, scaled_distance
from hwsearch.tickets.early_time import early_time, early_timesteps, relative_divergences
from hwsearch.tickets.fit import Fit, Knife, Target, all_kept, ranking
from hwsearch.tickets.ladder import Climb, climb, masks_at, published_ladder, rung_sparsities
from hwsearch.tickets.multi_prize import ScoredStack, find_multi_prizes
from hwsearch.train.loop import Schedule

RNG = np.random.default_rng(0)
Y = RNG.integers(0, 3, 96)
X = RNG.integers(0, 6, (96, 1, 6, 6)) + 10 * (np.arange(36).reshape(6, 6) % 3 == Y[:, None, None])[:, None]
X = np.clip(X, 0, 16).astype(np.uint8)


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def task(topology="fc12-fc8", *, epochs=2, rate=0.01):
    shapes = layer_shapes(topology, (1, 6, 6), 3)
    spec = NetworkSpec(shapes, 1, 1.0, "zero", True, "max", (1, 6, 6), 16, 5, 3)
    return Fit(spec, X, Y, 3, Schedule(epochs, 32, rate), 0)


def knife(fit):
    return Knife(ranking("magnitude", fit))


def size(masks):
    return sum(int((~m).sum()) for m in masks)


# ---- the ladder


def test_kims_ladder_as_published():
    # VGG16 for CIFAR-10: 13 conv layers with biases and batch normalisation, and a classifier of 512 x 10
    channels = [3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512]
    weights = sum(9 * a * b for a, b in itertools.pairwise(channels)) + 512 * 10
    biases, classifier = sum(channels[1:]), 10
    other = biases + 2 * biases + classifier  # conv biases; gains and shifts of the normalisation
    assert published_ladder(weights, other, 2 * biases, 14) == [
        0, 25.04, 43.71, 57.76, 68.30, 76.20, 82.13, 86.58, 89.91, 92.41, 94.29, 95.69, 96.75, 97.54, 98.13,
    ]  # fmt: skip


def test_a_quarter_a_round():
    assert rung_sparsities(0.25, 0.6) == pytest.approx([0, 0.25, 0.4375, 0.578125])
    assert rung_sparsities(0.25, 0.0) == [0.0]
    # n:m has few sparsities: rounds that would repeat one are left out, and so is the last, which nothing follows
    assert Climb("nm:4", 0.95).sparsities == pytest.approx([0, 0.25, 0.5])
    assert Climb("weight", 0.0).sparsities == (0.0,)  # the dense round gives the weights to start from


@pytest.mark.parametrize("granularity", [g for g in GRANULARITIES if g != "kernel"])
def test_every_mask_of_a_ladder_lies_within_the_one_before(granularity):
    fit = task(epochs=1)
    own = knife(fit)
    (ladder,) = climb(fit, [initial_params(fit.spec, 0)], Climb(granularity, 0.8), own)
    masks = [masks_at(ladder, (s,), own) for s in (0, 0.2, 0.25, 0.3, 0.5, 0.6, 0.75, 0.8)]
    for early, late in itertools.pairwise(masks):
        assert all((b <= a).all() for a, b in zip(early, late, strict=True))
    if granularity == "weight":
        n = fit.spec.n_weights
        assert [size(m) for m in masks] == [
            int(s * n + 0.5) for s in (0, 0.2, 0.25, 0.3, 0.5, 0.6, 0.75, 0.8)
        ]


def test_kernels_of_a_conv_net_have_a_ladder_too():
    fit = task("4c3-p2-6c3-fc8", epochs=1)
    own = knife(fit)
    (ladder,) = climb(fit, [initial_params(fit.spec, 0)], Climb("kernel", 0.6), own)
    half, more = masks_at(ladder, (0.5,), own), masks_at(ladder, (0.6,), own)
    assert [int((~m.any((2, 3))).sum()) for m in half[:2]] != [0, 0]
    assert all((b <= a).all() for a, b in zip(half, more, strict=True))
    assert half[2].all()


def test_tickets_start_from_the_weights_of_the_rewind_epoch():
    fit = task(epochs=3)
    init = initial_params(fit.spec, 0)
    seen = {}

    def watch(epoch, params):
        seen[epoch] = params()[0]
        return False

    fit.train([init], [all_kept(init)], watch=watch)
    ladders = climb(fit, [init], Climb("weight", 0.5, rewind_epoch=2), knife(fit))
    assert np.array_equal(ladders[0].start[0].weight, seen[2][0].weight)
    assert np.array_equal(ladders[0].start[0].norm, seen[2][0].norm)
    assert np.array_equal(ladders[0].rungs[0].params[1].weight, seen[3][1].weight)
    untouched = climb(fit, [init], Climb("weight", 0.3, rewind_epoch=0), knife(fit))[0].start
    assert np.array_equal(untouched[0].weight, init[0].weight)


def test_what_a_sparsity_costs_are_the_rounds_before_it():
    fit = task(epochs=2)
    (ladder,) = climb(fit, [initial_params(fit.spec, 0)], Climb("weight", 0.6), knife(fit))
    own = 2 * 96 * 3
    assert [ladder.train_steps(s) for s in (0, 0.1, 0.25, 0.26, 0.6)] == [0, own, own, 2 * own, 4 * own]


def test_a_killed_ladder_goes_on_at_its_last_rung():
    fit = task(epochs=1)
    inits, how, own = [initial_params(fit.spec, s) for s in (0, 1)], Climb("weight", 0.6), knife(fit)
    kept = {}

    def save(which, level, start, rung):
        if level == 2:
            raise KeyboardInterrupt
        kept[which, level] = (start, rung)

    with pytest.raises(KeyboardInterrupt):
        climb(fit, inits, how, own, save=save)
    assert sorted(kept) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    trained = []

    def count(which, level, start, rung):
        trained.append((which, level))

    resumed = climb(fit, inits, how, own, load=lambda w, k: kept.get((w, k)), save=count)
    whole = climb(fit, inits, how, own)
    assert trained == [(0, 2), (1, 2), (0, 3), (1, 3)]
    for a, b in zip(resumed, whole, strict=True):
        assert np.array_equal(a.start[0].weight, b.start[0].weight)
        for x, y in zip(masks_at(a, (0.6,), own), masks_at(b, (0.6,), own), strict=True):
            assert np.array_equal(x, y)


def test_a_network_that_diverges_is_no_ticket():
    fit = task()
    broken = tuple(replace(p, bias=np.full_like(p.bias, np.nan)) for p in initial_params(fit.spec, 0))
    with pytest.raises(HwsearchError, match="no ticket was found: training diverged"):
        climb(fit, [broken], Climb("weight", 0.5), knife(fit))


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
    own = Knife(ranking("magnitude", fit), "layer")
    (ladder,) = climb(fit, [initial_params(fit.spec, 0)], Climb(granularity, 0.75), own)
    one, more = (masks_at(ladder, s, own) for s in ((0.25, 0.75, 0.5), (0.5, 0.75, 0.75)))
    prunable = 2 if granularity == "channel" else 3
    for masks, asked in ((one, (0.25, 0.75, 0.5)), (more, (0.5, 0.75, 0.75))):
        shares = [removed_share(mask, granularity) for mask in masks[:prunable]]
        groups = [mask.shape[0] if granularity == "channel" else mask.size // 4 for mask in masks]
        assert shares == pytest.approx(asked[:prunable], abs=0.51 / min(groups))
    assert all((b <= a).all() for a, b in zip(one, more, strict=True))
    if granularity == "channel":  # what reads a channel that went is gone, and nothing else of that layer
        assert np.array_equal(one[1].any(0), one[0].any(1))
        assert np.array_equal(one[2].all(0), one[1].any(1))
    same = masks_at(ladder, (0.5, 0.5, 0.5), own)
    assert all(np.array_equal(a, b) for a, b in zip(same, masks_at(ladder, (0.5,), own), strict=True))


def test_a_layers_own_rung_needs_a_ladder_ranked_by_layers():
    fit = task(epochs=1)
    (ladder,) = climb(fit, [initial_params(fit.spec, 0)], Climb("weight", 0.3), knife(fit))
    with pytest.raises(ValueError, match="ranked layer by layer; got scope global"):
        masks_at(ladder, (0.25, 0.25, 0.0), knife(fit))


# ---- early bird


def test_the_distance_is_in_units_of_chance():
    # p = 1/2: two of four entries differ, and chance would have 2 * 1/2 * 1/2 of them differ
    a, b = [np.array([True, True, False, False])], [np.array([True, False, True, False])]
    assert scaled_distance(a, b) == 1.0
    assert scaled_distance(a, a) == 0.0
    ones = [np.ones(4, bool)]
    assert scaled_distance(ones, ones) == 0.0
    rng = np.random.default_rng(0)
    for sparsity in (0.5, 0.9, 0.98):
        first, second = ([rng.random(100_000) > sparsity] for _ in range(2))
        assert scaled_distance(first, second) == pytest.approx(1.0, abs=0.05)


def test_a_bird_is_drawn_when_the_newest_of_five_is_near_all_others():
    fit = task(epochs=8)
    init = initial_params(fit.spec, 0)
    targets = [Target("weight", (0.5,)), Target("channel", (0.5,))]
    ((at_once, _),) = find_early_birds(fit, [init], targets, knife(fit), tolerance=2.0)
    # the masks before training and after epochs 1 to 4 fill the queue
    assert (at_once.epoch, at_once.settled, len(at_once.distances)) == (4, True, 1)
    assert at_once.train_steps == 4 * 96 * 3
    ((never, _),) = find_early_birds(fit, [init], targets, knife(fit), tolerance=0.0)
    assert (never.epoch, never.settled, len(never.distances)) == (8, False, 5)
    line = (never.distances[0] + min(never.distances)) / 2
    expected = next(i for i, d in enumerate(never.distances) if d < line) + 4
    ((between, _),) = find_early_birds(fit, [init], targets, knife(fit), tolerance=line)
    assert between.epoch == expected
    assert between.distances == never.distances[: expected - 3]
    assert size(between.masks) == int(0.5 * fit.spec.n_weights + 0.5)


def test_birds_and_prizes_of_layers_with_their_own_sparsities():
    fit = task(epochs=2)
    init, target = initial_params(fit.spec, 0), Target("weight", (0.5, 0.25, 0.75))
    ((bird,),) = find_early_birds(fit, [init], [target], knife(fit), tolerance=0.2)
    (prize,) = find_multi_prizes(fit, [init], [target], knife(fit))
    for masks in (bird.masks, prize.masks):
        assert [size([mask]) for mask in masks] == [12 * 36 // 2, 8 * 12 // 4, 3 * 8 * 3 // 4]


# ---- early time


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


def test_early_time_runs_in_evaluation_mode_and_is_counted():
    fit = task(epochs=2)
    init = initial_params(fit.spec, 0)
    params = fit.train([init], [all_kept(init)])[0]
    first, again = (early_time(fit.spec, params, X[:20], 4) for _ in range(2))
    assert first == again
    assert len(first.forward) == len(first.backward) == 2
    assert first.eval_steps == 20 * (2 + 3 + 4)
    assert 2 <= first.timesteps <= 4


# ---- multi-prize


def test_the_gradient_of_the_scores_by_hand():
    fit = task("fc2")
    init = initial_params(fit.spec, 0)
    stack = ScoredStack(
        fit.spec, [Ticket(init, all_kept(init), (8, 8))], "fused", [Target("weight", (0.5,))], knife(fit), 0
    )
    scores = torch.tensor([[[3.0, -2.0, 1.0], [0.5, -4.0, 0.1]]], requires_grad=True)
    grid = replace(
        stack.grids[0], over_all=False, frozen=torch.tensor([[[0.5, -1.0, 2.0], [1.0, 3.0, -2.0]]])
    )
    mask = torch.tensor([[[1.0, 1.0, 0.0], [0.0, 1.0, 0.0]]])
    out = grid.fake(scores, mask)
    # gains: (0.5 + 1) / 2 and 3
    np.testing.assert_allclose(out.detach().numpy(), [[[0.75, -0.75, 0.0], [0.0, 3.0, 0.0]]])
    upstream = torch.tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]])
    (out * upstream).sum().backward()
    # upstream * w * sign(S), for the weights that do not survive as well
    np.testing.assert_allclose(scores.grad.numpy(), [[[0.5, 2.0, 6.0], [4.0, -15.0, -12.0]]])


@pytest.mark.parametrize(("granularity", "sparsity"), [("weight", 0.5), ("nm:4", 0.5), ("channel", 0.25)])
def test_a_prize_keeps_its_weights_and_runs_as_it_was_trained(granularity, sparsity):
    fit = task("fc32-fc16", epochs=10, rate=0.05)
    init = initial_params(fit.spec, 0)
    (prize,) = find_multi_prizes(fit, [init], [Target(granularity, (sparsity,))], knife(fit))
    assert all(np.array_equal(a.weight, b.weight) for a, b in zip(prize.params, init, strict=True))
    assert not np.array_equal(prize.params[0].norm, init[0].norm)
    assert prize.train_steps == 10 * 96 * 3
    if granularity == "weight":
        assert size(prize.masks) == int(0.5 * fit.spec.n_weights + 0.5)
    network = fold(fit.spec, prize.params, prize.masks, (1, 1, 1), 3, Widths())
    assert {int(v) for layer in network.layers for v in np.unique(layer.weight)} <= {-1, 0, 1}
    assert (run_integer(network, X).predictions == Y).mean() > 0.9


# ---- what a training is called by


def test_a_training_is_named_by_its_samples_and_settings():
    fit = task()
    assert fit.digest == task().digest
    assert fit.digest == replace(fit, x=X.copy()).digest
    other = X.copy()
    other[5, 0, 3, 3] ^= 1
    changed = [
        replace(fit, x=other),
        replace(fit, y=(Y + 1) % 3),
        replace(fit, timesteps=2),
        replace(fit, seed=1),
        replace(fit, bits=4),
        replace(fit, schedule=Schedule(2, 32, 0.02)),
        replace(fit, spec=replace(fit.spec, leak_shift=2)),
    ]
    assert len({fit.digest, *(own.digest for own in changed)}) == 8
