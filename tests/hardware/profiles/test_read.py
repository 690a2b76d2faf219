"""A file becomes a value in SI units; what is unknown stays unknown."""

import pytest
from builders.profiles import GENERIC, MICROBIT, MICROBIT_DIGEST, written

from hwsearch.errors import InputError
from hwsearch.hardware.device import PerCycle, PerTerm
from hwsearch.hardware.limits import Limits, RoleSkips
from hwsearch.hardware.neurons import Arithmetic
from hwsearch.hardware.profiles.read import read_device
from hwsearch.hardware.storage import FORMATS


def test_the_microbit_in_si_units():
    profile = read_device(MICROBIT)
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
    energy = read_device(GENERIC).energy
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
    assert read_device(path).energy == PerCycle(pytest.approx(joules))


@pytest.mark.parametrize(
    ("value", "unit", "n_bytes"), [(256, "B", 256), (1, "KiB", 1024), (2, "MiB", 2_097_152)]
)
def test_memory_units(tmp_path, value, unit, n_bytes):
    path = written(tmp_path, ("{value: 256, unit: KiB", f"{{value: {value}, unit: {unit}"))
    assert read_device(path).banks[0].size_bytes == n_bytes


@pytest.mark.parametrize(("unit", "hz"), [("Hz", 16.0), ("kHz", 16e3), ("MHz", 16e6), ("GHz", 16e9)])
def test_frequency_units(tmp_path, unit, hz):
    assert read_device(written(tmp_path, ("unit: MHz", f"unit: {unit}"))).clock_hz == hz


def test_words_that_are_left_out_are_unknown(tmp_path):
    text = MICROBIT.read_text()
    start, end = text.index("  comparison: "), text.index("granularities:")
    profile = read_device(written(tmp_path, (text[start:end], "")))
    assert profile.arithmetic == Arithmetic()
    assert profile.digest == MICROBIT_DIGEST
    assert read_device(MICROBIT).arithmetic == Arithmetic(">=", "floor", "once")


def test_unknown_stays_unknown(tmp_path):
    path = written(
        tmp_path,
        ("{value: 256, unit: KiB", "{value: null, unit: KiB"),
        ("      value: 30", "      value: null"),
    )
    profile = read_device(path)
    assert profile.banks[0].size_bytes is None
    assert profile.banks[0].free_bytes is None
    assert profile.cycles.neuron_update is None
    assert not profile.tells("latency_s")
    assert not profile.tells("energy_j")
    assert profile.tells("memory_bytes")
    assert profile.labels == {}


def test_one_unknown_term_leaves_the_energy_unknown(tmp_path):
    path = written(tmp_path, ("value: 0.1, unit: ratio", "value: null, unit: ratio"), base=GENERIC)
    assert read_device(path).energy is None
    assert not read_device(path).tells("energy_j")


def test_limits_and_lists_of_a_role(tmp_path):
    count = "unit: count, grade: vendor, source: DEVZONE"
    path = written(
        tmp_path,
        (
            "\nsparsity:\n",
            f"\nlimits:\n  neurons: {{value: 300, {count}}}\n"
            f"  inputs: {{value: 16, {count}}}\n"
            f"  kernels: {{value: [1, 3], {count}}}\n"
            "\nsparsity:\n  input: {storage: [weight], cycles: [], energy: [block]}\n",
        ),
    )
    profile = read_device(path)
    assert profile.max_neurons == 300
    assert profile.limits == Limits(inputs=16, kernels=(1, 3))
    assert profile.role_skips == (("input", RoleSkips(("weight",), (), ("block",))),)
    assert read_device(MICROBIT).limits == Limits()


def test_a_faulty_file_is_refused_with_every_fault(tmp_path):
    path = written(
        tmp_path, ("  overflow: saturate", "  overflow: wrap"), ("    value: 825", "    value: lots")
    )
    with pytest.raises(InputError) as caught:
        read_device(path)
    assert {fault.where for fault in caught.value.faults} == {"state.overflow", "energy.cycle.value"}
