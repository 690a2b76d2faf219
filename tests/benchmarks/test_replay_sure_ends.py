"""The row of one way to end searches, by hand."""

from builders.replayed import picked, world

from benchmarks.replay.sure_ends import WAYS, Way, row

WORLD = world({0.0: 0.98, 0.1: 0.975, 0.2: 0.96}, {0.1: 1000.0, 0.2: 500.0})


def test_picks_are_counted_that_lose_more_than_a_point():
    ended = [(800, picked(0.1, 0.1, 1200)), (1000, picked(0.2, 0.2, 1000)), (900, picked(None, None, 1100))]
    none, below, stated, lost, n_bytes, spent = row(WORLD, ended).split(" | ")
    assert none == "1"
    assert below == "50% (+- 35%)"
    assert stated == "15.0%"
    assert lost == "1.25, at most 2.00"
    assert n_bytes == "707"  # the geometric mean of 1,000 and 500
    assert spent == "20.0"


def test_each_way_says_what_it_asks():
    assert Way(0.01, 0.2, 3, foretell=False).words == "within 0.01, chance 0.2, 3 seeds, train"
    assert len({way.words for way in WAYS}) == len(WAYS)
