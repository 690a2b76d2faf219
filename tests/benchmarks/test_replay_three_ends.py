"""The row of what both ends of a search spend and pick, by hand."""

from builders.replayed import picked, world

from benchmarks.replay.three_ends import row

WORLD = world({0.0: 0.98, 0.1: 0.975, 0.2: 0.96, 0.3: 0.98}, {0.1: 1000.0, 0.2: 500.0, 0.3: 4000.0})


def test_ways_are_compared_with_the_first_seed_by_seed_where_both_pick():
    ended = [
        (800, picked(0.1, 0.3, 3200), picked(0.1, 0.3, 3000), picked(0.2, 0.3, 1200, (True, False))),
        (1000, picked(0.3, 0.3, 3000), picked(0.1, 0.3, 2800), picked(0.3, 0.3, 1000, (True,))),
        (900, picked(None, 0.3, 3100), picked(0.1, 0.3, 2900), picked(0.1, 0.3, 1100)),
    ]
    spent, n_bytes, ratio, below, held = row(WORLD, ended).split(" | ")
    assert spent == "40.0, 38.0, 20.0"
    # the geometric means of 1,000 and 4,000; of 1,000 alone; of 500, 4,000 and 1,000
    assert n_bytes == "2,000, 1,000, 1,260"
    first, second = ratio.split("], ")
    assert first.startswith("0.50 [")  # of 1 and 1/4
    assert second.startswith("0.71 [")  # of 1/2 and 1
    assert below == "0% (30.0%), 0% (30.0%), 33% (30.0%)"
    assert held == "2 of 3"
