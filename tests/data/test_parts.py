"""Which samples are in which part: the laws of every split, and splits by hand."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hwsearch.data.leaks import find_leaks
from hwsearch.data.parts import split_samples
from hwsearch.data.samples import Samples
from hwsearch.data.together import equal_samples
from hwsearch.errors import InputError
from hwsearch.study.data_section import NamedData


def different(n):
    """Return n still images of four values, no two equal."""
    return np.arange(n)[:, None] // [1, 256, 65536, 1] % 256


def samples_of(y, **more):
    y = np.asarray(y)
    x = more.pop("x", different(len(y)).astype(np.uint8)).reshape(len(y), 4, 1, 1)
    return Samples(x, y, input_max=255, classes=int(y.max()) + 1, **more)


def split(samples, **data):
    return split_samples(NamedData(name="mine", **data), samples, equal_samples(samples.x))


def leaks(samples, found):
    return find_leaks(samples, found.parts, equal_samples(samples.x))


def windows(n, length, hop, recording=0):
    starts = np.arange(n) * hop
    return np.stack([np.full(n, recording), starts, starts + length], axis=1)


def test_groups_are_whole_and_classes_near_their_shares():
    # 10 groups of 10 samples, half of each class: 2, 2 and 6 groups
    samples = samples_of(np.tile([0, 1], 50), groups=np.repeat(np.arange(10), 10))
    found = split(samples)
    assert [len(part) for part in found.parts.values()] == [60, 20, 20]
    assert [np.bincount(samples.y[part]).tolist() for part in found.parts.values()] == [
        [30, 30],
        [10, 10],
        [10, 10],
    ]
    assert leaks(samples, found) == []


def test_groups_of_one_class_each_leave_one_for_every_part():
    samples = samples_of(np.repeat([0, 0, 0, 1, 1, 1], 5), groups=np.repeat(np.arange(6), 5))
    found = split(samples)
    assert [np.bincount(samples.y[part]).tolist() for part in found.parts.values()] == [[5, 5]] * 3


def test_a_class_in_two_groups_cannot_be_in_three_parts():
    samples = samples_of(
        np.repeat([0, 0, 0, 1, 1], 5), groups=np.repeat(np.arange(5), 5), class_names=("on", "off")
    )
    with pytest.raises(
        InputError, match=r"none of class off in the test part .* stands in 2 groups"
    ) as caught:
        split(samples)
    assert "each part needs one" in str(caught.value)


@st.composite
def grouped(draw):
    n_groups = draw(st.integers(3, 25))
    sizes = draw(st.lists(st.integers(1, 8), min_size=n_groups, max_size=n_groups))
    groups = np.repeat(np.arange(n_groups), sizes)
    y = np.array(draw(st.lists(st.integers(0, 2), min_size=len(groups), max_size=len(groups))))
    order = np.random.default_rng(draw(st.integers(0, 99))).permutation(len(groups))
    x = different(len(groups)).astype(np.uint8)
    if draw(st.booleans()):
        x[1] = x[0]
    return samples_of(y, x=x, groups=groups[order]), draw(st.integers(0, 2**32 - 1))


@given(grouped())
@settings(deadline=None, max_examples=30)
def test_every_grouped_split_is_disjoint_complete_and_without_a_leak(drawn):
    samples, seed = drawn
    try:
        found = split(samples, split_seed=seed)
    except InputError:  # a class in too few groups
        assume(False)
    every = np.concatenate(list(found.parts.values()))
    assert sorted(every) == list(range(len(samples.y)))
    assert leaks(samples, found) == []
    again = split(samples, split_seed=seed)
    assert all(np.array_equal(a, b) for a, b in zip(found.parts.values(), again.parts.values(), strict=True))


@given(
    st.integers(60, 150), st.integers(1, 12), st.integers(1, 6), st.sampled_from([None, "time"]),
    st.integers(0, 9),
)  # fmt: skip
@settings(deadline=None)
def test_no_split_of_windows_has_overlapping_ones_on_two_sides(n, length, hop, how, seed):
    y = np.repeat([0, 1], [n // 2, n - n // 2]) if how is None else np.arange(n) // 4 % 2
    samples = samples_of(y, spans=windows(n, length, hop))
    try:
        found = split(samples, split=how, split_seed=seed)
    except InputError:  # windows so long that none of a class are left
        assume(False)
    every = np.concatenate(list(found.parts.values()))
    assert len(set(every)) == len(every)
    assert leaks(samples, found) == []
    left_out = n - len(every)
    assert left_out == 0 or f"{left_out}" in " ".join(found.notes) or how == "time"


def test_recordings_are_whole_where_there_are_enough():
    spans = np.concatenate([windows(6, 4, 2, recording) for recording in range(8)])
    samples = samples_of(np.repeat([0, 1] * 4, 6), spans=spans)
    found = split(samples)
    assert found.notes == ()
    assert sum(map(len, found.parts.values())) == 48
    of = [set(spans[part, 0]) for part in found.parts.values()]
    assert sum(map(len, of)) == len(set.union(*of)) == 8


def test_one_recording_is_cut_into_stretches():
    # 40 windows half over each other, in 10 stretches of 4: the first window of each but one is left out
    samples = samples_of(np.repeat([0, 1], 20), spans=windows(40, 8, 4))
    found = split(samples)
    assert "10 stretches, and 9 of 40 windows are left out" in found.notes[0]
    assert sum(map(len, found.parts.values())) == 31


def test_by_time_the_last_are_the_test():
    found = split(samples_of(np.tile([0, 1], 10)), split="time", validation=0.25, test=0.25)
    assert found.training.tolist() == list(range(10))
    assert found.validation.tolist() == list(range(10, 15))
    assert found.test.tolist() == list(range(15, 20))


def test_by_time_groups_stay_whole():
    # the nearest borders to 10 and 15 are 9 and 14
    groups = np.repeat([0, 1, 2, 3, 4], [4, 5, 5, 3, 3])
    found = split(samples_of(np.tile([0, 1], 10), groups=groups), split="time", validation=0.25, test=0.25)
    assert [len(part) for part in found.parts.values()] == [9, 5, 6]


def test_by_time_groups_that_return_are_refused():
    samples = samples_of(np.tile([0, 1], 10), groups=np.tile([0, 1], 10))
    with pytest.raises(InputError, match=r"groups that follow one another.* got 1 such pieces"):
        split(samples, split="time")


def test_by_time_overlapping_windows_at_a_border_are_left_out():
    found = split(
        samples_of(np.tile([0, 1], 10), spans=windows(20, 6, 2)), split="time", validation=0.25, test=0.25
    )
    # each window overlaps the two in front of it
    assert [part.tolist() for part in found.parts.values()] == [
        list(range(8)), list(range(10, 13)), list(range(15, 20)),
    ]  # fmt: skip
    assert [note[:20] for note in found.notes] == ["2 validation windows", "2 training windows a"]


def test_official_parts_and_the_study_that_draws_others():
    official = np.arange(20) >= 12
    samples = samples_of(np.tile([0, 1], 10), official_test=official)
    assert split(samples).test.tolist() == list(range(12, 20))
    assert len(split(samples, split="stratified").test) == 4
    with pytest.raises(InputError, match="split: official needs data with parts, and mine has none"):
        split(samples_of(np.tile([0, 1], 10)), split="official")


def test_validation_shares_groups_where_the_official_test_does():
    official, groups = np.arange(40) >= 30, np.arange(40) // 2 % 5
    samples = samples_of(np.tile([0, 1], 20), official_test=official, groups=groups)
    found = split(samples, validation=0.3)
    assert (found.units, len(found.validation)) == (None, 9)
    apart = samples_of(np.tile([0, 1], 20), official_test=official, groups=np.arange(40) // 5)
    found = split(apart, validation=0.3)
    assert not set(apart.groups[found.validation]) & set(apart.groups[found.training])


def test_equal_samples_stay_together_unless_the_study_spreads_them():
    x = different(40).astype(np.uint8)
    x[20:30] = x[20]
    samples = samples_of(np.tile([0, 1], 20), x=x)
    for seed in range(5):
        found = split(samples, split_seed=seed)
        assert len({name for name, part in found.parts.items() if np.isin(part, range(20, 30)).any()}) == 1
    spread = split(samples, equal_samples="spread")
    assert spread.units is None
    assert {leak.kind for leak in leaks(samples, spread)} == {"equal"}


def test_inputs_of_few_values_say_what_to_do():
    samples = samples_of(np.repeat([0, 1], 20), x=np.zeros((40, 4), np.uint8))
    with pytest.raises(InputError, match=r"1 pieces that can be parted.* equal_samples: spread"):
        split(samples)
