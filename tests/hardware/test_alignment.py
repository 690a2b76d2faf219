"""Channels that may go so that what stays is a multiple."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.hardware.alignment import aligned_removal


@pytest.mark.parametrize(
    ("channels", "removed", "multiple", "may_go"),
    [
        (16, 5, 4, 4),  # 12 stay
        (16, 3, 4, 0),
        (16, 16, 4, 12),
        (18, 2, 4, 2),  # 16 stay
        (18, 1, 4, 0),
        (3, 2, 4, 0),  # fewer than one multiple: nothing goes
        (16, 5, None, 5),
        (16, 5, 1, 5),
    ],
)
def test_by_hand(channels, removed, multiple, may_go):
    assert aligned_removal(channels, removed, multiple) == may_go


@settings(deadline=None, max_examples=100, derandomize=True)
@given(st.integers(1, 200), st.integers(0, 200), st.integers(1, 16))
def test_no_more_than_asked_and_a_multiple_stays(channels, removed, multiple):
    may_go = aligned_removal(channels, min(removed, channels), multiple)
    assert 0 <= may_go <= min(removed, channels)
    if may_go and multiple > 1:
        assert (channels - may_go) % multiple == 0
