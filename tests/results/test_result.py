"""A run as its user sees it."""

import json
import subprocess
import sys

import pandas as pd
import pytest

import hwsearch
from hwsearch.errors import InputError, NothingFits
from hwsearch.records.front import FRONT_COLUMNS


def test_everything_is_read_from_the_files(finished):
    result = hwsearch.load_run(finished)
    assert result.finished
    assert result.notes == ()
    assert result.summary == json.loads((finished / "summary.json").read_text())
    assert result.dense == result.summary["dense"]
    assert list(result.dense) == list(result.summary["dense"])
    assert tuple(result.front.columns[: len(FRONT_COLUMNS)]) == FRONT_COLUMNS
    assert len(result.front) == result.summary["front_size"]
    assert len(result.trials) == result.summary["counts"]["asked"]


def test_front_and_pick_of_a_run_that_has_ended_load_no_torch(finished):
    code = (
        "import hwsearch, sys\n"
        f"result = hwsearch.load_run({str(finished)!r})\n"
        "assert result.pick()['trial'] in set(result.front['trial'])\n"
        "print(sorted({'torch', 'optuna', 'plotly'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_notebook_shows_the_answer(finished, tmp_path):
    assert "result.export(to=" in hwsearch.load_run(finished)._repr_html_()
    (tmp_path / "study.yaml").write_bytes((finished / "study.yaml").read_bytes())
    begun = hwsearch.load_run(tmp_path)
    assert begun._repr_html_() == f"<p>{begun.notes[0]}</p>"


def test_what_is_handed_out_is_plain(finished):
    result = hwsearch.load_run(finished)
    assert isinstance(result.summary, dict)
    assert isinstance(result.summary["pick"], dict)
    assert isinstance(result.pick(), pd.Series)


def test_the_pick_of_the_study_is_that_of_the_summary(finished):
    result = hwsearch.load_run(finished)
    picked, summary = result.pick(), result.summary["pick"]
    assert picked["trial"] == summary["trial"]
    assert picked["energy_j"] == pytest.approx(summary["energy_j"], abs=1e-10)  # a summary has ten decimals


def test_a_storage_with_a_password_is_not_shown(finished):
    result = hwsearch.load_run(finished, storage="postgresql://ann:secret@host/db")
    assert "secret" not in repr(result)


def test_picking(finished):
    result = hwsearch.load_run(finished)
    front = result.front
    assert result.pick("accurate", within="100%")["accuracy_val"] == front["accuracy_val"].max()
    assert result.pick("smallest", within="100%")["memory_bytes"] == front["memory_bytes"].min()
    assert result.pick("frugal", within="100%")["energy_j"] == front["energy_j"].min()
    floor = front["accuracy_val"].median()
    picked = result.pick("smallest", min_accuracy=floor)
    assert picked["memory_bytes"] == front[front["accuracy_val"] >= floor]["memory_bytes"].min()
    with pytest.raises(NothingFits, match="accurate enough"):
        result.pick(min_accuracy="100%")
    with pytest.raises(InputError, match="exactly one"):
        result.pick(within=0.1, min_accuracy=0.5)


def test_figures_are_the_pairs_of_objectives_and_the_funnel(finished):
    result = hwsearch.load_run(finished)
    titles = [figure.layout.xaxis.title.text for figure in result.figures()]
    objectives = len(result.study.objectives)
    assert len(titles) == objectives * (objectives - 1) // 2 + 1
    assert titles[-1] == "Candidates (count)"
