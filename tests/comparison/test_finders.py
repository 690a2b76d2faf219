"""Every finder side by side on a tiny study; what was trained is not trained again."""

import pandas as pd
import pytest
from ruamel.yaml import YAML

from hwsearch import api
from hwsearch.errors import InputError

STUDY = {
    "name": "tiny",
    "data": {"name": "digits", "train_size": 120, "validation": 0.3},
    "network": {"layers": "fc10", "batch_norm": True},
    "space": {
        "sparsity": [0, 0.5, 0.75],
        "granularity": ["weight", "nm:4"],
        "weight_bits": [8],
        "timesteps": [3],
    },
    "device": {"profile": "nrf51822_microbit"},
    "objectives": ["error", "memory_bytes"],
    "train": {"dense_epochs": 2, "epochs": 1},
    "tickets": {"finder": "iterative", "rewind_epoch": 1, "warmup_epochs": 1, "score_epochs": 1},
    "search": {"candidates": 1},
    "final": {"seeds": 2},
}


@pytest.mark.slow
def test_all_finders_on_a_tiny_study(tmp_path, monkeypatch):
    path = tmp_path / "study.yaml"
    with path.open("w") as stream:
        YAML(typ="safe", pure=True).dump(STUDY, stream)
    told = []
    folder = api.compare_finders(path, out=tmp_path / "out", tell=told.append)
    table = pd.read_csv(folder / "tickets.csv")
    counts = table.groupby(["granularity", "sparsity", "finder"]).size()
    finders = {"iterative", "early_time", "early_bird", "magnitude", "multi_prize", "reinit"}
    assert set(counts["weight", 0.5].index) == finders | {"random"}
    assert finders <= set(counts["nm:4", 0.75].index)
    assert (counts == 2).all()
    assert table["accuracy_test"].between(0, 1).all()
    first_seed = table[
        (table["granularity"] == "weight")
        & (table["sparsity"] == 0.75)
        & (table["seed"] == table["seed"].iloc[0])
    ]
    steps = first_seed.set_index("finder")["find_steps"]
    # rounds at 0, 25, 43.75, 57.8 and 68.4 %, of 2 epochs of 75 samples at T 3
    assert steps["iterative"] == 5 * 2 * 75 * 3
    assert steps["multi_prize"] == 75 * 3
    assert "iterative ticket minus" in (folder / "tickets.md").read_text().lower()
    assert any("ladders" in line for line in told)
    monkeypatch.setattr("hwsearch.search.stages.tickets.find_multi_prizes", None)
    monkeypatch.setattr("hwsearch.search.stages.tickets.find_early_birds", None)
    monkeypatch.setattr("hwsearch.search.jobs.job.train_stack", None)
    again = pd.read_csv(api.compare_finders(path, out=tmp_path / "out") / "tickets.csv")
    pd.testing.assert_frame_equal(again, table)
    # the same work serves a comparison of some finders alone
    some = api.compare_finders(path, out=tmp_path / "out", finders=("early_bird", "one_shot"))
    found = set(pd.read_csv(some / "tickets.csv")["finder"])
    cuts = {"one_shot magnitude", "one_shot spike_probability", "one_shot second_order"}
    assert found == {"dense", "early_bird"} | cuts


def test_a_finder_that_is_none_is_refused(tmp_path):
    with pytest.raises(InputError, match="a finder must be one of iterative, early_time"):
        api.compare_finders(tmp_path / "study.yaml", finders=("imp",))
