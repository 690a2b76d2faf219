"""The laws of a whole file, all faults at once; and what every shipped file must tell."""

import pytest
from builders.profiles import FILES, GENERIC, MICROBIT, SHIPPED, written
from pydantic import ValidationError
from ruamel.yaml import YAML

from hwsearch.errors import InputError
from hwsearch.hardware.device import GRADES
from hwsearch.hardware.profiles.load import check_profile, load_profile
from hwsearch.hardware.profiles.schema import ProfileSection, parse_profile
from hwsearch.study.units import UNITS
from hwsearch.study.yaml_border import read_yaml

WORDS = ("comparison", "leak", "firing")


def line_of(path, text):
    return next(n for n, line in enumerate(path.read_text().splitlines(), 1) if text in line)


def numbers(data, loc=()):
    """Yield (path, parent, number) for every number of a YAML file."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield (*loc, key), data, value
        yield from numbers(value, (*loc, key))


def quantities(data):
    """Yield every number; the words of the neurons have no unit."""
    if isinstance(data, dict):
        if "value" in data:
            yield data
        for key, value in data.items():
            if key not in WORDS:
                yield from quantities(value)
    elif isinstance(data, list):
        for value in data:
            yield from quantities(value)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_number_in_a_shipped_profile_has_unit_grade_and_source(path):
    data = YAML(typ="safe").load(path)
    found = list(quantities(data))
    known_units = {unit for units in UNITS.values() for unit in units}
    for quantity in found:
        assert quantity["unit"] in known_units
        assert quantity["grade"] in GRADES
        assert len(data["sources"][quantity["source"]]) > 10
    assert len(found) + len(WORDS) == len(load_profile(path).quantities)
    bare = [loc for loc, _, _ in numbers(data) if "value" not in loc and loc != ("schema_version",)]
    assert bare == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_shipped_profile_says_how_its_neurons_compute_or_that_nobody_knows(path):
    data, profile = YAML(typ="safe").load(path), load_profile(path)
    for name in WORDS:
        word = data["neurons"][name]
        assert set(word) <= {"value", "grade", "source", "conditions"}
        assert word["grade"] in GRADES
        assert len(data["sources"][word["source"]]) > 10
        assert dict(profile.quantities)[f"neurons.{name}"].value == word["value"]
        assert getattr(profile.arithmetic, name) == word["value"]
        # what is unknown says why
        assert word["value"] is not None or word["conditions"]


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
    for quantity in list(quantities(data)):
        value = quantity.pop(key)
        with pytest.raises(ValidationError):
            ProfileSection.model_validate(data)
        quantity[key] = value


def test_all_faults_at_once_with_their_lines(tmp_path):
    path = written(
        tmp_path,
        ("{value: 16, unit: MHz,", "{value: 16, unit: pJ,"),
        ("grade: toolchain, source: NRFX", "grade: toolchain, source: NOBODY"),
        ("{value: 256, unit: KiB, grade: vendor", "{value: 256, unit: KiB, grade: rumour"),
        ("  overflow: saturate", "  overflow: wrap"),
        ("  reset: [zero, subtract]", "  resets: [zero, subtract]"),
        ('comparison: {value: ">="', 'comparison: {value: "=>"'),
        ("    value: 825", "    value: lots"),
    )
    faults = {fault.where: fault for fault in check_profile(path)}
    expected = {
        "memory.banks.0.bytes.grade": "rumour",
        "memory.banks.1.reserved.source": "NOBODY",
        "state.overflow": "wrap",
        "neurons.reset": "neurons:",
        "neurons.resets": "resets: [zero, subtract]",
        "neurons.comparison.value": "=>",
        "timing.clock.unit": "unit: pJ, grade: vendor",
        "energy.cycle.value": "lots",
    }
    assert {where: fault.line for where, fault in faults.items()} == {
        where: line_of(path, text) for where, text in expected.items()
    }
    assert "Hz, kHz, MHz, GHz" in faults["timing.clock.unit"].law
    assert faults["timing.clock.unit"].got == "'pJ'"
    assert all(fault.path == path for fault in faults.values())
    with pytest.raises(InputError) as caught:
        load_profile(path)
    assert len(caught.value.faults) == len(faults)


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("holds: [state, buffers]", "holds: [state]", "memory.banks"),
        ("holds: [state, buffers]", "holds: [state, buffers, params]", "memory.banks"),
        ("name: ram", "name: flash", "memory.banks.1.name"),
        ("name: ram", "name: weight", "memory.banks.1.name"),
        ("  storage: [weight, nm,", "  storage: [nm,", "sparsity.storage"),
        ("  energy: [weight, nm,", "  energy: [nm,", "energy"),
        ("{value: 2, unit: KiB", "{value: 0.0001, unit: KiB", "memory.banks.1.reserved.value"),
        ("{value: 16, unit: KiB", "{value: -1, unit: KiB", "memory.banks.1.bytes.value"),
        ("{value: 16, unit: MHz", "{value: .inf, unit: MHz", "timing.clock.value"),
        ("unit: MHz, grade: vendor", "grade: vendor", "timing.clock.unit"),
        ("value: 30", "value: 30\n      value: 31", "timing.cycles.neuron_update.value"),
    ],
)
def test_laws(tmp_path, old, new, where):
    assert where in [fault.where for fault in check_profile(written(tmp_path, (old, new)))]


def test_a_file_without_fault_is_parsed():
    parsed = parse_profile(read_yaml(GENERIC))
    assert isinstance(parsed, ProfileSection)
    assert parsed.id == "generic_45nm"
