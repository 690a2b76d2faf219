"""Values with their units at the YAML border, in SI units on request."""

import pytest
from builders.devices import SHIPPED
from builders.profile_files import MICROBIT, WORDS, raw_quantities, written
from pydantic import ValidationError
from ruamel.yaml import YAML

from hwsearch.hardware.device import PerCycle
from hwsearch.hardware.profiles.load import load_profile
from hwsearch.hardware.profiles.schema import ProfileSection


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
        kept = quantity.pop(key)
        with pytest.raises(ValidationError):
            ProfileSection.model_validate(data)
        quantity[key] = kept


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
