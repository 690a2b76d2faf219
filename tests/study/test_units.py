"""Units: shares and quantities as people write them, and what is refused with what would do."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.study.units import UNITS, kind_of, read_quantity, read_share


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("1%", (0.01, True)),
        (" 1 % ", (0.01, True)),
        ("0.7%", (0.007, True)),  # 0.7 / 100 is another number
        ("1e-1 %", (0.001, True)),
        ("-5%", (-0.05, True)),
        ("0.01", (0.01, False)),
        (".5", (0.5, False)),
        ("1 percent", None),
        ("%", None),
        ("nan", None),
    ],
)
def test_a_share_is_a_fraction_or_a_percentage(text, share):
    assert read_share(text) == share


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("16KiB", "memory", 16384.0),
        ("16 kB", "memory", 16000.0),
        ("0.5 MiB", "memory", 524288.0),
        ("20 uJ", "energy", 20e-6),
        ("20 \N{MICRO SIGN}J", "energy", 20e-6),
        ("20 \N{GREEK SMALL LETTER MU}J", "energy", 20e-6),
        ("0.7nJ", "energy", 0.7e-9),
        ("5 ms", "time", 0.005),
        ("1e-3s", "time", 0.001),
    ],
)
def test_a_quantity_with_its_unit_is_the_number_without(text, kind, value):
    assert read_quantity(text, kind) == value


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("5 ms", "energy", "ms is a unit of time; units of energy: pJ, nJ, uJ, mJ, J"),
        ("16 KB", "memory", "did you mean kB or KiB?"),
        ("5 msec", "time", "did you mean ms?"),
        ("16384", "memory", "write a number and a unit: B, kB, KiB"),
        ("KiB", "memory", "write a number and a unit"),
        ("1 2 kB", "memory", "write a number and a unit"),
    ],
)
def test_other_texts_are_refused_with_what_would_do(text, kind, words):
    with pytest.raises(ValueError, match=words.replace("?", r"\?")):
        read_quantity(text, kind)


def test_a_name_tells_the_kind():
    kinds = [kind_of(name) for name in ("ram_bytes", "energy_j", "latency_s", "synaptic_ops", "macs")]
    assert kinds == ["memory", "energy", "time", "count", "count"]


@given(
    st.sampled_from([(kind, unit) for kind, units in UNITS.items() for unit in units]), st.integers(0, 10**6)
)
@settings(deadline=None)
def test_a_quantity_is_its_number_times_its_unit(of_kind, number):
    kind, unit = of_kind
    assert read_quantity(f"{number} {unit}", kind) == pytest.approx(number * UNITS[kind][unit])
    assert read_quantity(f"{number}{unit}", kind) == read_quantity(f"  {number}   {unit} ", kind)
