"""Candidates: their bits and names, and the sparsities that a granularity can have."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.space.candidate import Candidate, canonical, snap


def test_bits_of_each_layer():
    assert Candidate((0.5,), "weight", (4,), 2).bits(3) == (4, 4, 4)
    assert Candidate((0.5,), "weight", (4, 2, 8), 2).bits(3) == (4, 2, 8)


def test_granularities_of_each_layer():
    assert Candidate((0.5,), "nm:4", (4,), 2).granularities(3) == ("nm:4", "nm:4", "nm:4")
    mixed = Candidate((0.5, 0.6), ("nm:4", "weight"), (4,), 2)
    assert mixed.granularities(2) == ("nm:4", "weight")
    assert mixed.digest != Candidate((0.5, 0.6), ("weight", "nm:4"), (4,), 2).digest


def test_candidates_of_earlier_runs_have_the_names_of_their_records():
    # as they were before a layer could have a granularity of its own
    assert Candidate((0.5,), "nm:4", (4,), 2).digest == "eb3e1550942067f1"
    assert Candidate((0.0, 0.9), "channel", (4, 8), 3).digest == "5460cabe6669f735"


def test_a_candidate_is_named_by_its_knobs():
    candidate = Candidate((0.5,), "nm:4", (4,), 2)
    assert candidate.digest == Candidate((0.5,), "nm:4", (4,), 2).digest
    others = [
        Candidate((0.75,), "nm:4", (4,), 2),
        Candidate((0.5,), "weight", (4,), 2),
        Candidate((0.5,), "nm:4", (8,), 2),
        Candidate((0.5,), "nm:4", (4,), 3),
        Candidate((0.5, 0.5), "nm:4", (4,), 2),
        Candidate((0.5,), "nm:4", (4,), 2, network=1),
        Candidate((0.5,), "nm:4", (4,), 2, state_bits=8),
    ]
    assert len({candidate.digest, *(other.digest for other in others)}) == 8


@pytest.mark.parametrize(
    ("granularity", "asked", "got"),
    [
        ("nm:4", 0.6, 0.5),
        ("nm:4", 0.625, 0.75),  # of two as near the sparser
        ("nm:4", 0.99, 0.75),
        ("nm:8", 0.9, 0.875),
        ("nm:4", 0.1, 0.0),
        ("weight", 0.6, 0.6),
        ("block:4", 0.6, 0.6),
    ],
)
def test_snapping_by_hand(granularity, asked, got):
    assert snap(granularity, asked) == got


@given(st.sampled_from([4, 8, 16]), st.floats(0, 1))
@settings(deadline=None)
def test_a_snapped_sparsity_is_a_step_no_farther_than_half_of_one(m, sparsity):
    granularity = f"nm:{m}"
    snapped = snap(granularity, sparsity)
    assert snapped * m == round(snapped * m)
    assert 0 <= snapped <= 1 - 1 / m
    assert abs(snapped - sparsity) <= 0.5 / m or sparsity > snapped == 1 - 1 / m
    assert snap(granularity, snapped) == snapped


def test_spellings_of_one_network_are_one():
    assert canonical(Candidate((0.0,), "channel", (4,), 2)) == Candidate((0.0,), "weight", (4,), 2)
    assert canonical(Candidate((0.6,), "nm:4", (4,), 2)) == Candidate((0.5,), "nm:4", (4,), 2)
    assert canonical(Candidate((0.0, 0.0), "channel", (4, 8), 2)) == Candidate((0.0,), "weight", (4, 8), 2)
    assert canonical(Candidate((0.0, 0.5), "weight", (4, 8), 2)).sparsity == (0.0, 0.5)


def test_a_granularity_counts_where_something_is_pruned_by_it():
    def spelt(sparsity, granularity):
        found = canonical(Candidate(sparsity, granularity, (4,), 2))
        return found.sparsity, found.granularity

    assert spelt((0.5, 0.6), ("nm:4", "weight")) == ((0.5, 0.6), ("nm:4", "weight"))
    # snapped layer by layer: 0.1 of nm:4 is nothing, so one granularity is left
    assert spelt((0.1, 0.6), ("nm:4", "channel")) == ((0.0, 0.6), "channel")
    assert spelt((0.5, 0.6), ("nm:4", "nm:4")) == ((0.5, 0.5), "nm:4")
    assert spelt((0.0, 0.6, 0.5), ("nm:4", "channel", "weight"))[1] == ("weight", "channel", "weight")
    assert spelt((0.0, 0.0), ("nm:4", "channel")) == ((0.0,), "weight")
