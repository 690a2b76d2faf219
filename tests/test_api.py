"""The Python interface at its border: what is refused before anything is spent, and what is answered at once."""

import json
import shutil

import pytest

import hwsearch
from hwsearch import api
from hwsearch.errors import InputError, NothingFits, RecordError, Unfinished
from hwsearch.results.result import Result
from hwsearch.search import run as searching


def test_a_finished_run_is_its_result(finished, tiny):
    assert hwsearch.load_run(finished) == Result(hwsearch.load_run(finished).folder)
    assert hwsearch.run(tiny, out=finished).folder.path == finished


@pytest.mark.parametrize(
    ("options", "said"),
    [({"workers": 0}, "--workers: .*at least one"), ({"device": "tpu"}, "--device: .*auto, cpu, cuda")],
)
def test_a_wrong_option_is_named_and_nothing_is_written(tiny, tmp_path, options, said):
    with pytest.raises(InputError, match=said):
        hwsearch.run(tiny, out=tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()


def test_an_unknown_finder_is_refused(tiny, tmp_path):
    with pytest.raises(InputError, match=r"--only: a finder must be one of .*; got oracle"):
        api.compare_finders(tiny, out=tmp_path / "run", finders=["magnitude", "oracle"])


@pytest.mark.parametrize("names", [["summary.json"], ["front.csv"], ["report.html"]])
def test_what_is_left_of_a_run_is_not_taken_for_a_whole_one(finished, tmp_path, names):
    for name in names:
        shutil.copy(finished / name, tmp_path / name)
    with pytest.raises((InputError, RecordError), match=r"study\.yaml"):
        hwsearch.load_run(tmp_path)
    shutil.copy(finished / "study.yaml", tmp_path)
    if names == ["summary.json"]:
        assert hwsearch.load_run(tmp_path).finished
    else:
        with pytest.raises(RecordError, match=r"summary\.json: a finished run must have a summary"):
            hwsearch.load_run(tmp_path)


def test_a_folder_with_a_study_alone_is_a_run_that_has_not_ended(finished, tmp_path):
    shutil.copy(finished / "study.yaml", tmp_path)
    result = hwsearch.load_run(tmp_path)
    assert not result.finished
    with pytest.raises(Unfinished):
        result.report()


def test_a_run_that_found_nothing_raises_its_nearest_miss_and_has_its_page(finished, tiny, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    summary = json.loads((run / "summary.json").read_text())
    summary |= {"front_size": 0, "pick": None, "nearest_miss": "it needs 3 bytes more"}
    del summary["answers"]["files"]["front.csv"]
    (run / "front.csv").unlink()
    (run / "summary.json").write_text(json.dumps(summary))
    with pytest.raises(NothingFits, match="3 bytes more"):
        hwsearch.run(tiny, out=run)
    assert "It needs 3 bytes more." in (run / "report.html").read_text()
    with pytest.raises(NothingFits, match="3 bytes more"):
        hwsearch.load_run(run).pick()
    assert hwsearch.load_run(run).front.empty


def test_the_front_is_drawn_before_plain_networks_are_awaited(finished, tiny, tmp_path, monkeypatch):
    folder, seen = shutil.copytree(finished, tmp_path / "run"), []
    for name in ("summary.json", "front.png", "report.html"):
        (folder / name).unlink()
    tiny.write_text(tiny.read_text().replace("rival: false", "rival: true"))

    def add_rival(plan, folder, summary, search, tell):
        seen.append((folder.front_png.exists(), folder.report.exists()))
        return summary

    monkeypatch.setattr(searching, "add_rival", add_rival)
    said = []
    hwsearch.run(tiny, out=folder, listen=lambda event: said.append(event.text))
    assert seen == [(True, True)]
    assert f"the front is there: {folder / 'front.png'}; plain networks are awaited" in said


def test_a_run_is_confirmed_its_recipes_are_trained_with_every_seed_and_it_stays_so(finished, tmp_path):
    run = shutil.copytree(finished, tmp_path / "run")
    before = hwsearch.load_run(run)
    assert set(before.front["seeds"]) == {1, 2}  # the pick with both, others with the first
    cells = {path.name for path in (run / "cache").glob("final-*")}
    after = hwsearch.confirm(run)
    assert set(after.front["evidence"]) == {"trained 2 times"}
    assert cells < {path.name for path in (run / "cache").glob("final-*")}
    assert after.pick().trial == before.pick().trial
    asked = tmp_path / "tiny.yaml"
    asked.write_text(finished.with_name("tiny.yaml").read_text())
    assert hwsearch.run(asked, out=run).front.equals(after.front)
    with pytest.raises(InputError, match="must hold a study"):
        hwsearch.confirm(tmp_path / "nothing")


def test_a_run_that_has_not_ended_is_not_confirmed(finished, tmp_path):
    shutil.copy(finished / "study.yaml", tmp_path)
    with pytest.raises(Unfinished, match="only a run that has ended"):
        hwsearch.confirm(tmp_path)
    assert not (tmp_path / "confirmed.txt").exists()
