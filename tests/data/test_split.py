"""Stratified splits: by hand, and that they partition the samples and keep the classes' shares."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.data.split import grouped_folds, grouped_take, sample_classes, stratified_take


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


def test_grouped_take_by_hand():
    # of 5 groups of 4 one is nearest to 5 samples; of the two classes in each, 2 and 2
    labels, groups = np.tile([0, 1], 10), np.repeat(np.arange(5), 4)
    taken, rest = grouped_take(labels, groups, 5, np.random.default_rng(0))
    assert len(set(groups[taken])) == 1
    assert np.bincount(labels[taken]).tolist() == [2, 2]
    assert sorted([*taken, *rest]) == list(range(20))


def test_samples_alone_fill_what_groups_leave():
    # 2 of each class: the pair is as good as two alone, so it is taken, and two of class 1 fill the rest
    labels = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
    groups = np.array([0, 0, 1, 2, 3, 4, 5, 6, 7, 8])
    taken, _ = grouped_take(labels, groups, 4, np.random.default_rng(0))
    assert np.bincount(labels[taken]).tolist() == [2, 2]


def test_every_class_is_drawn_and_left_where_groups_allow():
    # class 1 would give 0.6 of a sample: its nearest draw is none, and yet one group is taken
    labels, groups = np.repeat([0, 1], [27, 6]), np.repeat(np.arange(11), 3)
    for seed in range(8):
        taken, rest = grouped_take(labels, groups, 3, np.random.default_rng(seed))
        assert set(labels[taken]) == {0, 1} == set(labels[rest])
    none, _ = grouped_take(labels, groups, 3, np.random.default_rng(0), leave=2)
    assert set(labels[none]) == {0}


@given(draws(), st.integers(1, 6))
@settings(deadline=None)
def test_groups_are_whole_and_near_the_size_asked_for(drawn, largest):
    labels, n_take, seed = drawn
    groups = np.random.default_rng(seed).permutation(len(labels)) // largest
    taken, rest = grouped_take(labels, groups, n_take, np.random.default_rng(seed))
    assert sorted([*taken, *rest]) == list(range(len(labels)))
    assert not set(groups[taken]) & set(groups[rest])
    again, _ = grouped_take(labels, groups, n_take, np.random.default_rng(seed))
    assert np.array_equal(taken, again)


def test_grouped_folds_by_hand():
    # 6 groups of 3, 2 and 1 samples twice: the larger ones first, so each fold gets one of each size
    groups = np.repeat(np.arange(6), [3, 3, 2, 2, 1, 1])
    number = grouped_folds(np.zeros(12, int), groups, 2, np.random.default_rng(0))
    assert np.bincount(number).tolist() == [6, 6]
    assert sorted(np.unique(groups[number == 0], return_counts=True)[1].tolist()) == [1, 2, 3]


@given(draws(), st.integers(1, 6), st.integers(1, 5))
@settings(deadline=None)
def test_folds_hold_whole_groups_and_every_sample(drawn, largest, n):
    labels, _, seed = drawn
    groups = np.random.default_rng(seed).permutation(len(labels)) // largest
    number = grouped_folds(labels, groups, n, np.random.default_rng(seed))
    assert all(len(set(number[groups == group])) == 1 for group in np.unique(groups))
    assert set(number) <= set(range(n))
    sizes = np.bincount(number, minlength=n)
    assert sizes.max() - sizes.min() <= largest * (labels.max() + 2)
