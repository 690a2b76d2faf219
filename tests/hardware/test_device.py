"""A device as a value: its digest, its grades, and what it can tell."""

from dataclasses import replace

import pytest
from builders.profile_files import GENERIC, MICROBIT, MICROBIT_DIGEST, written

from hwsearch.hardware.device import Bank, PerTerm, format_granularity, weakest
from hwsearch.hardware.firmware.core import Core, Firmware
from hwsearch.hardware.limits import RoleSkips
from hwsearch.hardware.profiles.load import load_profile

CORE = Core("cortex-m0", instructions={"timestep": 9.0}, code_bytes={"step": 8.0})


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


def test_weakest_grade():
    assert weakest(["vendor", "estimated", "measured"]) == "estimated"
    assert weakest(["derived", "measured"]) == "derived"


def test_a_digest_is_kept_when_the_schema_grows():
    # a golden value: a run's records are found by it; it may change only with what a price or a rule hangs on
    assert load_profile(MICROBIT).digest == MICROBIT_DIGEST


@pytest.mark.parametrize(
    ("name", "zeros"),
    [("dense", None), ("bitmap", "weight"), ("csr", "weight"), ("delta", "weight"), ("nm:8", "nm"),
     ("block:4", "block"), ("kernel", "kernel")],
)  # fmt: skip
def test_the_zeros_that_a_format_leaves_out(name, zeros):
    assert format_granularity(name) == zeros


def test_a_role_may_have_lists_of_its_own():
    device = replace(load_profile(MICROBIT), role_skips=(("readout", RoleSkips(("nm",), ("block",), ())),))
    assert [device.skipped(what, "readout") for what in ("storage", "cycles", "energy")] == [
        ("nm",),
        ("block",),
        (),
    ]
    assert device.skipped("energy", "hidden") == device.skips_energy


def test_what_is_reserved_in_a_bank_is_not_free():
    assert Bank("ram", ("state",), 100, 30).free_bytes == 70
    assert Bank("ram", ("state",), None, 30).free_bytes is None


def test_a_device_holds_membranes_in_the_narrowest_width_that_is_wide_enough():
    device = replace(load_profile(MICROBIT), state_menu=(8, 16, 32))
    assert device.state_widths == (8, 16, 32)
    assert device.with_membranes(None) is device
    assert [device.with_membranes(bits).state_bits for bits in (6, 8, 9, 16, 24, 40)] == [
        8,
        8,
        16,
        16,
        32,
        32,
    ]
    alone = replace(device, state_menu=())
    assert [alone.with_membranes(bits).state_bits for bits in (8, 16, 32)] == [16, 16, 16]


def test_a_core_that_is_not_priced_changes_no_digest_and_no_grade():
    shipped = load_profile(MICROBIT)
    assert replace(shipped, firmware=None).digest == replace(shipped, firmware=Firmware(CORE, False)).digest
    priced = replace(shipped, firmware=Firmware(CORE, True))
    other = replace(priced, firmware=Firmware(replace(CORE, code_bytes={"step": 9.0}), True))
    assert len({replace(shipped, firmware=None).digest, priced.digest, other.digest}) == 3
    reworded = replace(priced, firmware=Firmware(replace(CORE, errors="other"), True))
    assert reworded.digest == priced.digest


def test_emulated_instructions_are_better_evidence_than_cycles_counted_by_hand():
    shipped = replace(load_profile(MICROBIT), uncalibrated=())
    priced = replace(shipped, firmware=Firmware(CORE, True))
    assert replace(shipped, firmware=None).labels["latency_s"] == "estimated"
    assert priced.labels["latency_s"] == "emulated"
    assert priced.priced_core is CORE
    assert replace(shipped, firmware=Firmware(CORE, False)).priced_core is None
