"""A run that was stopped: what it has is shown as what it is."""

import json
import shutil

import pytest

import hwsearch
from hwsearch.errors import NothingFits, RecordError, Unfinished
from hwsearch.records.run_folder import RunFolder


@pytest.fixture(scope="module")
def stopped(tmp_path_factory, tiny_text):
    """Return the folder of a run that was interrupted after its second batch."""
    folder = tmp_path_factory.mktemp("stopped")
    study = folder / "tiny.yaml"
    study.write_text(tiny_text)

    def stop(event):
        if event.kind == "candidates" and event.done == 16:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hwsearch.run(study, out=folder / "run", listen=stop)
    return folder / "run"


def test_a_run_that_broke_off_between_its_front_and_its_summary_is_unfinished(finished, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    for name in ("summary.json", "report.html"):
        (run / name).unlink()
    result = hwsearch.load_run(run)
    assert not result.finished
    assert not any(name.startswith("accuracy_test") for name in result.front.columns)


def test_front_and_pick_are_provisional(stopped):
    result = hwsearch.load_run(stopped)
    assert not result.finished
    (note,) = result.notes
    assert "16 of 24 candidates" in note
    assert "validation" in note
    front = result.front
    assert len(front) >= 1
    assert not any(name.startswith("accuracy_test") for name in front.columns)
    assert int(result.pick(within=0.2)["trial"]) in set(front["trial"])
    assert result.dense["memory_bytes"] > front["memory_bytes"].max()
    with pytest.raises(NothingFits, match="accurate enough"):
        result.pick(min_accuracy="100%")


def test_a_trial_can_be_exported_and_a_report_says_what_there_is(stopped, tmp_path):
    result = hwsearch.load_run(stopped)
    made = result.export(int(result.front["trial"].iloc[0]), to=tmp_path / "model")
    assert (made / "config.yaml").exists()
    page = result.report()
    assert page == result.folder.unfinished
    text = page.read_text()
    assert "16 of 24 candidates" in text
    assert all(f'<td class="n">{trial}</td>' in text for trial in result.front["trial"])
    page.unlink()


def test_without_the_dense_network_a_loss_cannot_be_told(stopped, tmp_path):
    shutil.copytree(stopped, tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "cache")
    result = hwsearch.load_run(tmp_path / "run")
    with pytest.raises(Unfinished, match="min-accuracy"):
        result.pick(within=0.2)
    assert result.pick(min_accuracy=0.0) is not None


def test_before_the_first_batch_there_is_nothing_yet(stopped, tmp_path):
    shutil.copytree(stopped, tmp_path / "run")
    (tmp_path / "run" / "trials.csv").unlink()
    with pytest.raises(Unfinished, match="0 of 24 candidates have an outcome"):
        _ = hwsearch.load_run(tmp_path / "run").front
    assert "0 of 24" in hwsearch.load_run(tmp_path / "run").notes[0]  # which an export of a trial prints
    assert "none has an outcome yet" in hwsearch.load_run(tmp_path / "run").report().read_text()


USES = {
    "summary.json": [hwsearch.load_run],
    "study.yaml": [hwsearch.load_run],
    "front.csv": [lambda run: hwsearch.load_run(run).front, lambda run: hwsearch.load_run(run).pick()],
    "trials.csv": [lambda run: hwsearch.load_run(run).report(), lambda run: hwsearch.load_run(run).trials],
    "study.db": [
        lambda run: hwsearch.load_run(run).front_on("generic_45nm"),
        lambda run: hwsearch.load_run(run).export(to=run / "model"),
    ],
}


@pytest.mark.parametrize("name", USES)
def test_a_finished_run_that_lost_a_file_names_it(finished, tmp_path, name):
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    for text in (None, ""):
        if text == "" and name.startswith("study"):
            continue  # an empty study or storage is another fault
        (run / name).unlink()
        if text is not None:
            (run / name).write_text(text)
        before = {path.name for path in run.iterdir()}
        for use in USES[name]:
            with pytest.raises(RecordError) as caught:
                use(run)
            assert name in str(caught.value)
            assert "run the study again into the same folder" in str(caught.value)
        assert {path.name for path in run.iterdir()} == before
        (run / name).touch()


def test_a_run_that_is_asked_for_more_says_so(finished, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    assert hwsearch.load_run(run).notes == ()
    study = RunFolder(run).study
    study.write_text(study.read_text().replace("candidates: 24", "candidates: 40"))
    (note,) = hwsearch.load_run(run).notes
    assert "24 candidates" in note
    assert "40 are asked for" in note


def test_a_summary_that_is_none_is_refused(finished, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    for text in (json.dumps([]), json.dumps({"study": "x"}), "\xff"):
        (run / "summary.json").write_bytes(text.encode("latin-1"))
        with pytest.raises(RecordError, match=r"summary\.json"):
            hwsearch.load_run(run)


def test_how_sure_a_pick_is_is_not_asked_before_the_final_trainings(stopped, tmp_path):
    shutil.copytree(stopped, tmp_path / "run")
    study = tmp_path / "run" / "study.yaml"
    head, pick = study.read_text().split("pick:\n")
    assert "chance: null" in pick
    study.write_text(f"{head}pick:\n{pick.replace('chance: null', 'chance: 0.1', 1)}")
    result = hwsearch.load_run(tmp_path / "run")
    assert result.study.pick.chance == 0.1
    assert result.pick()["trial"] == hwsearch.load_run(stopped).pick()["trial"]
