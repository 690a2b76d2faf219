"""Runs beside each other: their numbers, and the keys in which their studies differ."""

from dataclasses import replace

import pytest
from builders.runs import synthetic_run, with_summary

from hwsearch.report.answer import interval
from hwsearch.report.quantities import UNKNOWN
from hwsearch.report.side_by_side import answers_beside, keys_that_differ
from hwsearch.report.tables import read_run


@pytest.fixture
def two(tmp_path, tiny_text):
    """Two runs: the second of another name, seed and data, and without a pick."""
    studies = (
        tiny_text,
        tiny_text.replace("name: tiny", "name: other")
        .replace("seed: 0", "seed: 7")
        .replace(", train_size: 400", ""),
    )
    tables = []
    for place, text in enumerate(studies):
        folder = with_summary(synthetic_run(tmp_path / str(place)), profile=f"device {place}")
        (folder / "study.yaml").write_text(text)
        tables.append(read_run(folder))
    return [tables[0], replace(tables[1], summary=tables[1].summary.model_copy(update={"pick": None}))]


def test_each_number_is_that_of_its_run(two):
    lines = dict(answers_beside(two))
    summary = two[0].summary
    assert lines["device"] == ("device 0", "device 1")
    assert lines["pick: test accuracy"] == (interval(summary.pick), UNKNOWN)
    assert lines["dense: test accuracy"] == (interval(summary.dense),) * 2
    assert lines["dense trainings' worth"][0] == "%.3g" % (
        summary.cost.train_steps / summary.cost.dense_train_steps
    )
    assert lines["front"] == (str(len(two[0].front)),) * 2
    assert all(len(cells) == 2 for cells in lines.values())


def test_another_score_has_lines_of_its_own(two):
    scored = two[0].summary.pick.model_copy(
        update={"score_test": 0.875, "score_test_low": 0.85, "score_test_high": 0.9}
    )
    summary = two[0].summary.model_copy(update={"score": "macro_f1", "pick": scored})
    lines = dict(answers_beside([replace(two[0], summary=summary), two[1]]))
    assert lines["pick: macro F1 on test"][0].startswith("87.5 %")
    assert lines["pick: macro F1 on test"][1] == UNKNOWN


def test_only_the_keys_that_differ_are_listed(two):
    lines = dict(keys_that_differ(two))
    assert lines["seed"] == ("0", "7")
    assert lines["data.train_size"][0] == "400"
    assert set(lines) == {"seed", "data.train_size"}
    assert keys_that_differ([two[0], two[0]]) == []
