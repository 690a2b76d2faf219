"""What finders share: how a training is named, what prunes to masks, and what a divergence is told as."""

from dataclasses import replace

import numpy as np
import pytest
from builders.finders import X, Y, n_removed, of_chain, params_of, spec, task

from hwsearch.errors import HwsearchError
from hwsearch.network.params import initial_params
from hwsearch.tickets.fit import Pruner, Target, _content, criterion_on, dense_masks
from hwsearch.train.augment import Augmentation
from hwsearch.train.loop import Schedule


def test_a_network_that_diverges_is_no_ticket():
    fit = task()
    fresh = initial_params(fit.spec, 0)
    broken = replace(fresh, biases=tuple(np.full_like(bias, np.nan) for bias in fresh.biases))
    with pytest.raises(HwsearchError, match="no ticket was found: training diverged"):
        fit.train([broken], [dense_masks(broken)])


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
        replace(fit, spec=spec(leak_shift=2)),
    ]
    assert len({fit.digest, *(other_fit.digest for other_fit in changed)}) == 8


def test_class_weights_name_another_training_and_none_the_same_as_before():
    fit = task()
    balanced = replace(fit, schedule=replace(fit.schedule, class_weights="balanced"))
    assert balanced.digest != fit.digest
    assert "class_weights" not in _content(fit.schedule)
    assert _content(balanced.schedule)["class_weights"] == "balanced"


def test_moved_images_name_another_training_and_none_the_same_as_before():
    fit = task()
    assert (
        fit.digest == "c3e52264f4cf9314"
    )  # as before images could be moved: stored networks are found by it
    moved, mirrored = (
        replace(fit, schedule=replace(fit.schedule, augment=how))
        for how in (Augmentation(1), Augmentation(1, "horizontal"))
    )
    assert len({fit.digest, moved.digest, mirrored.digest}) == 3


def test_an_epoch_counts_samples_times_timesteps():
    assert task().epoch_steps == 96 * 3


def by_size(params):
    connections = of_chain(params).connections
    return Pruner(connections, lambda params: [np.abs(w) for w in params.weights], gentle=1)


def test_masks_by_hand():
    params = params_of([[0.1, -5.0], [3.0, 0.2]], [[4.0, 2.0]])
    third = by_size(params).masks_from_weights(params, Target("weight", (1 / 3,)))
    assert [mask.tolist() for mask in third] == [[[False, True], [True, False]], [[True, True]]]
    # ranked layer by layer, half of each goes
    halves = by_size(params).masks_from_weights(params, Target("weight", (0.5, 0.5)))
    assert [mask.tolist() for mask in halves] == [[[False, True], [True, False]], [[True, False]]]


def test_a_removed_weight_never_comes_back_however_large_training_left_it():
    params = params_of([[0.1, 9.0, 3.0, 0.2]], [[1.0]])
    inside = (np.array([[True, False, True, True]]), np.array([[True]]))
    (masks, _) = by_size(params).masks_from_weights(params, Target("weight", (0.4,)), inside)
    assert masks.tolist() == [[False, False, True, True]]


@pytest.mark.parametrize("criterion", ["magnitude", "spike_probability", "second_order"])
def test_a_criterion_ranks_what_the_grid_makes_zero_last(criterion):
    coarse = replace(task(), bits=2)
    scores = criterion_on(criterion, coarse, samples=32)(initial_params(coarse.spec, 0))
    plain = criterion_on(
        criterion, replace(coarse, spec=replace(coarse.spec, quantise_first=False)), samples=32
    )
    unquantised = plain(initial_params(coarse.spec, 0))
    lowered = [new < old for new, old in zip(scores, unquantised, strict=True)]
    assert all(layer.any() and not layer.all() for layer in lowered)
    for new, old, low in zip(scores, unquantised, lowered, strict=True):
        assert np.array_equal(new[~low], old[~low])


def test_dense_masks_remove_nothing():
    masks = dense_masks(initial_params(task().spec, 0))
    assert n_removed(masks) == 0
    assert [mask.shape for mask in masks] == [(12, 36), (8, 12), (3, 8)]
