"""A profile in words tells every number, what is unknown, and what does not pay."""

from dataclasses import replace
from pathlib import Path

import pytest

from hwsearch.hardware.profiles.load import load_profile
from hwsearch.hardware.profiles.show import describe

SHIPPED = Path(__file__).parents[3] / "hardware_profiles"

FILES = sorted(SHIPPED.glob("*.yaml"))

MICROBIT = SHIPPED / "nrf51822_microbit.yaml"

GENERIC = SHIPPED / "generic_45nm.yaml"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_describe_shows_every_number_and_source(path):
    profile = load_profile(path)
    text = " ".join(describe(profile).split())
    for place, quantity in profile.quantities:
        assert f"{place} = {quantity.text} [{quantity.grade}; {quantity.source}]" in text
    for key, source in profile.sources:
        assert f"{key}: {source}" in text
    if {"weight"} <= set(profile.skips_storage) & set(profile.skips_cycles) & set(profile.skips_energy):
        assert "weight: storage, cycles, energy" in text


def test_describe_says_what_is_unknown():
    text = describe(load_profile(GENERIC))
    assert "latency_s of an inference" in text
    assert "size unknown" in text


def test_describe_tells_the_limits_of_a_first_layer():
    text = " ".join(describe(load_profile(SHIPPED / "akida_akd1500.yaml")).split())
    assert "kernel sides 3, 5, 7; of 1 channels at most 512, 192, 96 filters; of 3 channels" in text
    assert "maps of 5 to 256 pixels a side" in text
    assert "first convolution" not in describe(load_profile(GENERIC))


def test_describe_says_whether_the_device_computes_as_the_integer_model():
    text = " ".join(describe(load_profile(SHIPPED / "loihi1.yaml")).split())
    assert (
        "lif, reset zero: loihi1 does not compute as the integer model does: its leak is rounded away" in text
    )
    assert "if, reset zero: By its profile loihi1 computes as the integer model does" in text
    text = " ".join(describe(load_profile(SHIPPED / "spinnaker2.yaml")).split())
    assert "On spinnaker2 it is not known whether a neuron fires at v >= threshold" in text
    assert "neurons.comparison" in text.partition("What is unknown")[2].partition("Every number")[0]


def test_describe_says_what_does_not_pay():
    profile = replace(
        load_profile(MICROBIT), skips_cycles=("block",), skips_energy=(), skips_storage=("weight",)
    )
    text = describe(profile)
    assert "weight: storage\n" in text
    assert "block: cycles\n" in text
    assert "channel: nothing\n" in text
