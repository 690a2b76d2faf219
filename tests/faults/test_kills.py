"""A short form of ``kills.py``: real processes are killed over a real PostgreSQL server and a real Dask cluster."""

import random

import pytest
from builders.clusters import Fresh, RealCluster
from builders.postgres import PostgresServer, binaries
from faults.kills import STUDY, Campaign, assert_equal, shares, undisturbed

SEED = 22


def test_every_kill_is_some_cells():
    assert shares(200, 10) == [20] * 10
    assert shares(5, 3) == [2, 2, 1]


def test_tables_that_differ_are_not_equal(tmp_path):
    for name, value in (("one", "1"), ("other", "2"), ("late", "1")):
        (tmp_path / name).mkdir()
        for table in ("trials.csv", "front.csv"):
            (tmp_path / name / table).write_text(f"trial,score,wall_s\n0,{value},{len(name)}\n")
    assert_equal(tmp_path / "late", tmp_path / "one")
    with pytest.raises(AssertionError):
        assert_equal(tmp_path / "other", tmp_path / "one")


@pytest.mark.slow
def test_killed_runs_end_as_an_undisturbed_one(tmp_path):
    pytest.importorskip("distributed")
    found = binaries()
    if found is None:
        pytest.skip("PostgreSQL is not installed")
    study, rng = tmp_path / "tiny.yaml", random.Random(SEED)
    study.write_text(STUDY)
    whole_s = undisturbed(study, tmp_path / "whole", Fresh)
    print(f"seed {SEED}")
    with PostgresServer(found) as server, RealCluster(tmp_path / "cluster", 2) as cluster:
        for name, crew, storage in (("here", None, None), ("there", cluster, server)):
            (tmp_path / name).mkdir()
            campaign = Campaign(study, tmp_path / name, crew, storage, Fresh)
            tally = campaign.run(3, rng, tmp_path / "whole", whole_s)
            assert sum(tally.kills.values()) == 3
            assert tally.runs >= 1
