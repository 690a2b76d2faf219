"""hwsearch and a rival go through a replayed world, and what they would hand over is looked at."""

import numpy as np
import pytest

import benchmarks.replay.ours  # noqa: F401  (adds contestants)
from benchmarks.replay.ends import dense_of
from benchmarks.replay.picks import alike, honesty_table, paired_table, run, sizes_table
from benchmarks.replay.world import load_world


def of_looks(contestant, seed, *looks):
    rows = [{"spent": spent} | ({"bytes": n_bytes} if n_bytes else {}) for spent, n_bytes in looks]
    return {"contestant": contestant, "seed": seed, "rows": rows}


def test_picks_are_compared_by_seed_after_the_same_spend():
    runs = [
        of_looks("hwsearch", 0, (18, 100.0), (24, 50.0), (31, 10.0)),
        of_looks("hwsearch", 1, (18, 100.0), (24, 50.0)),
        of_looks("hwsearch", 2, (18, 100.0)),
        of_looks("tpe", 0, (19, 400.0), (24.9, 200.0)),
        of_looks("tpe", 1, (19, 900.0), (26, 1.0)),
        of_looks("tpe", 2, (19, None)),
        of_looks("tpe", 7, (19, 1.0)),  # no run of ours has this seed
    ]
    head, _, row = paired_table(runs).splitlines()
    cells = dict(zip(head.split(" | "), row.split(" | "), strict=True))
    assert cells["seeds"] == "3"
    assert cells["20"] == "6.00 (1)"  # the root of 4 times 9; two tell no interval
    assert cells["25"] == "8.49 (1)"  # of 4 and 18: tpe's last look with seed 1 was at 19
    assert cells["40"] == ""  # tpe's never come to 30


def test_an_interval_is_students():
    runs = [of_looks("hwsearch", seed, (20, 1.0)) for seed in range(3)]
    runs += [of_looks("tpe", seed, (20, float(np.exp(seed)))) for seed in range(3)]
    row = paired_table(runs).splitlines()[-1]
    assert "| 2.72 [0.23, 32.59] |" in row  # exp(1 -+ 4.303 / root 3)


def test_energies_are_compared_like_bytes(tmp_path):
    runs = [of_looks("hwsearch", 0, (20, 2e-5)), of_looks("tpe", 0, (20, 6e-5))]
    runs += [of_looks("hwsearch", 1, (20, 2e-5)), of_looks("tpe", 1, (20, 6e-5))]
    for own in runs:
        own["rows"] = [{"spent": row["spent"], "energy_j": row["bytes"]} for row in own["rows"]]
    head, _, row = paired_table(runs, "frugal").splitlines()
    assert head.startswith("| pick's energy over hwsearch's |")
    assert "| 3.00 |" in row
    world = load_world("digits/grid", tmp_path, "frugal")
    table = sizes_table(world, runs, 0.02)
    least = world.least_cost(float(world.truth([dense_of(world)], 2)[0]) - 0.02)
    assert table.startswith(f"## digits/grid: the least that keeps 2.0% takes {least * 1e6:.2f} µJ")
    assert f"| {2e-5 / least:.2f} |" in table


def test_a_poor_pick_is_held_against_the_least_that_is_as_poor(tmp_path):
    world = load_world("digits/grid", tmp_path, "frugal")
    best = float(world.truth([dense_of(world)], 2)[0])
    poor, good = world.least_cost(best - 0.1), world.least_cost(best - 0.02)
    runs = [
        {
            "contestant": "tpe",
            "seed": 0,
            "rows": [{"spent": 20, "energy_j": 3 * poor, "lost": 0.1}, {"spent": 30}],
        }
    ]
    (own,) = alike(world, runs, 0.02)
    assert own["rows"][0]["energy_j"] == pytest.approx(3 * good)
    assert own["rows"][1] == {"spent": 30}


@pytest.mark.slow
def test_a_frugal_pick_is_of_the_least_energy(tmp_path):
    world = load_world("digits/grid", tmp_path, "frugal")
    for own in (run(world, name, 0, 1.0, 0.02) for name in ("hwsearch", "hwsearch_foretold")):
        picks = [row for row in own["rows"] if "lost" in row]
        assert picks
        assert all(world.every_cost.min() <= row["energy_j"] <= world.every_cost.max() for row in picks)


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
    _, _, first, second = honesty_table({"digits/grid": [ours, theirs]}).splitlines()
    assert first.startswith("| digits/grid | hwsearch |")
    assert first.count("%") == 3
    assert second.startswith("| digits/grid | tpe |")
    assert second.count("%") == 2  # intervals are for what hwsearch offers
