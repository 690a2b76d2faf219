"""A run whose front is foretold but for what may be picked, looked at from outside; and what confirms it."""

import json
import shutil

import pandas as pd
import pytest

import hwsearch
from hwsearch.errors import InputError
from hwsearch.records.tables import plain_cells
from hwsearch.results.result import load_run


@pytest.fixture(scope="module")
def foretold(finished, tiny_text, tmp_path_factory):
    """Return the folder of a finished run that was asked again with final.others: foretold."""
    folder = tmp_path_factory.mktemp("foretold")
    shutil.copytree(finished, folder / "run")
    study = folder / "tiny.yaml"
    assert "final: {seeds: 2}" in tiny_text
    study.write_text(tiny_text.replace("final: {seeds: 2}", "final: {seeds: 2, others: foretold}"))
    hwsearch.run(study, out=folder / "run")
    return folder / "run"


def test_members_are_trained_or_foretold_and_only_a_trained_one_is_picked(finished, foretold):
    front, before = pd.read_csv(foretold / "front.csv"), pd.read_csv(finished / "front.csv")
    told = front["evidence"] == "foretold"
    assert told.any()
    assert not told.all()
    unknown = ["accuracy_test", "accuracy_test_low", "accuracy_val_own", "seed", "network_digest"]
    assert front.loc[told, unknown].isna().all().all()
    known = ["accuracy_val", "accuracy_val_low", "accuracy_val_high", "memory_bytes", "energy_j"]
    assert front.loc[told, known].notna().all().all()
    assert (front["accuracy_val_low"] <= front["accuracy_val"]).all()
    assert (front["accuracy_val"] <= front["accuracy_val_high"]).all()
    assert front.loc[~told, "accuracy_test"].notna().all()
    assert list(front.columns) == list(before.columns)
    summary, then = (json.loads((folder / "summary.json").read_text()) for folder in (foretold, finished))
    assert summary["pick"]["trial"] in front.loc[~told, "trial"].tolist()
    assert summary["cost"]["final_train_steps"] < then["cost"]["final_train_steps"]
    assert any("foretold, not trained in full" in note for note in summary["notes"])
    assert 0 <= summary["pick_chance_below"] <= 1


def test_pages_and_tables_say_so(foretold):
    assert "foretold" in (foretold / "report.html").read_text()
    assert "foretold" in load_run(foretold)._repr_html_()


def test_no_network_of_a_foretold_member_is_handed_over(foretold, tmp_path):
    result = load_run(foretold)
    told = result.front[result.front["evidence"] == "foretold"]
    with pytest.raises(InputError, match=r"foretold.*hwsearch front DIR --confirm"):
        result.export(int(told["trial"].iloc[0]), to=tmp_path / "model")
    # with a tolerance that all keep, the smallest is foretold: it is not picked, and that is said
    smallest = told.sort_values(["memory_bytes", "accuracy_val"], ascending=[True, False]).iloc[0]
    row = result.pick("smallest", within="100%")
    assert row["evidence"] != "foretold"
    if smallest["memory_bytes"] < row["memory_bytes"]:
        words = result.foretold_instead("smallest", within="100%")
        assert words.startswith(f"trial {smallest['trial']} would be picked")
    assert "evidence" in plain_cells(row.to_dict())


@pytest.mark.slow
def test_confirming_trains_what_was_foretold(foretold, tmp_path):
    shutil.copytree(foretold, tmp_path / "run")
    told = load_run(foretold).front.query("evidence == 'foretold'")["trial"].tolist()
    result = hwsearch.confirm(tmp_path / "run")
    assert (result.front["evidence"] == "trained 2 times").all()
    finals = {own["trial"] for own in json.loads((tmp_path / "run" / "finals.json").read_text())}
    assert set(told) <= finals
