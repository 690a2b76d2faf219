"""Values with their units at the YAML border, in SI units on request."""

import re

import pytest
from builders.devices import SHIPPED
from builders.profile_files import MICROBIT, WORDS, raw_quantities, written
from pydantic import ValidationError
from ruamel.yaml import YAML

from hwsearch.errors import InputError
from hwsearch.hardware.device import PerCycle
from hwsearch.hardware.profiles.load import load_profile
from hwsearch.hardware.profiles.quantities import Menu, Number, Series, Word, quantities
from hwsearch.hardware.profiles.schema import ProfileSection
from hwsearch.hardware.profiles.sections import MemorySection

EVIDENCE = {"grade": "vendor", "source": "SHEET"}


@pytest.mark.parametrize("key", ["value", "grade", "source"])
@pytest.mark.parametrize("name", WORDS)
def test_no_word_may_lose_its_value_grade_or_source(name, key):
    data = YAML(typ="safe").load(MICROBIT)
    del data["neurons"][name][key]
    with pytest.raises(ValidationError):
        ProfileSection.model_validate(data)


@pytest.mark.parametrize("ident", ["akida_akd1500", "gap9", "generic_45nm", "loihi1", "xylo_imu"])
@pytest.mark.parametrize("key", ["unit", "grade", "source"])
def test_no_number_may_lose_its_unit_grade_or_source(ident, key):
    data = YAML(typ="safe").load(SHIPPED / f"{ident}.yaml")
    ProfileSection.model_validate(data)
    for quantity in list(raw_quantities(data)):
        value = quantity.pop(key)
        with pytest.raises(ValidationError):
            ProfileSection.model_validate(data)
        quantity[key] = value


@pytest.mark.parametrize(
    ("value", "unit", "joules"),
    [(825, "pJ", 825e-12), (1, "nJ", 1e-9), (2, "uJ", 2e-6), (3, "mJ", 3e-3), (1, "J", 1)],
)
def test_energy_units(tmp_path, value, unit, joules):
    path = written(tmp_path, ("    value: 825\n    unit: pJ", f"    value: {value}\n    unit: {unit}"))
    assert load_profile(path).energy == PerCycle(pytest.approx(joules))


@pytest.mark.parametrize(
    ("value", "unit", "n_bytes"), [(256, "B", 256), (1, "KiB", 1024), (2, "MiB", 2_097_152)]
)
def test_memory_units(tmp_path, value, unit, n_bytes):
    path = written(tmp_path, ("{value: 256, unit: KiB", f"{{value: {value}, unit: {unit}"))
    assert load_profile(path).banks[0].size_bytes == n_bytes


@pytest.mark.parametrize(("unit", "hz"), [("Hz", 16.0), ("kHz", 16e3), ("MHz", 16e6), ("GHz", 16e9)])
def test_frequency_units(tmp_path, unit, hz):
    assert load_profile(written(tmp_path, ("unit: MHz", f"unit: {unit}"))).clock_hz == hz


def test_every_quantity_is_named_by_its_place_in_the_file():
    section = MemorySection(
        banks=[bank("rom", ["weights", "params"], 4), bank("ram", ["state", "buffers"], 2)]
    )
    found = [(place, number.si(), number.text()) for place, number in quantities(section)]
    assert found == [
        ("banks.rom.bytes", 4096, "4 KiB"),
        ("banks.rom.reserved", 8, "8 B"),
        ("banks.ram.bytes", 2048, "2 KiB"),
        ("banks.ram.reserved", 8, "8 B"),
    ]


def bank(name, holds, kib):
    size, reserved = {"value": kib, "unit": "KiB", **EVIDENCE}, {"value": 8, "unit": "B", **EVIDENCE}
    return {"name": name, "holds": holds, "bytes": size, "reserved": reserved}


def test_what_is_unknown_is_said_in_words():
    assert Number(value=None, unit="J", **EVIDENCE).text() == "unknown"
    assert Number(value=None, unit="J", **EVIDENCE).si() is None
    assert Word(value=None, **EVIDENCE).text() == "unknown"
    assert Menu(value=[2, 4], unit="bit", **EVIDENCE).text() == "2, 4 bit"
    assert Series(value=[1000, 2], unit="count", **EVIDENCE).text() == "1,000, 2 count"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            ("value: 825\n    unit: pJ", "value: 1e308\n    unit: J"),
            "a quantity of energy must lie in 1e-24 .. 1000",
        ),
        (
            ("{value: 16, unit: MHz", "{value: 0, unit: MHz"),
            "must be above zero, or null where it is unknown",
        ),
        (("{value: 256, unit: KiB", "{value: 1e300, unit: KiB"), "a quantity of memory must lie in 1 .."),
    ],
)
def test_what_no_device_has_is_refused(tmp_path, change, words):
    with pytest.raises(InputError, match=re.escape(words)):
        load_profile(written(tmp_path, change))
