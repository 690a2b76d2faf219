"""What is saved: a change in points, shares and factors; what is not known is said."""

import shutil

import pytest
from builders.first_pages import changed_pick, run_of
from builders.runs import synthetic_run, with_summary

from hwsearch.report.first_page.parts import Cell, Number
from hwsearch.report.first_page.saved import amount, change, name_of, saved
from hwsearch.report.first_page.words import words_of


def bytes_of(value):
    return Number("bytes", (Cell("a", "", "b", value),))


def text(part):
    return "".join(span.text for span in words_of("en").spans(part)).replace("\N{NO-BREAK SPACE}", " ")


def table(run):
    section = saved(run, run.pick("trial"))
    return {text(row[0]): [text(cell) for cell in row[1:]] for row in section.blocks[0].rows}


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (400, 100, "75.0 % less (4.0 times)"),
        (400, 300, "25.0 % less"),
        (100, 250, "2.5 times more"),
        (1000, 1001, "the same"),
        (None, 5, "not known"),
        (5, None, "not known"),
        (0, 5, "not known"),
    ],
)
def test_a_change_is_a_share_and_a_factor(before, after, words):
    numbers = (None if value is None else bytes_of(value) for value in (before, after))
    assert text(change(*numbers)) == words


def test_the_table_has_what_is_known(tmp_path):
    lines = table(run_of(synthetic_run(tmp_path)))
    assert lines["right answers on test samples"] == [
        "98.1 %", "97.2 %", "0.9 points less", "counted on 360 samples; 95 % interval 95.0 % to 98.5 %",
    ]  # fmt: skip
    assert lines["memory"][:3] == ["18.4 KiB", "1.9 KiB", "89.7 % less (9.7 times)"]
    assert "operations per answer" not in lines


def test_without_energy_operations_are_shown_and_energy_is_not_known(tmp_path):
    lines = table(run_of(changed_pick(synthetic_run(tmp_path), energy_j=None, latency_s=None)))
    assert lines["energy per answer"] == ["1.1 µJ", "not known", "not known", "not known"]
    assert "operations per answer" in lines
    assert "time per answer" not in lines


def test_a_network_that_was_not_tested_is_compared_on_validation(tmp_path):
    lines = table(run_of(changed_pick(synthetic_run(tmp_path), accuracy_test=None)))
    assert lines["right answers on validation samples"][:3] == ["98.6 %", "97.8 %", "0.8 points less"]


def test_whether_the_dense_network_fits_is_said(tmp_path):
    folder = synthetic_run(tmp_path)
    told = [text(block.sentence) for block in saved(run_of(folder), run_of(folder).pick("trial")).blocks[1:]]
    assert told[-1] == "The dense network would not have fitted: memory 18.4 KiB where 12.0 KiB are allowed."
    run = run_of(with_summary(folder, budgets={"memory_bytes": 20000}))
    assert "would have fitted this device too" in text(saved(run, run.pick("trial")).blocks[-1].sentence)
    run = run_of(with_summary(folder, budgets={}))
    assert len(saved(run, run.pick("trial")).blocks) == 2


def said_of_code(run):
    told = [text(block.sentence) for block in saved(run, run.pick("trial")).blocks[1:]]
    return [one for one in told if "Program code" in one]


def test_program_code_is_named_on_microcontrollers(tmp_path):
    folder = synthetic_run(tmp_path)
    assert said_of_code(run_of(folder)) == []
    shutil.copy("hardware_profiles/nrf51822_microbit.yaml", folder / "profile.yaml")
    shutil.copy("studies/digits_mcu.yaml", folder / "study.yaml")
    assert said_of_code(run_of(folder)) == ["Program code comes on top of these sizes."]
    with_summary(folder, program={"core": "cortex-m0", "code_bytes": 2252})
    assert said_of_code(run_of(folder)) == [
        "Program code comes on top of these sizes: about 2.2 KiB, counted on an emulated processor of this kind."
    ]


def test_names():
    assert text(name_of("memory_bytes")) == "memory"
    assert text(name_of("ram_bytes")) == "memory bank ram"
    assert text(amount(None)) == "not known"
