"""A run that was answered: the same question does nothing, another one goes the ordinary way."""

import json
import shutil
from functools import partial

import pytest

import hwsearch
from hwsearch.records.finished import _question, answered, pages_stand
from hwsearch.records.run_folder import RunFolder
from hwsearch.records.summary import read_summary
from hwsearch.search import batches
from hwsearch.study.encode_section import Encode
from hwsearch.study.model import load_study
from hwsearch.study.network_section import Network


@pytest.fixture
def run(finished, tmp_path):
    shutil.copytree(finished, tmp_path / "run")
    return tmp_path / "run"


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_the_same_question_does_nothing(run, tiny):
    before, events = contents(run), []
    summary = hwsearch.run(tiny, out=run, listen=events.append).summary
    assert events == []
    assert contents(run) == before
    assert summary == json.loads((run / "summary.json").read_text())


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (("", ""), True),
        (("candidates: 24", "candidates: 20"), True),  # what was asked stays asked
        (("candidates: 24", "candidates: 25"), False),
        (("final: {seeds: 2}", "final: {seeds: 3}"), False),
        (("pick: {within: 0.2}", "pick: {within: 0.1}"), False),
        (("rival: false", "rival: true"), True),  # it is added to the answer
        (("name: tiny", "name: other"), False),
        (("profile: nrf51822_microbit", "profile: generic_45nm"), False),
    ],
)
def test_a_question_is_the_whole_study(run, tiny, tiny_text, change, same):
    tiny.write_text(tiny_text.replace(*change))
    assert (answered(load_study(tiny), tiny, RunFolder(run)) is not None) == same


def test_a_study_that_names_a_plugin_is_asked_anew(run, tiny):
    study = load_study(tiny)
    encode = Encode.model_validate({"plugin": {"name": "mine"}})
    data = study.data.model_copy(update={"encode": encode})
    assert answered(study.model_copy(update={"data": data}), tiny, RunFolder(run)) is None


def test_the_content_of_a_network_file_is_part_of_the_question(tiny, tmp_path):
    study, network = load_study(tiny), tmp_path / "net.nir"
    question = partial(_question, storage=None, profile_digest="profile", network=network)
    plain = question(study)
    study = study.model_copy(update={"network": Network.model_validate({"nir": "net.nir"})})
    asked = []
    for content in (b"1", b"2", b"1"):
        network.write_bytes(content)
        asked.append(question(study))
    assert asked[0] == asked[2]
    assert len({plain, *asked}) == 3


def test_another_storage_is_another_question(run, tiny):
    assert answered(load_study(tiny), tiny, RunFolder(run), "sqlite:///other.db") is None


@pytest.mark.parametrize(
    "name", ["study.yaml", "profile.yaml", "study.db", "summary.json", "front.csv", "trials.csv"]
)
def test_a_folder_that_lost_a_file_has_no_answer(run, tiny, name):
    (run / name).unlink()
    assert answered(load_study(tiny), tiny, RunFolder(run)) is None


@pytest.mark.parametrize("name", ["front.csv", "trials.csv"])
def test_a_table_that_was_changed_is_no_answer(run, tiny, name):
    lines = (run / name).read_text().splitlines(keepends=True)
    (run / name).write_text("".join(lines[:-1]))
    assert answered(load_study(tiny), tiny, RunFolder(run)) is None


def test_pages_are_written_anew_where_they_are_gone_or_older(run, tiny):
    folder = RunFolder(run)
    summary = read_summary(folder.summary)
    assert pages_stand(folder, summary)
    folder.report.unlink()
    assert not pages_stand(folder, summary)
    before = {
        name: data for name, data in contents(run).items() if name.endswith((".csv", ".json", ".jsonl"))
    }
    hwsearch.run(tiny, out=run)
    assert pages_stand(folder, summary)
    assert before.items() <= contents(run).items()


def test_what_was_lost_is_rebuilt_and_kept_records_are_written_once(run, tiny, monkeypatch):
    before, written = contents(run), []

    class Counted(batches.TrialTable):
        def write(self, on_front, path):
            written.append(path)
            super().write(on_front, path)

    monkeypatch.setattr(batches, "TrialTable", Counted)
    (run / "front.csv").unlink()
    (run / "trials.csv").unlink()
    (run / "summary.json").unlink()
    hwsearch.run(tiny, out=run)
    after = contents(run)
    for name in ("front.csv", "trials.csv"):
        assert after[name] == before[name]
    counted = [json.loads(files["summary.json"])["cost"] for files in (before, after)]
    for name in ("train_steps", "eval_steps", "final_train_steps", "foresee_eval_steps"):
        assert counted[0][name] == counted[1][name]
    assert len(written) == 1


def test_more_candidates_go_on_from_what_is_there(run, tiny, tiny_text):
    before = hwsearch.load_run(run).trials
    tiny.write_text(tiny_text.replace("candidates: 24", "candidates: 26"))
    result = hwsearch.run(tiny, out=run)
    asked = result.trials[~result.trials["finishing"]]
    assert len(asked) == 26
    columns = ["trial", "digest", "outcome", "train_steps"]
    assert result.trials[columns].head(len(before)).equals(before[columns])
