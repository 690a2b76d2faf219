"""The front on another device: that of the run is front.csv; elsewhere the study's limits hold, and all is counted."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

import hwsearch
from hwsearch.errors import InputError, NothingFits, RecordError
from hwsearch.hardware.cost_model import price
from hwsearch.hardware.profiles.load import load_profile
from hwsearch.records.finals import read_finals
from hwsearch.records.run_folder import RunFolder
from hwsearch.search.decide.front import non_dominated

OWN = Path(__file__).parents[2] / "hardware_profiles" / "nrf51822_microbit.yaml"


def asked(answer):
    return len(answer.front) + sum(len(one.trials) for one in answer.left_out)


def left_out(answer, words):
    """The trials of the reason that begins so."""
    found = [one.trials for one in answer.left_out if one.reason.startswith(words)]
    return set(found[0]) if found else set()


def device_like_own(folder, **changes):
    """A profile file like the run's device, with values set by dotted keys."""
    data = YAML(typ="safe").load(OWN)
    del data["state"]["menu"]  # membranes have the one width that a test sets
    for key, value in changes.items():
        *parents, last = key.split("__")
        at = data
        for part in parents:
            at = at[int(part) if part.isdigit() else part]
        at[last] = value
    path = folder / "like.yaml"
    with path.open("w") as stream:
        YAML(typ="safe", pure=True).dump(data, stream)
    return path


@pytest.fixture
def changed(finished, tmp_path):
    """A copy of the finished run, whose study can be changed by text."""
    shutil.copytree(finished, tmp_path / "run")

    def with_text(old="", new=""):
        path = tmp_path / "run" / "study.yaml"
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))
        return hwsearch.load_run(tmp_path / "run")

    return with_text


@pytest.mark.parametrize("device", ["nrf51822_microbit", OWN, "renamed"])
def test_on_its_own_device_it_is_front_csv(finished, tmp_path, device):
    if device == "renamed":  # wording and evidence make no other device
        device = device_like_own(tmp_path, name="My board", description="mine")
    result = hwsearch.load_run(finished)
    answer = result.front_on(device)
    pd.testing.assert_frame_equal(answer.front, result.front)
    assert asked(answer) == len(result.trials)
    outcomes = result.trials.groupby("outcome")["trial"].agg(set)
    for outcome in set(outcomes.index) - {"trained"}:
        assert left_out(answer, f"not trained: {outcome}") == outcomes[outcome]


def test_elsewhere_final_accuracies_stand_where_there_are_some(finished):
    result, device = hwsearch.load_run(finished), load_profile("generic_45nm")
    front = result.front_on("generic_45nm").front
    finals = read_finals(RunFolder(finished).finals)
    final = front[front["evidence"] == "final"]
    assert len(final) > 0
    for row in final.itertuples():
        record = finals[row.trial]
        assert (row.accuracy_val, row.accuracy_test) == (record.accuracy_val, record.accuracy_test)
        assert row.accuracy_test_low < row.accuracy_test < row.accuracy_test_high
        assert row.energy_j == pytest.approx(price(record.workload, device).energy_j)
    # as its own front has them
    shared = result.front.merge(final, on="trial", suffixes=("", "_there"))
    assert len(shared) > 0
    for name in ("accuracy_val", "accuracy_test", "accuracy_test_low", "synaptic_ops"):
        assert np.allclose(shared[name], shared[f"{name}_there"])


def test_without_final_trainings_it_is_what_the_search_found(changed):
    result = changed()
    result.folder.finals.unlink()
    front = result.front_on("generic_45nm").front
    assert set(front["evidence"]) == {"search"}
    assert any("has no finals.json" in note for note in result.front_on("generic_45nm").notes)
    assert front["accuracy_test"].isna().all()
    searched = result.trials.set_index("trial")["accuracy_val"]
    assert list(front["accuracy_val"]) == list(searched[front["trial"]])


