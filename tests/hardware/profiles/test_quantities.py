"""Numbers, menus, series and words: in SI units, as written, and held to their units."""

import pytest
from pydantic import ValidationError

from hwsearch.hardware.profiles import quantities
from hwsearch.hardware.profiles.quantities import Menu, Number, Section, Series, Word, visit_quantities
from hwsearch.study.units import UNITS

EVIDENCE = {"grade": "vendor", "source": "X"}


class Part(Section):
    energy: quantities.Energy
    width: quantities.Width | None = None
    memory: quantities.Memory | None = None


class Whole(Section):
    name: str
    bits: Menu
    parts: tuple[Part, ...]
    leak: Word[str] | None = None


def number(value, unit):
    return {"value": value, "unit": unit, **EVIDENCE}


def test_in_si_units_and_as_written():
    assert Number(**number(2.5, "KiB")).si() == 2560
    assert Number(**number(2.5, "KiB")).text() == "2.5 KiB"
    assert Number(**number(825, "pJ")).si() == pytest.approx(825e-12)
    menu = Menu(value=(4, 8), unit="bit", **EVIDENCE)
    assert (menu.si(), menu.text()) == ((4, 8), "4, 8 bit")
    series = Series(value=(1024, 0), unit="count", **EVIDENCE)
    assert (series.si(), series.text()) == ((1024, 0), "1,024, 0 count")
    assert (Word[str](value="floor", **EVIDENCE).si(), Word[str](value=None, **EVIDENCE).text()) == (
        "floor",
        "unknown",
    )


def test_unknown_is_none_and_never_zero():
    unknown = Number(**number(None, "pJ"))
    assert unknown.si() is None
    assert unknown.text() == "unknown"


def test_a_unit_belongs_to_one_kind_so_its_factor_is_one():
    names = [unit for units in UNITS.values() for unit in units]
    factors = {unit: {units[unit] for units in UNITS.values() if unit in units} for unit in names}
    assert all(len(values) == 1 for values in factors.values())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("energy", number(1, "KiB")),  # another kind's unit
        ("energy", number(-1, "pJ")),
        ("energy", number(float("inf"), "pJ")),
        ("width", number(None, "bit")),  # must be known
        ("width", number(0, "bit")),
        ("width", number(1.5, "bit")),  # must be whole
        ("memory", number(0.0001, "KiB")),
        ("memory", {**number(1, "KiB"), "colour": "red"}),  # unknown keys are refused
    ],
)
def test_what_breaks_a_law_is_refused(field, value):
    fine = {"energy": number(1, "pJ"), "width": number(8, "bit"), "memory": number(None, "KiB")}
    assert Part(**fine).memory.si() is None
    with pytest.raises(ValidationError):
        Part(**{**fine, field: value})


def test_every_quantity_is_visited_in_the_files_order():
    parts = [{"energy": number(1, "pJ"), "width": number(8, "bit")}, {"energy": number(2, "pJ")}]
    whole = Whole(
        name="x",
        bits={"value": [4], "unit": "bit", **EVIDENCE},
        parts=parts,
        leak={"value": None, **EVIDENCE},
    )
    visited = []
    visit_quantities(whole, lambda place, item: visited.append((place, item.si())))
    assert visited == [
        ("bits", (4,)), ("parts.0.energy", 1e-12), ("parts.0.width", 8), ("parts.1.energy", 2e-12), ("leak", None),
    ]  # fmt: skip
