"""What is printed in the end, by hand."""

from dataclasses import replace

import pandas as pd
import pytest
from builders.runs import synthetic_run, with_summary

from hwsearch.cli_answers import (
    print_answer,
    print_doubts,
    print_front,
    print_front_on,
    print_pick,
    print_provisional_pick,
    print_recall,
    print_spent,
)
from hwsearch.errors import NothingFits
from hwsearch.records.by_class import RecallRow
from hwsearch.records.front import DenseRow, FrontRow
from hwsearch.records.run_folder import RunFolder
from hwsearch.records.summary import read_summary
from hwsearch.results.other_device import FrontOn, LeftOut

SPENT = {
    "counts": {"asked": 40, "over_budget": 0, "trained": 30, "stopped": 10},
    "cost": {"train_steps": 200, "dense_train_steps": 100, "wall_s": 1.0, "model_s": 0.1, "model_steps": 20},
    "left": {"n": 10, "expected": 1.25, "low": 0, "high": 4},
    "audit": {"continued": 3, "left": 2, "false_cuts": 0, "low": 0.0, "high": 0.6576},
}
PICK = FrontRow(
    trial=3, sparsity="0.5/0.9", granularity="nm:4", weight_bits=4, timesteps=2, accuracy_val=0.825, accuracy_test=0.82,
    accuracy_test_low=0.777, accuracy_test_high=0.857, accuracy_test_own=0.844, memory_bytes=1290, energy_j=1.39e-5,
    seeds=2, weights_zeroed=3, recalls_test="0.9000/0.4000", accuracy_val_search=None,
)  # fmt: skip
DENSE = DenseRow(accuracy_test=0.823, accuracy_test_own=0.819, memory_bytes=2580, energy_j=2.78e-5)


@pytest.fixture
def summary(tmp_path):
    def with_sections(**sections):
        return read_summary(with_summary(synthetic_run(tmp_path), **SPENT | sections) / "summary.json")

    return with_sections


def test_what_was_counted_and_what_is_expected_have_their_intervals(summary, capsys):
    print_spent(summary())
    assert capsys.readouterr().out.splitlines() == [
        "40 candidates: 30 trained, 10 stopped",
        "left: 10 candidates that were stopped or cut; the front is expected to lack 1.2 of them, 0 to 4 at 95 % "
        "(a smaller search.finish trains on)",
        "audit: 3 of what was to be cut or stopped were trained all the same; 2 would have been permanently "
        "dropped, 0 of these came to the front (0% to 66% at 95 %)",
        "training spent: 2 times the dense network's, in 1 s; probes and model took 0.1 s, as long as 10.0 % of it",
    ]


def test_where_none_was_left_there_is_no_share(summary, capsys):
    nothing = {"continued": 3, "left": 0, "false_cuts": 0, "low": None, "high": None}
    print_spent(summary(audit=nothing))
    assert "0 of these came to the front\n" in capsys.readouterr().out


def test_what_was_not_measured_by_an_earlier_version_is_left_out(summary, capsys):
    cost = {"train_steps": 200, "dense_train_steps": 100, "wall_s": 1.0}
    print_spent(summary(cost=cost, audit={"continued": 0}, left={"n": 0}))
    assert capsys.readouterr().out.splitlines()[1:] == [
        "audit: none of what was to be cut or stopped was drawn",
        "training spent: 2 times the dense network's, in 1 s",
    ]


def test_similarity_skill_and_arithmetic_are_told_where_there_is_something_to_tell(summary, capsys):
    print_spent(
        summary(
            similarity={"n": 32, "spearman": 0.99, "mae": 0.0571},
            no_skill={"trained": 4, "final": 1},
            arithmetic={"as_device": False, "words": "It rounds."},
        )
    )
    said = capsys.readouterr().out
    assert "ticket similarity: rank correlation 0.99, mean error 0.057 on 32 held-out candidates" in said
    assert "4 of those trained, and 1 of the final trainings" in said
    assert said.endswith("It rounds.\n")


