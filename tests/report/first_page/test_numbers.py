"""A run's numbers know their cells; what is not known is None; the study's limits go before the device's."""

import pytest
from builders.first_pages import changed_pick, run_of
from builders.runs import synthetic_run, with_summary

from hwsearch.report.first_page.numbers import kind_of, limits, measured, points, quotient
from hwsearch.report.first_page.parts import Sentence, Text


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("accuracy_test", "share"), ("recall_min_test", "share"), ("noise_loss", "share"), ("ram_bytes", "bytes"),
        ("energy_j", "energy"), ("latency_s", "time"), ("synaptic_ops", "count"), ("seeds", "count"),
    ],
)  # fmt: skip
def test_a_column_says_how_it_is_spelt(column, kind):
    assert kind_of(column) == kind


def test_numbers_of_pick_and_dense(tmp_path):
    run = run_of(synthetic_run(tmp_path))
    assert run.pick("memory_bytes").cells[0].place == "front.csv trial=3 memory_bytes"
    assert run.dense("memory_bytes").value == 18842
    assert quotient(run.dense("memory_bytes"), run.pick("memory_bytes")).value == 18842 / 1945
    assert points(run.dense("accuracy_test"), run.pick("accuracy_test")).value == pytest.approx(0.009)
    assert measured(run.tables.front[1], "memory_bytes") == run.pick("memory_bytes")


def test_what_is_not_known_is_none(tmp_path):
    run = run_of(changed_pick(synthetic_run(tmp_path), energy_j=None))
    assert run.pick("energy_j") is None
    assert run.pick("recall_min_test") is None
    assert run.study is None
    assert run_of(synthetic_run(tmp_path / "empty", front=False)).pick("energy_j") is None


def test_a_grade_is_in_words_where_it_is_known(tmp_path):
    labels = {"energy_j": "estimated, uncalibrated", "latency_s": "vendor", "macs": "by hand"}
    run = run_of(with_summary(synthetic_run(tmp_path), labels=labels))
    unchecked, checked = run.grade("energy_j"), run.grade("latency_s")
    assert isinstance(unchecked, Sentence)
    assert (unchecked.key, unchecked.parts["grade"].key) == ("grade.unchecked", "grade.estimated")
    assert (checked.key, checked.parts["grade"].key) == ("grade.checked", "grade.vendor")
    assert run.grade("macs") == Text("by hand")
    assert run.grade("weight_bytes").key == "grade.none"


def test_a_budget_goes_before_the_device_s_memory(finished):
    run = run_of(finished)
    found = dict(limits(run))
    for name in run.tables.summary.budgets:
        assert found[name].cells[0].place == f"summary.json budgets.{name}"
    for bank in run.device.banks:
        if bank.free_bytes is not None and f"{bank.name}_bytes" not in run.tables.summary.budgets:
            assert found[f"{bank.name}_bytes"].value == bank.free_bytes
