"""The early-bird rule: the distance by hand, and when a queue of masks has settled."""

import numpy as np
import pytest
from builders.finders import n_removed, pruner, task

from hwsearch.network.params import initial_params
from hwsearch.tickets.early_bird import MaskQueue, find_early_birds, scaled_distance
from hwsearch.tickets.fit import Target


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


def mask_of(*rows):
    return (np.array(rows, bool),)


def test_a_queue_settles_once_the_newest_of_five_is_near_all_others():
    # masks of 2 of 4: (1100) and (1010) are 1.0 apart, equal ones 0
    first, other = mask_of([1, 1, 0, 0]), mask_of([1, 0, 1, 0])
    queue = MaskQueue(0.5)
    for _ in range(3):
        queue.push(first)
    for _ in range(5):
        assert not queue.settled  # not full yet, then an older mask lies too far off
        queue.push(other)
    assert (queue.epochs, queue.settled) == (7, True)
    assert queue.newest is other


def test_the_distance_must_be_below_the_tolerance():
    first, other = mask_of([1, 1, 0, 0]), mask_of([1, 0, 1, 0])
    at, above = MaskQueue(1.0), MaskQueue(1.001)
    for queue in (at, above):
        for mask in (first, other, first, other, first):
            queue.push(mask)
    assert (at.settled, above.settled) == (False, True)


def test_training_ends_when_all_masks_have_settled_or_its_epochs_are_over():
    fit = task(epochs=6)
    inits, targets = [initial_params(fit.spec, 0)], [Target("weight", (0.5,)), Target("channel", (0.5,))]
    ((at_once, channels),) = find_early_birds(fit, inits, targets, pruner(fit), tolerance=3.0)
    # the masks before training and after epochs 1 to 4 fill the queue
    assert at_once.train_steps == channels.train_steps == 4 * 96 * 3
    ((never, _),) = find_early_birds(fit, inits, targets, pruner(fit), tolerance=0.0)
    assert never.train_steps == 6 * 96 * 3
    assert n_removed(never.masks) == int(0.5 * fit.spec.n_weights + 0.5)


def test_layers_with_their_own_sparsities():
    fit = task(epochs=1)
    target = Target("weight", (0.5, 0.25, 0.75))
    ((bird,),) = find_early_birds(fit, [initial_params(fit.spec, 0)], [target], pruner(fit), tolerance=0.2)
    assert [n_removed([mask]) for mask in bird.masks] == [12 * 36 // 2, 8 * 12 // 4, 3 * 8 * 3 // 4]
