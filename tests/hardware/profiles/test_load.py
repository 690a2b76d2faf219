import time
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from hwsearch.errors import InputError
from hwsearch.hardware.arithmetic import Arithmetic
from hwsearch.hardware.device import GRADES, PerCycle, PerTerm, weakest
from hwsearch.hardware.profiles.load import check_profile, list_profiles, load_profile, profile_folders
from hwsearch.hardware.profiles.schema import ProfileSection
from hwsearch.hardware.storage import FORMATS
from hwsearch.study.units import UNITS

SHIPPED = Path(__file__).parents[3] / "hardware_profiles"
FILES = sorted(SHIPPED.glob("*.yaml"))
MICROBIT = SHIPPED / "nrf51822_microbit.yaml"
MICROBIT_DIGEST = "ca9783b94dad398a"
GENERIC = SHIPPED / "generic_45nm.yaml"


def written(tmp_path, *changes, base=MICROBIT):
    text = base.read_text()
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = tmp_path / "device.yaml"
    path.write_text(text)
    return path


def line_of(path, text):
    return next(n for n, line in enumerate(path.read_text().splitlines(), 1) if text in line)


def numbers(data, loc=()):
    """Yield (path, parent, number) for every number of a YAML file."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield (*loc, key), data, value
        yield from numbers(value, (*loc, key))


WORDS = ("comparison", "leak", "firing")


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
def test_shipped_profiles_have_no_fault(path):
    assert check_profile(path) == []
    assert load_profile(path).id == path.stem


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


def test_words_that_are_left_out_are_unknown(tmp_path):
    text = MICROBIT.read_text()
    start, end = text.index("  comparison: "), text.index("granularities:")
    profile = load_profile(written(tmp_path, (text[start:end], "")))
    assert profile.arithmetic == Arithmetic()
    assert profile.digest == MICROBIT_DIGEST
    assert load_profile(MICROBIT).arithmetic == Arithmetic(">=", "floor", "once")


@pytest.mark.parametrize("ident", ["akida_akd1500", "gap9", "generic_45nm", "loihi1", "xylo_imu"])
@pytest.mark.parametrize("key", ["unit", "grade", "source"])
def test_no_number_may_lose_its_unit_grade_or_source(ident, key):
    data = YAML(typ="safe").load(SHIPPED / f"{ident}.yaml")
    ProfileSection.model_validate(data)
    for quantity in list(quantities(data)):
        kept = quantity.pop(key)
        with pytest.raises(ValidationError):
            ProfileSection.model_validate(data)
        quantity[key] = kept


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


def test_the_generic_device_in_si_units():
    energy = load_profile(GENERIC).energy
    assert isinstance(energy, PerTerm)
    assert energy.add_j(32) == pytest.approx(0.1e-12)  # int32 add
    assert energy.mul_j(8) == pytest.approx(0.2e-12)  # int8 multiply
    assert energy.mul_j(32) == pytest.approx(3.1e-12)  # int32 multiply
    # 10, 20 and 100 pJ per 64 bits; 16 KiB lies half-way from 8 to 32 KiB in log2; level beyond both ends
    sizes = {1: 10, 8192: 10, 16_384: 15, 32_768: 20, 2**20: 100, 2**24: 100}
    for n_bytes, pj in sizes.items():
        assert energy.sram_j(n_bytes) == pytest.approx(pj * 1e-12 / 64)


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


def test_formats_must_hold_any_layer(tmp_path):
    text = '[dense, bitmap, csr, delta, "nm:4", "nm:8", "nm:16", "block:4", "block:8", kernel]'
    (fault,) = check_profile(written(tmp_path, (text, '["nm:4", kernel]')))
    assert fault.where == "weights.formats"


def test_unknown_stays_unknown(tmp_path):
    path = written(
        tmp_path,
        ("{value: 256, unit: KiB", "{value: null, unit: KiB"),
        ("      value: 30", "      value: null"),
    )
    profile = load_profile(path)
    assert profile.banks[0].size_bytes is None
    assert profile.banks[0].free_bytes is None
    assert profile.cycles.neuron_update is None
    assert not profile.tells("latency_s")
    assert not profile.tells("energy_j")
    assert profile.tells("memory_bytes")
    assert profile.labels == {}


def test_one_unknown_term_leaves_the_energy_unknown(tmp_path):
    path = written(tmp_path, ("value: 0.1, unit: ratio", "value: null, unit: ratio"), base=GENERIC)
    assert load_profile(path).energy is None
    assert not load_profile(path).tells("energy_j")


def test_the_generic_device_tells_energy_and_no_latency():
    profile = load_profile(GENERIC)
    assert profile.tells("energy_j")
    assert not profile.tells("latency_s")
    assert profile.labels == {"energy_j": "estimated"}
    assert profile.clock_hz is None
    assert profile.static_w is None


def test_the_digest_follows_the_numbers_and_not_the_words(tmp_path):
    profile = load_profile(MICROBIT)
    assert (
        load_profile(written(tmp_path, ("vendor: Nordic Semiconductor", "vendor: N"))).digest
        == profile.digest
    )
    assert load_profile(written(tmp_path, ("value: 825", "value: 826"))).digest != profile.digest
    assert replace(profile, state_bits=8).digest != profile.digest


def test_profiles_are_found_by_id_in_every_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hardware_profiles").mkdir()
    (tmp_path / "more").mkdir()
    for folder, ident in (("hardware_profiles", "here"), ("more", "there")):
        text = MICROBIT.read_text().replace("id: nrf51822_microbit", f"id: '{ident}'  # mine")
        (tmp_path / folder / "x.yaml").write_text(text)
    monkeypatch.setenv("HWSEARCH_PROFILES", str(tmp_path / "more"))
    found = [ident for ident, _, _ in list_profiles()]
    assert found == sorted([*(path.stem for path in FILES), "here", "there"])
    assert {ident: name for ident, name, _ in list_profiles()}["here"].startswith("BBC micro:bit v1")
    assert load_profile("here").id == "here"
    assert load_profile("there").clock_hz == 16e6
    assert len(profile_folders()) == 3


def test_a_folder_that_is_named_twice_counts_once(monkeypatch):
    monkeypatch.chdir(SHIPPED.parent)
    monkeypatch.setenv("HWSEARCH_PROFILES", str(SHIPPED))
    assert [ident for ident, _, _ in list_profiles()] == [path.stem for path in FILES]


def test_of_several_with_one_id_the_nearest_is_taken(tmp_path, monkeypatch):
    # as where the package is installed and a checkout with its own profiles is the working folder
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hardware_profiles").mkdir()
    (tmp_path / "hardware_profiles" / "mine.yaml").write_text(
        MICROBIT.read_text().replace("16, unit: MHz", "8, unit: MHz")
    )
    assert load_profile("nrf51822_microbit").clock_hz == 8e6
    assert [ident for ident, _, _ in list_profiles()].count("nrf51822_microbit") == 1


def test_an_id_must_be_known(tmp_path):
    with pytest.raises(InputError, match=r"known ids: .*generic_45nm"):
        load_profile("abacus")
    with pytest.raises(InputError, match="no file"):
        load_profile(tmp_path / "absent.yaml")
    assert check_profile(tmp_path / "absent.yaml")[0].path == tmp_path / "absent.yaml"


def test_listing_is_quick():
    list_profiles()
    start = time.perf_counter()
    list_profiles()
    assert time.perf_counter() - start < 0.1


def test_weakest_grade():
    assert weakest(["vendor", "estimated", "measured"]) == "estimated"
    assert weakest(["derived", "measured"]) == "derived"


def test_a_digest_is_kept_when_the_schema_grows():
    # a golden value: a run's records are found by it; it may change only with what a price or a rule hangs on
    assert load_profile(MICROBIT).digest == MICROBIT_DIGEST
