"""A folder that was used for one study takes no other; one that was only renamed goes on."""

import pandas as pd


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rename(study):
    study.write_text(study.read_text().replace("name: case", "name: renamed", 1))


def test_another_study_is_refused_before_anything_is_written(case):
    assert case.hwsearch("run", "s.yaml", "--out", "run", "--workers", "1").returncode == 0
    before = contents(case.folder / "run")
    space = "{sparsity: [0.9], granularity: [weight], weight_bits: [1], timesteps: [4]}"
    case.study("other.yaml", seed=7, network="{layers: fc8}", space=space)
    rename(case.folder / "other.yaml")
    done = case.hwsearch("run", "other.yaml", "--out", "run", "--workers", "1")
    assert done.returncode == 2
    assert "the run of case" in done.stderr
    assert "network.layers" in done.stderr
    assert contents(case.folder / "run") == before


def test_a_study_that_was_renamed_goes_on(case):
    assert case.hwsearch("run", "s.yaml", "--out", "run", "--workers", "1").returncode == 0
    trials = pd.read_csv(case.folder / "run/trials.csv")
    trained = {path.name for path in (case.folder / "run/cache").iterdir()}
    rename(case.folder / "s.yaml")
    done = case.hwsearch("run", "s.yaml", "--out", "run", "--workers", "1")
    assert done.returncode == 0, done.stderr
    pd.testing.assert_frame_equal(pd.read_csv(case.folder / "run/trials.csv"), trials)
    assert {path.name for path in (case.folder / "run/cache").iterdir()} == trained
    assert "name: renamed" in (case.folder / "run/study.yaml").read_text()
    assert case.hwsearch("export", "run", "--to", "model").returncode == 0
