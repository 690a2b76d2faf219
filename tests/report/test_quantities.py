"""How values are spelt, by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsearch.report.quantities import (
    UNKNOWN,
    axis_title,
    axis_unit,
    column,
    count,
    duration,
    log_ticks,
    percent,
    plain,
    short,
    si,
    spell,
    times,
    title,
)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("memory_bytes", 812, "812 B"),
        ("memory_bytes", 1945, "1.9 KiB"),
        ("memory_bytes", 262144, "256 KiB"),
        ("memory_bytes", 3 * 1024**2, "3.0 MiB"),
        ("energy_j", 1.1234e-6, "1.12 µJ"),
        ("energy_j", 9.999e-7, "1 µJ"),
        ("energy_j", 1e-6, "1 µJ"),
        ("latency_s", 0.0021, "2.1 ms"),
        ("accuracy_test", 0.97222, "97.2 %"),
        ("synaptic_ops", 52000.0, "52,000"),
        ("synaptic_ops", 812.34, "812"),
        ("energy_j", None, UNKNOWN),
        ("energy_j", float("nan"), UNKNOWN),
    ],
)
def test_values_are_spelt_for_people(name, value, text):
    assert spell(name, value) == text


def test_numbers_and_ratios():
    assert [plain(v) for v in (0.0, 0.01234, 11.5, 999.6, 123456.0)] == [
        "0",
        "0.0123",
        "11.5",
        "1,000",
        "123,000",
    ]
    assert [count(v) for v in (999, 2_345_678, 4.6e9)] == ["999", "2.35 million", "4.6 billion"]
    assert [duration(s) for s in (4.21, 754.2, 7200)] == ["4.21 s", "13 min", "2.0 h"]
    assert times(18842, 1945, "larger", "smaller") == "9.7 times smaller"
    assert times(1.0, 2.5, "larger", "smaller") == "2.5 times larger"
    assert (times(1.0, 1.0, "", ""), times(None, 1.0, "", ""), times(1.0, 0.0, "", "")) == (
        "the same",
        "",
        "",
    )
    assert si(0.0, "J") == "0 J"


@pytest.mark.parametrize(
    ("name", "values", "unit", "cells"),
    [
        ("energy_j", [8e-10, 2e-9], "nJ", ["0.800", "2.000"]),
        ("energy_j", [8e-10, None, 2e-6, 3e-6], "nJ", ["0.800", "", "2,000.000", "3,000.000"]),
        ("energy_j", [0.0, 18.4e-6], "uJ", ["0.0", "18.4"]),
        ("energy_j", [1e-13, 1e-6, 1.0], "J", ["1.00e-13", "1.00e-06", "1.00e+00"]),
        ("latency_s", [0.0021, float("nan")], "ms", ["2.10", ""]),
        ("synaptic_ops", [0.4, 200.0], "", ["0.40", "200.00"]),
        ("synaptic_ops", [1234.4, 52000.0], "", ["1,234", "52,000"]),
        ("accuracy_val", [0.972, 0.5], "%", ["97.2", "50.0"]),
        ("accuracy_val", [0.9997, 1.0], "%", ["99.97", "100.00"]),
        ("energy_j", [None], "J", [""]),
    ],
)
def test_a_column_has_one_unit_in_which_its_smallest_value_can_be_read(name, values, unit, cells):
    assert column(name, values) == (unit, cells)


def test_what_is_tiny_or_nearly_all_is_not_rounded_away():
    assert [percent(v) for v in (0.0, 0.0004, 0.5, 0.99996, 1.0)] == [
        "0.0 %", "0.04 %", "50.0 %", "99.996 %", "100.0 %",
    ]  # fmt: skip
    assert (spell("energy_j", 8e-10), spell("energy_j", 2e-15)) == ("800 pJ", "2 fJ")
    assert plain(1.5e-20) == "1.5e-20"


@pytest.mark.parametrize(
    ("name", "values", "unit"),
    [
        ("energy_j", [1e-7, 2e-7, 5e-6], ("nJ", 1e-9)),
        ("latency_s", [0.002], ("ms", 1e-3)),
        ("memory_bytes", [100, 200], ("bytes", 1.0)),
        ("memory_bytes", [2000, 9000], ("KiB", 1024.0)),
        ("error", [0.02], ("%", 0.01)),
        ("synaptic_ops", [40e3], ("thousands", 1e3)),
        ("energy_j", [], ("J", 1.0)),
    ],
)
def test_an_axis_takes_the_unit_of_its_middle(name, values, unit):
    found = axis_unit(name, values)
    assert (found.name, found.size) == (unit[0], pytest.approx(unit[1]))


def test_a_quantity_has_a_title_and_a_short_name():
    assert title("flash_bytes") == "Memory bank flash"
    assert short("energy_j") == "energy"
    assert axis_title("energy_j", axis_unit("energy_j", [2e-6])) == "Energy per inference (µJ)"
    assert (
        axis_title("synaptic_ops", axis_unit("synaptic_ops", [40.0]))
        == "Synaptic operations per inference (count)"
    )


def test_marks_of_a_logarithmic_axis_are_round():
    assert log_ticks(9.0, 120.0) == [10.0, 20.0, 30.0, 50.0, 70.0, 100.0]
    assert log_ticks(0.009, 1.1) == [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0]


@given(st.floats(1e-9, 1 - 1e-9))
def test_a_share_between_nothing_and_all_never_reads_as_either_unless_within_a_hundred_millionth(share):
    shown = float(percent(share).removesuffix(" %")) / 100
    assert abs(shown - share) <= 0.00051
    if 1e-7 < share < 1 - 1e-7:
        assert 0 < shown < 1
