"""Limits: a profile file can state each, and a rule or a section speaks of each."""

from dataclasses import fields

from hwsearch.hardware.limits import Limits
from hwsearch.hardware.profiles.sections import LimitsSection


def test_a_file_can_state_each_limit():
    of_the_profile = {"fan_in", "fan_out", "neurons"}  # attributes of HardwareProfile
    assert set(LimitsSection.model_fields) == {field.name for field in fields(Limits)} | of_the_profile


def test_no_limit_is_known_unless_it_is_stated():
    limits = Limits()
    assert all(getattr(limits, field.name) in (None, ()) for field in fields(limits))
