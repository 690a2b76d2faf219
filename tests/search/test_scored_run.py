"""A whole run of uneven classes, by accuracy and by balanced accuracy: its columns, its pick, its files by class."""

import json

import numpy as np
import pandas as pd
import pytest
from builders import uneven
from builders.runs import visible

import hwsearch
from hwsearch.cli_answers import print_answer, print_front
from hwsearch.data import datasets
from hwsearch.data.readers import shipped
from hwsearch.errors import InputError
from hwsearch.measure.accuracy import wilson
from hwsearch.records.front import FRONT_COLUMNS
from hwsearch.records.summary import read_summary
from hwsearch.records.trial_table import SCORE_COLUMNS, TRIAL_COLUMNS
from hwsearch.search.learn_from import carried
from hwsearch.study.model import load_study


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Return the same study's runs by two scores; tests must not change them."""
    results = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(shipped.LOADERS, "uneven", uneven.uneven)
        for score in ("accuracy", "balanced_accuracy"):
            folder = tmp_path_factory.mktemp(score)
            (folder / "study.yaml").write_text(f"{uneven.TEXT}score: {score}\n")
            results[score] = hwsearch.run(folder / "study.yaml", out=folder / "run")
        yield results


def names(result):
    """Return what the classes are called."""
    return list(datasets.load_dataset(load_study(result.folder.study).data).class_names) or ["0", "1", "2"]


@pytest.fixture
def balanced(runs):
    return runs["balanced_accuracy"]


def test_the_pick_is_another_by_another_score(runs):
    plain, scored = (runs[score].pick() for score in ("accuracy", "balanced_accuracy"))
    assert plain["memory_bytes"] < scored["memory_bytes"]
    assert plain["recall_min"] < scored["recall_min"]  # what saves a point of accuracy loses the rare class
    floor = runs["balanced_accuracy"].dense["score_val"] - 0.05
    assert scored["score_val"] >= floor - 1e-9


def test_only_another_score_has_columns_of_its_own(runs):
    for score, result in runs.items():
        extra = SCORE_COLUMNS if score != "accuracy" else ()
        assert tuple(result.trials.columns) == (*TRIAL_COLUMNS, *extra)
        front = tuple(result.front.columns)
        assert front[: len(FRONT_COLUMNS)] == FRONT_COLUMNS
        assert any(name.startswith("score_") for name in front) == bool(extra)


def test_every_score_is_the_mean_of_its_recalls(balanced):
    for row in balanced.front.itertuples():
        # one training: the network that is handed over is the whole recipe; recalls have four digits
        for spelt, score in ((row.recalls, row.score_val), (row.recalls_test, row.score_test)):
            assert np.mean([float(part) for part in spelt.split("/")]) == pytest.approx(score, abs=1e-4)
        assert row.score_test_low <= row.score_test <= row.score_test_high
    trained = balanced.trials.query("outcome == 'trained'")
    assert trained["score_val"].notna().all()
    last = [float(str(curve).split("/")[-1]) for curve in trained["curve"]]
    np.testing.assert_allclose(last, trained["score_val"], atol=1e-4)
    assert balanced.trials["accuracy_foreseen"].isna().all()
    assert balanced.summary["score"] == "balanced_accuracy"


def test_recalls_and_confusion_of_every_member(balanced):
    recalls = pd.read_csv(balanced.folder.recalls, dtype={"name": str})
    confusion = pd.read_csv(balanced.folder.confusion)
    for trial in balanced.front["trial"]:
        counts = confusion[confusion["trial"] == trial].pivot(
            index="true_class", columns="predicted_class", values="count"
        )
        rows = recalls[recalls["trial"] == trial]
        assert counts.to_numpy().sum() == balanced.summary["samples"]["test"]
        assert rows["name"].tolist() == names(balanced)
        assert rows["right"].tolist() == np.diag(counts).tolist()
        assert rows["samples"].tolist() == counts.sum(axis=1).tolist()
        assert rows["answered"].tolist() == counts.sum(axis=0).tolist()
        for row in rows.itertuples():
            assert (row.recall_low, row.recall_high) == pytest.approx(wilson(row.recall, row.samples))


def test_the_page_and_the_terminal_show_them(balanced, capsys):
    page = balanced.folder.report.read_text(encoding="utf-8")
    said = visible(page)
    assert "What the pick takes for what" in said
    assert "a balanced accuracy of" in said
    assert "Error is 1 \N{MINUS SIGN} balanced accuracy" in said
    assert all(f'<th scope="row">{name}</th>' in page for name in names(balanced))
    assert "ties, " in said
    print_answer(balanced.folder, read_summary(balanced.folder.summary))
    printed = capsys.readouterr().out
    assert "balanced accuracy on test" in printed
    assert all(f"recall of {name}: " in printed for name in names(balanced))
    print_front(balanced.front)
    assert "score test" in capsys.readouterr().out


def test_what_is_needed_is_of_the_studys_score(balanced, runs):
    assert balanced.pick(min_score="60%") is not None
    with pytest.raises(
        InputError, match=r"min_accuracy: .*score, which is balanced_accuracy.*give min_score"
    ):
        balanced.pick(min_accuracy=0.6)
    with pytest.raises(InputError, match="at most one of min_accuracy and min_score"):
        runs["accuracy"].pick(min_accuracy=0.6, min_score=0.6)
    same = runs["accuracy"].pick(min_accuracy=0.6)["trial"]
    assert runs["accuracy"].pick(min_score=0.6)["trial"] == same


def test_another_device_goes_by_the_score(balanced):
    found = balanced.front_on("nrf52840").front
    assert found["score_val"].notna().all()


def test_a_run_of_another_score_is_not_learned_from(runs, tmp_path):
    path = tmp_path / "study.yaml"
    folder = runs["accuracy"].folder.path
    text = uneven.TEXT.replace("stack: 4}", f"stack: 4, learn_from: [{folder}]}}")
    path.write_text(f"{text}score: macro_f1\n")
    with pytest.raises(InputError, match="another score"):
        carried(load_study(path))


def test_the_same_line_again_is_answered_unless_a_file_by_class_is_gone(balanced):
    kept = json.loads(balanced.folder.summary.read_text())["answers"]["files"]
    assert {"recalls.csv", "confusion.csv"} <= set(kept)