def test_the_front_is_of_those_that_none_dominates_and_all_others_are_counted(finished):
    result = hwsearch.load_run(finished)
    answer = result.front_on("loihi1")
    front = answer.front
    values = np.column_stack([1 - front["accuracy_val"], front["energy_j"], front["memory_bytes"]])
    assert non_dominated(values.astype(float)).all()
    assert asked(answer) == len(result.trials)
    trials = [trial for one in answer.left_out for trial in one.trials]
    assert len(trials) == len(set(trials))
    assert not set(trials) & set(front["trial"])


def test_the_budgets_of_the_study_hold_there(changed):
    whole = changed().front_on("loihi1")
    least = int(whole.front["memory_bytes"].min())
    answer = changed("memory_bytes: 3000.0", f"memory_bytes: {least}").front_on("loihi1")
    assert answer.front["memory_bytes"].max() <= least
    over = left_out(answer, "over the budget of memory_bytes")
    assert over >= set(whole.front["trial"]) - set(answer.front["trial"])


def test_what_loses_more_than_the_study_allows_is_left_out(changed):
    best = changed().front_on("generic_45nm").front["accuracy_val"].max()
    dense = changed().summary["dense"]["accuracy_val"]
    worth = max(0.001, dense - best + 0.05)
    changed("within: 0.2", "within: 0.0")
    answer = changed("worth: 0.15", f"worth: {worth}").front_on("generic_45nm")
    assert left_out(answer, "loses more accuracy than search.worth")
    assert answer.front["accuracy_val"].min() > dense - worth


def test_what_the_device_cannot_tell_is_said(changed):
    result = changed(
        "memory_bytes: 3000.0", "memory_bytes: 3000.0\n    latency_s: 0.01\n    ram_bytes: 900.0"
    )
    answer = result.front_on("generic_45nm")
    notes = "\n".join(answer.notes)
    assert "the budget of latency_s (0.01) is not held: generic_45nm cannot tell it" in notes
    assert "the budget of ram_bytes (900) is not held: generic_45nm has no such bank" in notes


def test_a_lost_objective_gives_way_to_memory(changed):
    text = (changed().folder.study).read_text()
    listed = "objectives:\n- error\n- energy_j\n- memory_bytes\n"
    assert listed in text
    answer = changed(listed, "objectives:\n- error\n- latency_s\n").front_on("generic_45nm")
    assert "generic_45nm cannot tell latency_s: no objective" in answer.notes
    assert len(answer.front) > 1


def test_bits_that_are_not_offered_are_a_reason(finished, tmp_path):
    result = hwsearch.load_run(finished)
    bits = result.trials.query("outcome == 'trained'").set_index("trial")["weight_bits"]
    menu = {"value": [4, 8], "unit": "bit", "grade": "estimated", "source": "NRF51822"}
    data = YAML(typ="safe").load(OWN)
    menu["source"] = data["weights"]["bits"]["source"]
    answer = result.front_on(device_like_own(tmp_path, weights__bits=menu, id="like"))
    assert left_out(answer, "weight bits not offered: like takes 4, 8") == set(bits[bits == 2].index)


@pytest.mark.parametrize(
    ("key", "what"), [("state__accumulator_bits__value", "accumulators"), ("state__bits__value", "membranes")]
)
def test_integers_that_are_too_narrow_are_a_reason(finished, tmp_path, key, what):
    result = hwsearch.load_run(finished)
    with pytest.raises(NothingFits, match=rf"needs wider {what} than the 6 bits of like"):
        result.front_on(device_like_own(tmp_path, **{key: 6}, id="like"))


def test_where_nothing_maps_it_says_why_and_how_many(finished):
    with pytest.raises(NothingFits, match=r"of use on odin: .*weight bits not offered: odin takes 3"):
        hwsearch.load_run(finished).front_on("odin")


def test_an_unknown_device_is_refused(finished):
    with pytest.raises(InputError, match=r"profile: a hardware profile must exist; .*did you mean 'loihi"):
        hwsearch.load_run(finished).front_on("loihi")


def test_damaged_final_records_are_named(changed):
    result = changed()
    result.folder.finals.write_text('[{"trial": 3}]')
    with pytest.raises(RecordError, match=r"finals\.json: the file must hold the final trainings"):
        result.front_on("generic_45nm")
