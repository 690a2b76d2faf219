"""Maps of accuracy by sparsity and bits, by hand."""

from dataclasses import replace

import pytest

from hwsearch.records.trial_table import TrialRow
from hwsearch.report.front.map import sparsity_maps


def trained(trial, sparsity, granularity, bits, accuracy, outcome="trained"):
    return TrialRow(
        trial=trial, outcome=outcome, sparsity=sparsity, granularity=granularity, weight_bits=bits, timesteps=4,
        accuracy_val=accuracy,
    )  # fmt: skip


def test_the_best_of_each_place_by_hand(played):
    rows = (
        trained(0, 0.5, "weight", 4, 0.90), trained(1, 0.5, "weight", 4, 0.95), trained(2, 0.9, "weight", 4, 0.85),
        trained(3, 0.5, "channel", 8, 0.97), trained(4, 0.9, "channel", 8, 0.99, "stopped"),
        trained(5, "0.5/0.9", "weight", 4, 0.98),
    )  # fmt: skip
    found = sparsity_maps(replace(played, trials=rows))
    assert (found.columns, found.layered) == (("50", "90"), 1)
    weight, channel = found.maps
    assert (weight.granularity, channel.granularity) == ("weight", "channel")
    ((bits, cells), (other, none)) = weight.rows
    assert (bits, other, none) == ("4", "8", (None, None))
    assert [(cell.best, cell.trial, cell.n) for cell in cells] == [
        (pytest.approx(0.95), 1, 2), (pytest.approx(0.85), 2, 1),
    ]  # fmt: skip
    # 0.85 is the least of all maps, 0.97 the best
    assert [cell.share for cell in cells] == [pytest.approx(10 / 12), pytest.approx(0.0)]
    assert channel.rows[1][1][1] is None  # stopped: not trained to the end


def test_many_sparsities_are_gathered_by_ten_points(played):
    rows = tuple(trained(i, i / 20, "weight", 4, 0.9 + i / 1000) for i in range(21))
    found = sparsity_maps(replace(played, trials=rows))
    assert (found.columns[0], found.columns[-1]) == ("0\N{EN DASH}10", "90\N{EN DASH}100")
    ((_, cells),) = found.maps[0].rows
    assert [cell.n for cell in cells] == [2] * 9 + [3]  # 0.9, 0.95 and all of it
    assert cells[3].trial == 7  # of 0.30 and 0.35 the more accurate


def test_every_trained_candidate_is_counted_once(played):
    found = sparsity_maps(played)
    assert sum(cell.n for one in found.maps for _, cells in one.rows for cell in cells if cell) == 32
    shares = [cell.share for one in found.maps for _, cells in one.rows for cell in cells if cell]
    assert (min(shares), max(shares)) == (0.0, 1.0)


def test_granularities_stand_in_the_order_of_their_size(played):
    names = ("channel", "nm:16", "block:4", "nm:4", "kernel", "weight")
    rows = tuple(trained(i, 0.5, name, 4, 0.9) for i, name in enumerate(names))
    found = sparsity_maps(replace(played, trials=rows))
    assert [one.granularity for one in found.maps] == [
        "weight",
        "nm:4",
        "nm:16",
        "block:4",
        "kernel",
        "channel",
    ]


def test_without_a_place_there_is_no_map(played):
    assert sparsity_maps(replace(played, trials=(trained(0, "0.5/0.9", "weight", 4, 0.9),))) is None
    assert sparsity_maps(replace(played, trials=())) is None
