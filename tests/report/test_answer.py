"""The answer in words, by hand: what is kept and saved, what is risked, and where nothing is known."""

import pytest
from builders.runs import synthetic_run, with_summary

from hwsearch.records.front import DenseRow
from hwsearch.report.answer import comparison, headline, interval, risks
from hwsearch.report.quantities import UNKNOWN
from hwsearch.report.tables import read_run


def test_an_accuracy_stands_with_its_interval_where_it_has_one():
    row = DenseRow(accuracy_test=0.972, accuracy_test_low=0.95, accuracy_test_high=0.985, accuracy_val=0.5)
    assert interval(row) == "97.2 % (95.0 to 98.5)"
    assert interval(row, "accuracy_val") == "50.0 %"
    assert interval(DenseRow()) == UNKNOWN


def test_headline_says_what_is_kept_and_saved(run_dir):
    # 18842 / 1945 = 9.69; 1945 B = 1.90 KiB, 18842 B = 18.4 KiB; 1.1 uJ / 120 nJ = 9.17
    assert headline(read_run(run_dir)) == (
        "The picked model keeps 97.2 % (95.0 to 98.5) on test and needs 1.9 KiB of memory instead of 18.4 KiB "
        "(9.7 times smaller) and 120 nJ an inference instead of 1.1 µJ (9.2 times less)."
    )


def test_risk_is_the_newcombe_interval_of_the_loss(run_dir):
    # 0.981 - 0.972 = 0.9 points; sqrt(2.2^2 + 1.3^2) = 2.555, sqrt(1.0^2 + 2.2^2) = 2.417; 0.009 * 360 = 3.2
    text = risks(read_run(run_dir))[0]
    assert "0.9 points less accurate than the dense reference on 360 test samples (3 samples)" in text
    assert f"at most 3.3 points (interval of the loss: {chr(0x2212)}1.7 to +3.3)" in text
    assert "may be chance" in text


def test_a_front_without_a_pick_says_what_is_best(tmp_path):
    folder = synthetic_run(tmp_path, pick=False)
    assert headline(read_run(folder)).startswith(
        "Nothing was picked: no member of the front is accurate enough."
    )
    assert comparison(read_run(folder)) == []
    assert risks(read_run(folder)) == []


@pytest.mark.parametrize(("as_device", "risk"), [(True, False), (False, True), (None, True)])
def test_only_what_the_profile_states_is_claimed_of_the_device(tmp_path, as_device, risk):
    claim = {"as_device": as_device, "words": "What is known of v > threshold."}
    folder = with_summary(synthetic_run(tmp_path), arithmetic=claim)
    assert ("What is known of v > threshold." in risks(read_run(folder))) is risk


def test_each_quantity_of_the_pick_stands_beside_the_dense_one(run_dir):
    lines = {line.name: line for line in comparison(read_run(run_dir))}
    memory = lines["Memory"]
    assert (memory.pick, memory.dense, memory.change) == ("1.9 KiB", "18.4 KiB", "9.7 times smaller")
    assert lines["Test accuracy"].change == "\N{MINUS SIGN}0.9 points"
    assert lines["Energy per inference"].how == "estimated (generic 45 nm prices)"
    assert lines["Network"].dense == "nothing removed, 8 bits, T\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}4"


def test_what_the_device_cannot_tell_is_no_zero(tmp_path):
    tables = read_run(synthetic_run(tmp_path, latency=False))
    assert any("Not known for this device: latency per inference" in text for text in risks(tables))
