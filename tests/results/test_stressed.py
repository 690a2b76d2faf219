"""Which networks are put under stress: a run's candidates with their dense networks, an export's model alone."""

import json
import shutil

import pytest

import hwsearch
from hwsearch.errors import InputError, RecordError
from hwsearch.records.run_folder import RunFolder
from hwsearch.records.stress import read_stress
from hwsearch.results.stressed import StressAsked, is_export, stress_export, stress_run

QUICK = StressAsked(seeds=2, samples=60, kinds=("noise", "bit_flips", "coarser"))


def ignored(text):
    """Hear nothing."""


@pytest.fixture
def run(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "run")


@pytest.fixture(scope="module")
def model(finished, tmp_path_factory):
    return hwsearch.load_run(finished).export(to=tmp_path_factory.mktemp("exports") / "model")


def test_a_member_of_the_front_stands_beside_the_dense_network_of_its_seed(run):
    result = hwsearch.load_run(run)
    trial = int(result.front.iloc[0]["trial"])
    rows = stress_run(RunFolder(run), [trial], QUICK, ignored)
    assert list(dict.fromkeys(row.candidate for row in rows)) == ["dense", f"trial {trial}"]
    assert {row.network_digest for row in rows if row.candidate != "dense"} == {
        result.front.iloc[0]["network_digest"]
    }
    assert {(row.split, row.samples) for row in rows} == {("test", 60)}
    assert (run / "stress.png").exists()


def test_on_the_whole_test_split_it_has_the_accuracy_of_the_front(run):
    row = hwsearch.load_run(run).front.iloc[0]
    asked = StressAsked(seeds=1, samples=10_000, kinds=("coarser",))
    rows = stress_run(RunFolder(run), [int(row["trial"])], asked, ignored)
    found = next(row for row in rows if row.candidate != "dense" and row.kind == "undisturbed")
    assert found.accuracy == pytest.approx(row["accuracy_test_own"])


def test_validation_is_the_split_of_its_own_training(run):
    row = hwsearch.load_run(run).front.iloc[0]
    asked = StressAsked("validation", seeds=1, samples=10_000, kinds=("coarser",))
    rows = stress_run(RunFolder(run), [int(row["trial"])], asked, ignored)
    found = next(row for row in rows if row.candidate != "dense" and row.kind == "undisturbed")
    assert found.accuracy == pytest.approx(row["accuracy_val_own"])


def test_a_trial_of_the_search_has_the_dense_network_of_the_search(run):
    result = hwsearch.load_run(run)
    trial = int(result.trials.query("outcome == 'trained' and not on_front").iloc[0]["trial"])
    asked = StressAsked("validation", seeds=1, samples=10_000, kinds=("coarser",))
    rows = stress_run(RunFolder(run), [trial], asked, ignored)
    dense = next(row for row in rows if row.candidate == "dense" and row.kind == "undisturbed")
    assert dense.accuracy == pytest.approx(result.dense["accuracy_val_search"])


def test_trials_of_several_seeds_have_dense_networks_of_their_own(run):
    result = hwsearch.load_run(run)
    member = int(result.front.iloc[0]["trial"])
    other = int(result.trials.query("outcome == 'trained' and not on_front").iloc[0]["trial"])
    rows = stress_run(RunFolder(run), [member, other], QUICK, ignored)
    names = list(dict.fromkeys(row.candidate for row in rows))
    assert names == [
        f"dense of trial {member}",
        f"trial {member}",
        f"dense of trial {other}",
        f"trial {other}",
    ]


def test_a_dense_network_that_the_cache_lost_is_trained_again(run):
    trial = int(hwsearch.load_run(run).front.iloc[0]["trial"])
    before = stress_run(RunFolder(run), [trial], QUICK, ignored)
    (run / "stress.csv").unlink()
    shutil.rmtree(run / "cache")
    assert stress_run(RunFolder(run), [trial], QUICK, ignored) == before


def test_the_same_question_is_not_measured_again_and_another_one_is(run):
    trial = int(hwsearch.load_run(run).front.iloc[0]["trial"])
    first, told = stress_run(RunFolder(run), [trial], QUICK, ignored), []
    again = stress_run(RunFolder(run), [trial], QUICK, told.append)
    assert told == [f"{run / 'stress.csv'} has it already"]
    assert [row.model_dump() for row in again] == [row.model_dump() for row in first]
    other = stress_run(RunFolder(run), [trial], StressAsked(seeds=3, samples=60, kinds=("noise",)), ignored)
    assert [row.model_dump() for row in read_stress(run / "stress.csv")] == [
        row.model_dump() for row in other
    ]


def test_an_export_has_the_accuracy_of_its_candidate_in_the_run(run, model, tmp_path):
    trial = json.loads((model / "manifest.json").read_text())["identity"]["trial"]
    beside = stress_run(RunFolder(run), [trial], QUICK, ignored)
    alone = stress_export(model, tmp_path / "model_stress", QUICK, ignored)
    assert [row.accuracy for row in alone] == [row.accuracy for row in beside if row.candidate != "dense"]
    assert {row.candidate for row in alone} == {"the export"}
    assert {row.extra_loss for row in alone} == {None}
    assert sorted(path.name for path in (tmp_path / "model_stress").iterdir()) == ["stress.csv", "stress.png"]


def test_an_export_is_known_by_its_manifest(run, model):
    assert is_export(model)
    assert not is_export(run)


def test_an_exports_folder_stays_as_it_is(model):
    with pytest.raises(InputError, match="--to: an export's folder holds its model and nothing else"):
        stress_export(model, model, QUICK, ignored)


@pytest.mark.parametrize(
    ("text", "other", "law"),
    [
        ("study:", "studies:", "a config must hold the study"),
        ("layers: fc24-fc16", "layers: 7", "a config must hold the study"),
        ("input_bits: null", "input_bits: 3", "the data must be what the model was trained"),
    ],
)
def test_a_config_of_another_study_is_refused(model, tmp_path, text, other, law):
    damaged = shutil.copytree(model, tmp_path / "model")
    config = (damaged / "config.yaml").read_text()
    assert text in config
    (damaged / "config.yaml").write_text(config.replace(text, other, 1))
    with pytest.raises(RecordError, match=law):
        stress_export(damaged, tmp_path / "to", QUICK, ignored)


def test_all_that_cannot_be_asked_is_told_at_once():
    with pytest.raises(InputError) as caught:
        StressAsked("training", seeds=0, samples=10**6, kinds=("noise", "heat")).check()
    words = [str(fault) for fault in caught.value.faults]
    assert [text.split(":")[0] for text in words] == ["--split", "--seeds", "--samples", "--only"]
    assert "got heat" in words[-1]
