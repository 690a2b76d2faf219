"""The table of what a second worker saves, by hand."""

from benchmarks.idle_cores import rows


def test_ratios_are_of_one_turn():
    clock = {"one worker": [(100.0, 100.0), (200.0, 210.0)], "two workers": [(50.0, 90.0), (160.0, 240.0)]}
    first, second = rows(clock)
    assert first == "| one worker | 150 (100, 200) | 155 (100, 210) | 51% (50%, 52%) | 1.00 (1.00, 1.00) |"
    assert second == "| two workers | 105 (50, 160) | 165 (90, 240) | 82% (90%, 75%) | 1.62 (2.00, 1.25) |"
