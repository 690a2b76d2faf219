"""Stratified splits: by hand, and that they partition the samples and keep the classes' shares."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.data.split import sample_classes, stratified_take


def test_stratified_take_by_hand():
    # 6, 3 and 1 samples; 5 of 10: shares 3, 1.5 and 0.5; the missing one goes to the first of equal halves
    labels = np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 2])
    taken, rest = stratified_take(labels, 5, np.random.default_rng(0))
    assert np.bincount(labels[taken], minlength=3).tolist() == [3, 2, 0]
    assert sorted([*taken, *rest]) == list(range(10))
    assert stratified_take(labels, 0, np.random.default_rng(0))[0].tolist() == []
    assert stratified_take(labels, 10, np.random.default_rng(0))[1].tolist() == []


def test_a_sequence_with_labels_of_its_frames_is_drawn_by_the_most_frequent():
    assert sample_classes(np.array([[0, 2, 2], [1, 0, 1], [2, 1, 0]])).tolist() == [2, 1, 0]
    assert sample_classes(np.array([2, 0, 1])).tolist() == [2, 0, 1]


@st.composite
def draws(draw):
    labels = np.array(draw(st.lists(st.integers(0, 4), min_size=1, max_size=60)))
    return labels, draw(st.integers(0, len(labels))), draw(st.integers(0, 2**32 - 1))


@given(draws())
@settings(deadline=None)
def test_it_parts_the_samples_into_two_rising_lists(drawn):
    labels, n_take, seed = drawn
    taken, rest = stratified_take(labels, n_take, np.random.default_rng(seed))
    assert len(taken) == n_take
    assert sorted([*taken, *rest]) == list(range(len(labels)))
    assert taken.tolist() == sorted(taken)
    assert rest.tolist() == sorted(rest)


@given(draws())
@settings(deadline=None)
def test_every_class_gives_its_share_to_within_one(drawn):
    labels, n_take, seed = drawn
    taken, _ = stratified_take(labels, n_take, np.random.default_rng(seed))
    counts, given_by = np.bincount(labels, minlength=5), np.bincount(labels[taken], minlength=5)
    assert (np.abs(given_by - n_take * counts / len(labels)) < 1).all()


@given(draws())
@settings(deadline=None)
def test_the_same_seed_draws_the_same(drawn):
    labels, n_take, seed = drawn
    first, again = (stratified_take(labels, n_take, np.random.default_rng(seed))[0] for _ in range(2))
    assert np.array_equal(first, again)


def test_which_samples_of_a_class_are_taken_is_chance():
    labels = np.zeros(50, int)
    drawn = {tuple(stratified_take(labels, 25, np.random.default_rng(seed))[0]) for seed in range(5)}
    assert len(drawn) == 5