def test_the_pick_stands_beside_the_dense_reference(capsys):
    print_pick(PICK, DENSE)
    assert capsys.readouterr().out.splitlines() == [
        "pick: trial 3 (sparsity 0.5/0.9, granularity nm:4, 4 bits, T 2)",
        "  test 82.0 % (77.7 % to 85.7 %); dense 82.3 % (means of 2 trainings)",
        "  test of the network that is handed over 84.4 %; of the dense one 81.9 %",
        "  to the device's widths: 3 weights rounded to zero by a coarser grid",
        "  memory 1,290 B; dense 2,580 B (2.0 times smaller)",
        "  energy 13.9 uJ; dense 27.8 uJ (2.0 times less)",
    ]
    print_pick(PICK, DENSE, chance=0.243)
    assert (
        "  chance that its recipe is worse than the pick needs, on fresh splits: 24%"
        in capsys.readouterr().out
    )
    print_pick(None, DENSE)
    assert "relax pick.within or pick.min_accuracy" in capsys.readouterr().out


def test_a_class_that_is_hardly_recognised_is_warned_of(summary, capsys):
    print_recall(PICK, summary())
    said = capsys.readouterr().out
    assert "worst class: 1, recognised in 40.0% of its test samples" in said
    assert "warning: Class 1" in said
    named = RecallRow(trial=3, true_class=1, name="boot", samples=5, answered=2, right=2)
    print_recall(PICK, summary(), [named])
    said = capsys.readouterr().out
    assert "worst class: boot, recognised" in said
    assert "warning: Class boot is" in said
    print_recall(None, summary())
    assert capsys.readouterr().out == ""


def test_a_provisional_pick_has_no_test(capsys):
    print_provisional_pick(PICK)
    assert capsys.readouterr().out.splitlines() == [
        "provisional pick: trial 3 (sparsity 0.5/0.9, granularity nm:4, 4 bits, T 2)",
        "  validation 82.5 % in the search; memory 1,290 B",
    ]


def test_a_front_leaves_out_what_nobody_knows_and_names_its_units(capsys):
    frame = pd.DataFrame(
        {"trial": [3], "accuracy_val": [0.825], "energy_j": [1.39e-5], "latency_s": [None], "digest": ["0"]}
    )
    print_front(frame)
    assert capsys.readouterr().out.splitlines() == [" trial val % energy uJ", "     3  82.5      13.9"]


def test_on_another_device_all_candidates_are_counted(capsys):
    answer = FrontOn(
        pd.DataFrame({"trial": [3]}), (LeftOut("too big", (1, 2)), LeftOut("lost", (4,))), ("so it is",)
    )
    print_front_on(answer)
    assert capsys.readouterr().out.splitlines()[-4:] == [
        "note: so it is", "left out: 3 of 4 candidates", "  2: too big", "  1: lost",
    ]  # fmt: skip
    print_front_on(replace(answer, left_out=()))
    assert "left out: 0 of 1 candidates" in capsys.readouterr().out


def test_an_export_of_what_knows_nothing_is_warned_of(capsys):
    trials = pd.DataFrame(
        {"trial": [1, 2], "skilled": [True, False], "reason": ["", "no better than chance"]}
    )
    for trial in (1, None, 9):
        print_doubts(trials, trial)
    print_doubts(trials.drop(columns="skilled"), 2)  # a run of an earlier version
    assert capsys.readouterr().out == ""
    print_doubts(trials, 2)
    assert capsys.readouterr().out == "warning: trial 2 is no model: no better than chance\n"


def test_an_answer_is_front_pick_and_cost(tmp_path, capsys):
    folder = with_summary(synthetic_run(tmp_path), pick=PICK.model_dump(), dense=DENSE.model_dump())
    print_answer(RunFolder(folder), read_summary(folder / "summary.json"))
    said = capsys.readouterr().out
    assert (
        said.index("memory B")
        < said.index("pick: trial 3")
        < said.index("candidates:")
        < said.index("report: ")
    )
    none = with_summary(folder, front_size=0, nearest_miss="3 bytes more")
    with pytest.raises(NothingFits, match="3 bytes more"):
        print_answer(RunFolder(none), read_summary(none / "summary.json"))
