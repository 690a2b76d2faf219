"""Groups are drawn whole, and in their order."""

import numpy as np

from hwsearch.monitor.groups import Groups


def test_a_stream_takes_groups_whole_and_in_their_order():
    groups = Groups(np.array([7, 2, 2, 9, 7, 2]))
    assert groups.n == 3
    assert groups.drawn(np.array([2, 0, 2, 1])).tolist() == [3, 1, 2, 5, 3, 0, 4]
    text = "".join(map(str, groups.stream(200, np.random.default_rng(0), np.arange(3))))
    assert len(text) == 200
    assert set(groups.stream(50, np.random.default_rng(0), np.array([1]))) == {0, 4}
    assert text.replace("125", "").replace("3", "").replace("04", "") in ("", "1", "12", "0")
