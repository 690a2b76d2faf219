"""The section that a family adds: its fields are the model's, in SI units."""

from dataclasses import fields
from typing import get_args

import pytest
from builders.devices import SHIPPED, profile

from hwsearch.hardware import models
from hwsearch.hardware.profiles.load import check_profile
from hwsearch.hardware.profiles.model_sections import ModelSection


def test_a_number_of_lanes_that_is_not_counted_is_a_fault(tmp_path):
    path = tmp_path / "artix7_35t.yaml"
    text = (SHIPPED / "artix7_35t.yaml").read_text()
    assert "pe: {value: 8," in text
    path.write_text(text.replace("pe: {value: 8,", "pe: {value: 6,"))
    (fault,) = check_profile(path)
    assert (fault.law, fault.got) == ("pe must be one of 1, 2, 4, 8, 16, 32, 64", "6 count")


@pytest.mark.parametrize("section", get_args(get_args(ModelSection)[0]), ids=lambda section: section.__name__)
def test_a_section_has_the_fields_of_its_model(section):
    model = getattr(models, section.__name__.removesuffix("Section"))
    assert {field.name for field in fields(model)} == set(section.model_fields) - {"kind"}


def test_units_and_series_become_plain_numbers():
    odin, speck = profile("odin").model, profile("speck2f").model
    assert (type(odin.axons), odin.axons) == (int, 256)
    assert odin.synop_j == pytest.approx(12.7e-12)
    assert isinstance(speck.kernel_entries, tuple)
    assert len(speck.kernel_entries) == len(speck.neuron_entries) == 9
    # an optional series that is left out is an empty one
    assert profile("loihi2").model.synapse_bits == ()
