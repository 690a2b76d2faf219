"""A device as a value: what it tells, its label of evidence, its digest."""

from dataclasses import replace

import pytest
from builders.devices import IDS, profile
from builders.profiles import GENERIC, MICROBIT, MICROBIT_DIGEST, written
from hypothesis import given
from hypothesis import strategies as st

from hwsearch.hardware.device import Bank, PerTerm, weakest
from hwsearch.hardware.limits import RoleSkips
from hwsearch.hardware.profiles.load import load_profile


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


def test_the_digests_of_shipped_devices_differ():
    assert len({profile(ident).digest for ident in IDS}) == len(IDS)


def test_a_role_may_have_lists_of_its_own():
    lists = RoleSkips(storage=("weight",), cycles=("block",), energy=())
    device = replace(load_profile(MICROBIT), skips_cycles=("nm",), role_skips=(("hidden", lists),))
    assert device.skipped("cycles", "input") == ("nm",)
    assert [device.skipped(what, "hidden") for what in ("storage", "cycles", "energy")] == [
        ("weight",), ("block",), (),
    ]  # fmt: skip


def test_what_is_reserved_is_not_free():
    assert Bank("ram", ("state",), 1000, 48).free_bytes == 952
    assert Bank("ram", ("state",), None, 48).free_bytes is None


@given(small=st.integers(1, 2**26), more=st.integers(0, 2**26))
def test_a_bit_of_a_larger_memory_never_takes_less_energy(small, more):
    terms = PerTerm(1, 1, 1, 1, ((8192, 10.0), (32_768, 20.0), (2**20, 100.0)))
    assert 10.0 <= terms.sram_j(small) <= terms.sram_j(small + more) * (1 + 1e-12) <= 100.0 * (1 + 1e-12)


@pytest.mark.parametrize("ident", IDS)
def test_a_label_is_there_where_a_cost_is_told(ident):
    device = profile(ident)
    assert set(device.labels) == {name for name in ("energy_j", "latency_s") if device.tells(name)}
    for name in device.uncalibrated:
        if name in device.labels:
            assert device.labels[name].endswith(", uncalibrated")
