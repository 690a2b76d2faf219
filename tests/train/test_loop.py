"""A stack trains each candidate as training it alone does; a candidate that breaks harms no other."""

from dataclasses import replace

import numpy as np
import pytest
from builders.graphs import spec
from builders.stacks import CONV, KINDS, MLP, X, Y, inputs_of, kind_of, lively, same, tickets

from hwsearch.network.fold import fold
from hwsearch.network.integer import run_integer
from hwsearch.network.integers import Widths
from hwsearch.train.augment import Augmentation
from hwsearch.train.loop import Schedule, train_stack


def without_loops(monkeypatch):
    """Leave the work of the compiled loops to torch."""
    for place in (
        "compress.quantise",
        "network.neuron",
        "network.norm",
        "network.products",
        "network.recurrence",
        "train.adam",
        "train.loss",
    ):
        monkeypatch.setattr(f"hwsearch.{place}.library", lambda: None)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("topology", "kinds"),
    [("fc24-fc16", MLP), ("4c3-p2-6c3-fc12", CONV), ("3c3-5c3-p3-fc7-fc9", CONV)],
    ids=["mlp", "conv", "odd conv"],
)
@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize("native", [True, False])
def test_stacked_equals_alone_bit_for_bit(topology, kinds, batch_norm, native, monkeypatch):
    if not native:
        without_loops(monkeypatch)
    own = spec(topology, norm=batch_norm)
    rates = (1.0, 0.5, 1.0, 2.0, 0.5, 1.0)
    every = [replace(t, rate=rate) for t, rate in zip(tickets(own, kinds), rates, strict=False)]
    settings = {"timesteps": 3, "schedule": Schedule(20, 32, 0.005, input_noise=0.1), "seed": 1}
    stacked = train_stack(own, every, X, Y, **settings)
    for ticket, together in zip(every, stacked, strict=True):
        alone = train_stack(own, [ticket], X, Y, **settings)[0]
        assert together.loss == alone.loss
        assert same(together.params, alone.params)
        nets = [fold(own, t.params, ticket.masks, ticket.bits, 3, Widths()) for t in (together, alone)]
        first, second = (run_integer(net, X).predictions for net in nets)
        assert np.array_equal(first, second)


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("native", [True, False])
def test_every_kind_of_network_stacked_equals_alone(kind, native, monkeypatch):
    if not native:
        without_loops(monkeypatch)
    own = kind_of(kind)
    every, x = lively(own, [("weight", 0.5, 4), ("weight", 0.0, 8), ("weight", 0.3, 1)]), inputs_of(own, 50)
    settings = {"timesteps": 4, "schedule": Schedule(2, 21, 0.005, input_noise=0.1), "seed": 1}
    stacked = train_stack(own, every, x, Y[:50], **settings)
    for ticket, together in zip(every, stacked, strict=True):
        (alone,) = train_stack(own, [ticket], x, Y[:50], **settings)
        assert together.loss == alone.loss
        assert same(together.params, alone.params)
        assert not np.array_equal(together.params.weights[0], ticket.params.weights[0])


@pytest.mark.parametrize("native", [True, False])
def test_class_weights_stacked_equal_alone_and_equal_ones_change_no_bit(native, monkeypatch):
    if not native:
        without_loops(monkeypatch)
    own = spec("fc12", norm=True)
    every = lively(own, [("weight", 0.5, 4), ("weight", 0.0, 8), ("weight", 0.3, 1)])
    few = np.flatnonzero((Y != 1) | (np.arange(len(Y)) % 5 == 0))  # class 1 has few samples
    plain, balanced = Schedule(2, 21, 0.005), Schedule(2, 21, 0.005, class_weights="balanced")
    stacked = train_stack(own, every, X[few], Y[few], timesteps=3, schedule=balanced, seed=1)
    unweighted = train_stack(own, every, X[few], Y[few], timesteps=3, schedule=plain, seed=1)
    for ticket, together, other in zip(every, stacked, unweighted, strict=True):
        (alone,) = train_stack(own, [ticket], X[few], Y[few], timesteps=3, schedule=balanced, seed=1)
        assert together.loss == alone.loss != other.loss
        assert same(together.params, alone.params)
        assert not same(together.params, other.params)
    even = np.concatenate([np.flatnonzero(label == Y)[:12] for label in range(own.classes)])
    pair = [
        train_stack(own, every, X[even], Y[even], timesteps=3, schedule=s, seed=1) for s in (plain, balanced)
    ]
    assert all(same(a.params, b.params) for a, b in zip(*pair, strict=True))


