"""The evidence in words and cells, by hand."""

import pytest
from builders.runs import ENDS, synthetic_run, with_summary

from hwsearch.report.evidence import (
    budget_words,
    cost_words,
    footer,
    front_columns,
    front_rows,
    funnel_rows,
    judgement,
    quality_words,
)
from hwsearch.report.tables import read_run


def test_the_funnel_goes_in_the_order_of_the_search():
    counts = {"asked": 80, **ENDS, "front": 12}
    rows = funnel_rows(counts)
    assert [n for _, n, _ in rows] == [80, 22, 9, 4, 0, 11, 2, 32, 12]
    assert rows[0][0] == "Asked"
    assert rows[-1][0] == "On the front"


def test_each_member_of_the_front_is_a_row_and_the_pick_is_marked(run_dir):
    tables = read_run(run_dir)
    rows = front_rows(tables)
    assert len(rows) == 12
    assert [picked for picked, _ in rows] == [row.trial == tables.summary.pick.trial for row in tables.front]
    assert sum(picked for picked, _ in rows) == 1
    assert all(len(cells) == len(front_columns(tables)) for _, cells in rows)
    _, cells = rows[1]
    shown = dict(zip(front_columns(tables), cells, strict=True))
    assert shown["Memory"] == ("1.9 KiB", 1945)
    assert shown["Test (95 % interval)"][0] == "97.2 % (95.0 to 98.5)"


def test_what_the_search_cost_is_told_in_dense_trainings(tmp_path):
    cost = {
        "train_steps": 4_600_000, "eval_steps": 900_000, "dense_train_steps": 400_000, "final_train_steps": 1_200_000,
        "model_steps": 460_000, "model_s": 75.0, "wall_s": 754.2,
    }  # fmt: skip
    words = dict(cost_words(read_run(with_summary(synthetic_run(tmp_path), cost=cost))))
    assert (
        words["Training"]
        == "11.5 times that of one dense network (4.6 million steps of one sample and one timestep)"
    )
    assert words["of which final"].startswith("3 times:")
    assert words["Candidates asked"] == "80: 0.144 dense trainings each"
    assert words["Probes and model"] == "75 s: as long as 10.0 % of the training"
    assert words["Time on the clock"] == "13 min"


def test_what_was_not_measured_is_said_to_be_so(run_dir):
    similarity, audit = judgement(read_run(run_dir))
    assert similarity.startswith("No candidate was judged by ticket similarity")
    assert audit.startswith("The audit drew no candidate")


def test_predictions_are_told_with_their_intervals(tmp_path):
    folder = with_summary(
        synthetic_run(tmp_path),
        similarity={"n": 32, "spearman": 0.8125, "mae": 0.011, "brier": None, "ece": None},
        audit={"continued": 5, "left": 2, "false_cuts": 0, "low": 0.0, "high": 0.6576},
        left={"finishing": 12, "n": 40, "ruled_out": 30, "expected": 2.25, "low": 0, "high": 5},
        no_skill={"trained": 3, "final": 1},
    )
    similarity, audit, no_skill, completion = judgement(read_run(folder))
    assert similarity.endswith(
        "held-out candidates and inputs: rank correlation 0.81, mean absolute error 0.01."
    )
    assert audit.startswith("Audit: 5 candidates")
    assert (
        "permanently dropped 2 of them; 0 of these came to the front (between 0% and 66% of what is left"
        in audit
    )
    assert "3 of the trained candidates, and 1 of those" in no_skill
    assert "12 that had been stopped or cut were taken up again. Left: 40 candidates" in completion
    assert "30 of them are ruled out" in completion
    assert "about 2.2 (0 to 5 at 95 %) would be on the front" in completion


@pytest.mark.parametrize("hypervolume", [None, 0.6123])
def test_the_hypervolume_stands_with_its_reference_point(tmp_path, hypervolume):
    words = quality_words(read_run(with_summary(synthetic_run(tmp_path), hypervolume=hypervolume)))
    assert (
        "dominates 61.2 % of the box up to validation error 90.0 %, energy per inference 1.1 µJ" in words
    ) == (hypervolume is not None)


def test_budgets_seed_and_versions(run_dir):
    tables = read_run(run_dir)
    assert budget_words(tables) == "memory 12.0 KiB, synaptic operations per inference 60,000"
    assert footer(tables) == "Seed 0. hwsearch 0.1.0, torch 2.11.0."
