"""hwsearch and a rival go through a replayed world, and what they would hand over is looked at."""

import pytest

import benchmarks.replay.ours  # noqa: F401  (adds contestants)
from benchmarks.replay.picks import honesty_table, run, sizes_table
from benchmarks.replay.world import load_world


@pytest.mark.slow
def test_picks_of_a_replayed_search_are_charged_and_held_against_the_truth(tmp_path):
    world = load_world("digits/grid", tmp_path)
    ours, theirs = run(world, "hwsearch", 0, 1.0, 0.02), run(world, "tpe", 0, 12, 0.02)
    told = run(world, "hwsearch_foretold", 0, 1.0, 0.02)
    assert [row["search"] for row in told["rows"]] == [row["search"] for row in ours["rows"]]
    for own in (ours, theirs, told):
        for row in own["rows"]:
            assert row["spent"] >= row["search"] + 5  # five trainings of the dense network at least
            assert 0 <= row["once"][0] <= row["once"][1]
            assert 0 <= row["foretold"][0] <= row["foretold"][1]
            if "bytes" in row:
                assert row["bytes"] > 0
                assert 0 <= row["chance"] <= 1
    assert any("bytes" in row for row in ours["rows"])
    assert ours["rows"][-1]["search"] >= 1.0
    table = sizes_table(world, [ours, theirs, ours | {"seed": 1}], 0.02)
    assert table.splitlines()[0].startswith("## digits/grid: the least that keeps 2.0% has")
    assert "| digits/grid | hwsearch |" in honesty_table({"digits/grid": [ours, theirs]})
