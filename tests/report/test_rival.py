"""A run held against plain networks, in words."""

from dataclasses import replace

import pytest
from builders.rivals import rival_row
from builders.runs import visible

from hwsearch.records.front import FrontRow
from hwsearch.records.summary_parts import Rival
from hwsearch.report.page import write_report
from hwsearch.report.rival import against, cost_words, pick_words, plain_name, rival_lines, rival_words
from hwsearch.report.tables import read_run

RIVAL = Rival(
    pick=rival_row(1), front_size=2, floor=0.95, candidates=24, finalists=3, dense_epochs=30, epochs=15,
    train_steps=1_000_000, most_steps=1_150_000,
)  # fmt: skip


def spiking(accuracy, memory, energy):
    knobs = {"trial": 1, "sparsity": 0.5, "granularity": "weight", "weight_bits": 4, "timesteps": 4}
    return FrontRow.model_validate(
        {**knobs, "accuracy_val": accuracy, "memory_bytes": memory, "energy_j": energy}
    )


def test_each_may_win_one():
    said = against([spiking(0.97, 1000, 2e-6)], [rival_row(memory_bytes=2000, energy_j=1e-6)], 0.96, "board")
    assert said == (
        "On board, at the tolerance (96.0 % accuracy on validation), a spiking network is smaller: 1000 B against "
        "2.0 KiB (2.0 times smaller), and a plain network is more frugal: 1 µJ against 2 µJ (2.0 times less)."
    )


def test_it_is_the_smallest_and_the_most_frugal_of_each_that_are_compared():
    ours = [spiking(0.97, 1000, 5e-6), spiking(0.97, 3000, 1e-6), spiking(0.5, 10, 1e-9)]
    said = against(ours, [rival_row(memory_bytes=2000, energy_j=2e-6)], 0.96, "board")
    assert "smaller: 1000 B" in said
    assert "a spiking network is more frugal: 1 µJ against 2 µJ" in said


def test_what_is_equal_or_unknown_is_said():
    said = against([spiking(0.97, 2000, None)], [rival_row(memory_bytes=2000)], 0.96, "board")
    assert "the smallest spiking and plain networks take the same 2.0 KiB" in said
    assert said.endswith("who is more frugal is not known: the profile tells no energy.")


def test_where_one_does_not_reach_the_tolerance_they_are_compared_at_what_both_reach():
    ours, theirs = (
        [spiking(0.97, 1000, 2e-6)],
        [rival_row(accuracy_val=0.94, memory_bytes=2000, energy_j=1e-6)],
    )
    said = against(ours, theirs, 0.96, "board")
    assert "only a spiking network is accurate enough" in said
    assert "at 94.0 %, which both reach, a spiking network is smaller" in said
    assert "only a plain network" in against([spiking(0.9, 1, 1.0)], [rival_row()], 0.96, "board")
    assert "neither" in against([spiking(0.9, 1, 1.0)], theirs, 0.96, "board")
    assert against(ours, [], 0.96, "board").endswith(
        "no plain one (ReLU, integers) keeps the budgets and limits."
    )


@pytest.fixture
def tables(run_dir):
    read = read_run(run_dir)
    summary = read.summary.model_copy(update={"rival": RIVAL})
    return replace(read, summary=summary, rivals=(rival_row(0, hidden=0, memory_bytes=900), rival_row(1)))


def test_a_report_has_the_sentence_and_both_fronts(tables, tmp_path):
    page = visible(write_report(replace(tables, run_dir=tmp_path)).read_text())
    assert "Against a plain network" in page
    assert rival_words(tables.summary, tables.front, tables.rivals).replace("'", "&#39;") in page
    assert "no hidden neurons, sparsity" in page
    lines = rival_lines(tables)
    assert len(lines) == len(tables.front) + 2
    assert [line.kind for line in lines if line.picked] == ["plain", "spiking"]


def test_operations_are_told_apart(tables):
    front = (tables.front[0].model_copy(update={"synaptic_ops": 1365.0, "macs": 875.0}),)
    told = {line.kind: line.cells[-2:] for line in rival_lines(replace(tables, front=front))}
    assert told["spiking"] == ("1,365", "875")
    assert told["plain"] == ("none", f"{int(rival_row(1).operations):,}")


def test_a_report_of_a_run_without_says_nothing(run_dir, tmp_path):
    tables = read_run(run_dir)
    assert (
        rival_words(tables.summary, tables.front, ()),
        rival_lines(tables),
        cost_words(tables.summary),
    ) == ("", [], "")
    assert "plain network" not in visible(write_report(replace(tables, run_dir=tmp_path)).read_text())


def test_why_there_is_none_is_one_line(tables):
    summary = tables.summary.model_copy(update={"rival": Rival(why_none="it runs spikes only")})
    assert rival_words(summary, tables.front, ()).endswith("it runs spikes only.")
    assert cost_words(summary) == ""
    assert pick_words(summary.rival) == ""


def test_the_pick_and_what_it_cost_are_told(tables):
    assert pick_words(RIVAL) == (
        "plain pick: 24 hidden neurons, sparsity 50 % (weight), 8 bits; test 97.0 % (95.0 to 98.0) (means of 5 "
        "trainings), 1.5 KiB, 100 nJ"
    )
    assert "21.7 % of the search's training steps" in cost_words(tables.summary)
    assert plain_name(rival_row(frames=4)).startswith("24 hidden neurons, frames in 4 bins")
