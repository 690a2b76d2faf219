"""Folds: a group each, or several of near equal size; nothing is in two."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hwsearch.data.folds import folds, left_out_groups
from hwsearch.data.leaks import find_leaks
from hwsearch.data.parts import split_around
from hwsearch.data.samples import Samples
from hwsearch.data.together import equal_samples
from hwsearch.errors import InputError
from hwsearch.study.data_section import NamedData

MINE = NamedData(name="mine")


def samples_of(n, **more):
    x = np.arange(2 * n, dtype=np.uint8).reshape(n, 2, 1, 1)
    return Samples(x, np.arange(n) % 2, input_max=255, classes=2, **more)


def test_a_fold_for_each_group():
    samples = samples_of(8, groups=np.array([0, 0, 1, 1, 2, 2, 0, 0]), group_names=("ann", "bob", "cy"))
    found = left_out_groups(samples)
    assert [fold.name for fold in found] == ["ann", "bob", "cy"]
    assert [fold.test.tolist() for fold in found] == [[0, 1, 6, 7], [2, 3], [4, 5]]


@pytest.mark.parametrize(("groups", "n"), [(None, 0), (np.array([0, 0, 1, 1]), 2)])
def test_too_few_groups_are_refused(groups, n):
    with pytest.raises(InputError, match=rf"at least three groups; got {n} groups \(name what .* --folds"):
        left_out_groups(samples_of(4, groups=groups))


def test_the_rest_of_a_fold_is_split_with_groups_whole():
    samples = samples_of(60, groups=np.repeat(np.arange(12), 5))
    equal = equal_samples(samples.x)
    for fold in left_out_groups(samples):
        split = split_around(MINE, samples, equal, fold.test)
        assert sorted(np.concatenate(list(split.parts.values()))) == list(range(60))
        assert find_leaks(samples, split.parts, equal) == []


@given(st.integers(20, 60), st.integers(1, 5), st.integers(2, 6))
@settings(deadline=None)
def test_folds_are_disjoint_complete_whole_and_near_equal(n, largest, n_folds):
    samples = samples_of(n, groups=np.arange(n) // largest)
    assume(n // largest >= 2 * n_folds)
    found = folds(MINE, samples, equal_samples(samples.x), n_folds)
    assert sorted(np.concatenate([fold.test for fold in found])) == list(range(n))
    of = [set(samples.groups[fold.test]) for fold in found]
    assert sum(map(len, of)) == len(set.union(*of))
    sizes = [len(fold.test) for fold in found]
    assert max(sizes) - min(sizes) <= 2 * largest + n_folds


def test_windows_that_overlap_a_fold_are_left_out():
    spans = np.stack([np.zeros(60, int), np.arange(60) * 2, np.arange(60) * 2 + 4], axis=1)
    samples = samples_of(60, spans=spans)
    equal = equal_samples(samples.x)
    for fold in folds(MINE, samples, equal, 3):
        split = split_around(MINE, samples, equal, fold.test)
        assert find_leaks(samples, split.parts, equal) == []


def test_samples_without_groups_are_stratified():
    samples = samples_of(30)
    found = folds(MINE, samples, equal_samples(samples.x), 5)
    assert [np.bincount(samples.y[fold.test]).tolist() for fold in found] == [[3, 3]] * 5


@pytest.mark.parametrize("n", [1, 4])
def test_more_folds_than_groups_are_refused(n):
    samples = samples_of(30, groups=np.repeat([0, 1, 2], 10))
    with pytest.raises(InputError, match=rf"--folds: .*; got {n}, of 3 groups or samples"):
        folds(MINE, samples, equal_samples(samples.x), n)
