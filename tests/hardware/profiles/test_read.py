"""From a profile file to the device as a value, in SI units."""

from dataclasses import asdict

import pytest
from builders.profile_files import FILES, GENERIC, MICROBIT, MICROBIT_DIGEST, WORDS, raw_quantities, written
from ruamel.yaml import YAML

from hwsearch.hardware.device import GRADES, PerCycle
from hwsearch.hardware.neurons import Arithmetic
from hwsearch.hardware.profiles.load import load_profile
from hwsearch.hardware.storage import FORMATS
from hwsearch.study.units import UNITS


def numbers(data, loc=()):
    """Yield (path, parent, number) for every number of a YAML file."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield (*loc, key), data, value
        yield from numbers(value, (*loc, key))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_number_in_a_shipped_profile_has_unit_grade_and_source(path):
    data = YAML(typ="safe").load(path)
    found = list(raw_quantities(data))
    known_units = {unit for units in UNITS.values() for unit in units}
    for quantity in found:
        assert quantity["unit"] in known_units
        assert quantity["grade"] in GRADES
        assert len(data["sources"][quantity["source"]]) > 10
    abilities = data.get("connections", {})
    assert len(found) + len(WORDS) + len(abilities) == len(load_profile(path).quantities)
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


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_shipped_profile_says_what_it_can_connect_and_who_says_so(path):
    data, profile = YAML(typ="safe").load(path), load_profile(path)
    said = data.get("connections", {})
    for name, ability in said.items():
        assert set(ability) == {"value", "grade", "source", "conditions"}
        assert len(data["sources"][ability["source"]]) > 10
        assert getattr(profile.connectivity, name) is ability["value"] is not None
    assert [name for name, can in asdict(profile.connectivity).items() if can is not None] == list(said)


def test_words_that_are_left_out_are_unknown(tmp_path):
    text = MICROBIT.read_text()
    start, end = text.index("  comparison: "), text.index("granularities:")
    profile = load_profile(written(tmp_path, (text[start:end], "")))
    assert profile.arithmetic == Arithmetic()
    assert profile.digest == MICROBIT_DIGEST
    assert load_profile(MICROBIT).arithmetic == Arithmetic(">=", "floor", "once")


def test_the_microbit_in_si_units():
    profile = load_profile(MICROBIT)
    assert [(b.name, b.size_bytes, b.free_bytes) for b in profile.banks] == [
        ("flash", 262_144, 262_144),
        ("ram", 16_384, 14_336),
    ]
    assert profile.clock_hz == 16_000_000
    # 4.4 mA * 3.0 V / 16 MHz
    assert profile.energy == PerCycle(pytest.approx(4.4e-3 * 3.0 / 16e6))
    assert profile.static_w is None
    assert profile.weight_bits == (1, 2, 3, 4, 6, 8, 16)
    assert set(profile.formats) == set(FORMATS)
    assert (profile.state_bits, profile.accumulator_bits, profile.overflow) == (16, 32, "saturate")
    assert (profile.bias_bits, profile.threshold_bits, profile.pointer_bits) == (16, 16, 16)
    assert profile.labels == {"energy_j": "estimated", "latency_s": "estimated"}


def test_one_unknown_term_leaves_the_energy_unknown(tmp_path):
    path = written(tmp_path, ("value: 0.1, unit: ratio", "value: null, unit: ratio"), base=GENERIC)
    assert load_profile(path).energy is None
    assert not load_profile(path).tells("energy_j")
