"""Windows by hand: where they start, their labels, and what fills none; and that each lies in one recording."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsearch.data.readers.windows import cut, window_labels


def test_by_hand() -> None:
    # rows 0 2 4 6 8 are of the first recording, 1 3 of the second, which is too short
    recordings = np.array([0, 1, 0, 1, 0, 2, 0, 2, 0, 2])
    windows = cut(recordings, ["a", "b", "c"], window=3, hop=1)
    assert windows.rows.tolist() == [[0, 2, 4], [2, 4, 6], [4, 6, 8], [5, 7, 9]]
    assert windows.spans.tolist() == [[0, 0, 3], [0, 1, 4], [0, 2, 5], [2, 0, 3]]
    assert windows.skipped == ("b has 2 rows, fewer than the window of 3",)


def test_rows_that_fill_no_window_are_counted() -> None:
    assert cut(np.repeat([0, 1], [8, 7]), ["a", "b"], 3, 3).skipped == (
        "3 rows at the ends of 2 recordings fill no window of 3",
    )
    assert cut(np.zeros(8, int), ["a"], 2, 3).skipped == (
        "hop 3 leaves out 1 rows between one window and the next",
    )
    none = cut(np.zeros(2, int), ["a"], 3, 3)
    assert (none.rows.shape, none.spans.shape) == ((0, 3), (0, 3))


@pytest.mark.parametrize(
    ("rule", "labels"),
    [("last", [1, 2, 0]), ("majority", [0, 2, 0]), ("frame", [[0, 0, 1], [2, 1, 2], [1, 2, 0]])],
)
def test_labels_of_windows(rule: str, labels: list[int]) -> None:
    found = window_labels(np.array([[0, 0, 1], [2, 1, 2], [1, 2, 0]]), rule)  # type: ignore[arg-type]
    assert found.tolist() == labels  # a tie of all three is the lowest


@given(st.lists(st.integers(0, 3), min_size=1, max_size=40), st.integers(1, 6), st.integers(1, 6))
def test_each_window_lies_in_one_recording_and_every_row_is_used_or_counted(
    numbers: list[int], window: int, hop: int
) -> None:
    recordings = np.array(numbers)
    windows = cut(recordings, ["0", "1", "2", "3"], window, hop)
    for rows, (recording, first, behind) in zip(windows.rows, windows.spans, strict=True):
        own = np.flatnonzero(recordings == recording)
        assert rows.tolist() == own[first:behind].tolist()
        assert first % hop == 0
    if hop == window:
        at_ends = sum(
            int(words.split()[0]) for words in windows.skipped if words[0].isdigit() and "ends" in words
        )
        one = sum(int(words.split()[0]) for words in windows.skipped if "its end" in words)
        short = sum(int(words.split()[2]) for words in windows.skipped if "fewer" in words)
        assert windows.rows.size + at_ends + one + short == len(numbers)
