"""Stress from Python, of a run's folder and of an export's."""

import shutil

import pytest

import hwsearch
from hwsearch import api_stress
from hwsearch.errors import InputError, Unfinished

QUICK = {"seeds": 1, "samples": 40, "kinds": ["noise"]}


@pytest.mark.slow
def test_a_run_is_stressed_by_its_pick_and_its_report_says_so(finished, tmp_path):
    run = shutil.copytree(finished, tmp_path / "run")
    folder, rows = api_stress.stress(run, **QUICK)
    assert folder == run
    trial = hwsearch.load_run(run).summary["pick"]["trial"]
    assert {row.candidate for row in rows} == {"dense", f"trial {trial}"}
    assert "What can go wrong" in (run / "report.html").read_text()
    assert [row.model_dump() for row in hwsearch.load_run(run).stress([trial], asked=_asked())] == [
        row.model_dump() for row in rows
    ]


def _asked():
    return api_stress.StressAsked("test", 1, 40, ("noise",))


def test_an_export_is_stressed_into_a_folder_beside_it(finished, tmp_path):
    model = hwsearch.load_run(finished).export(to=tmp_path / "model")
    folder, rows = api_stress.stress(model, **QUICK)
    assert folder == tmp_path / "model_stress"
    assert {row.candidate for row in rows} == {"the export"}
    with pytest.raises(InputError, match="--trial: an export holds one model; got 3"):
        api_stress.stress(model, trials=[3])


def test_what_goes_with_an_export_alone_is_refused_of_a_run(finished, tmp_path):
    with pytest.raises(InputError, match=r"--to: it goes with an export"):
        api_stress.stress(finished, to=tmp_path)


def test_a_run_that_has_not_ended_is_not_stressed(finished, tmp_path):
    run = shutil.copytree(
        finished, tmp_path / "run", ignore=shutil.ignore_patterns("summary.json", "report.html", "front.csv")
    )
    with pytest.raises(Unfinished, match="only a run that has ended"):
        api_stress.stress(run, **QUICK)