@pytest.mark.parametrize("kind", list(KINDS))
def test_moved_images_stacked_equal_alone(kind):
    own = kind_of(kind)
    if min(own.input.shape[1:]) < 3:
        pytest.skip("no images")
    every, x = lively(own, [("weight", 0.5, 4), ("weight", 0.0, 8), ("weight", 0.3, 1)]), inputs_of(own, 50)
    augmented = Schedule(2, 21, 0.005, input_noise=0.1, augment=Augmentation(1, "horizontal"))
    settings = {"timesteps": 4, "schedule": augmented, "seed": 1}
    stacked = train_stack(own, every, x, Y[:50], **settings)
    for ticket, together in zip(every, stacked, strict=True):
        (alone,) = train_stack(own, [ticket], x, Y[:50], **settings)
        assert together.loss == alone.loss
        assert same(together.params, alone.params)
    (still,) = train_stack(
        own, every[:1], x, Y[:50], timesteps=4, schedule=replace(augmented, augment=None), seed=1
    )
    assert not same(still.params, stacked[0].params)


def test_learns():
    own = spec("fc24", norm=True)
    trained = train_stack(
        own, tickets(own, [("weight", 0.0, 8)]), X, Y, timesteps=3, schedule=Schedule(15, 32, 0.01), seed=0
    )[0]
    assert trained.failure == ""
    assert trained.train_steps == 15 * 120 * 3
    net = fold(own, trained.params, tickets(own, [("weight", 0.0, 8)])[0].masks, (8, 8), 3, Widths())
    assert (run_integer(net, X).predictions == Y).mean() > 0.95


def test_the_same_seed_gives_the_same_and_another_seed_another():
    own = spec("fc8")
    first, second, other = (
        train_stack(own, tickets(own, MLP[:1]), X, Y, timesteps=2, schedule=Schedule(2, 32, 0.01), seed=seed)[
            0
        ]
        for seed in (3, 3, 4)
    )
    assert np.array_equal(first.params.weights[0], second.params.weights[0])
    assert not np.array_equal(first.params.weights[0], other.params.weights[0])


def test_one_that_diverges_is_named_and_harms_no_other():
    own = spec("fc8")
    good, bad = tickets(own, MLP[:2])
    broken = replace(bad.params, weights=tuple(np.full_like(weight, np.nan) for weight in bad.params.weights))
    settings = {"timesteps": 2, "schedule": Schedule(2, 32, 0.01), "seed": 0}
    together = train_stack(own, [good, replace(bad, params=broken)], X, Y, **settings)
    assert together[1].params is None
    assert "diverged" in together[1].failure
    alone = train_stack(own, [good], X, Y, **settings)[0]
    np.testing.assert_allclose(together[0].params.weights[0], alone.params.weights[0], atol=1e-6)


def test_spikingjellys_own_neuron_is_one_switch_away():
    own = spec("fc8-fc6", norm=True)
    settings = {"timesteps": 3, "schedule": Schedule(3, 32, 0.01), "seed": 0}
    fused = train_stack(own, tickets(own, MLP[:1]), X, Y, **settings)[0]
    theirs = train_stack(own, tickets(own, MLP[:1]), X, Y, neuron_loop="spikingjelly", **settings)[0]
    np.testing.assert_allclose(fused.params.weights[0], theirs.params.weights[0], atol=1e-4)


def test_a_candidates_learning_rate_is_its_own():
    own = spec("fc8")
    (ticket,) = tickets(own, [("weight", 0.5, 8)])
    whole, half = Schedule(2, 40, 0.01), Schedule(2, 40, 0.005)
    slow, fast = train_stack(
        own, [replace(ticket, rate=0.5), ticket], X, Y, timesteps=2, schedule=whole, seed=0
    )
    (same,) = train_stack(own, [ticket], X, Y, timesteps=2, schedule=half, seed=0)
    assert np.array_equal(slow.params.weights[0], same.params.weights[0])
    assert not np.array_equal(fast.params.weights[0], slow.params.weights[0])
