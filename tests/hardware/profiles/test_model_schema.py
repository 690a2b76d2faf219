"""A family's section has the fields of its model, and becomes it in SI units."""

import dataclasses
from typing import get_args

import pytest
from builders.devices import IDS, SHIPPED, profile

from hwsearch.hardware import models
from hwsearch.hardware.profiles.load import check_profile
from hwsearch.hardware.profiles.model_schema import (
    EventPricesSection,
    ModelSection,
    RooflineSection,
    model_value,
)

SECTIONS = [*get_args(get_args(ModelSection)[0]), EventPricesSection]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.__name__)
def test_a_section_has_the_fields_of_its_model(section):
    model = getattr(models, section.__name__.removesuffix("Section"))
    assert set(section.model_fields) - {"kind"} == {field.name for field in dataclasses.fields(model)}


def test_each_model_has_a_section():
    assert {section.__name__ for section in SECTIONS[:-1]} == {
        f"{model.__name__}Section" for model in get_args(models.Model)
    }


def test_a_section_in_si_units():
    def number(value, unit):
        return {"value": value, "unit": unit, "grade": "vendor", "source": "X"}

    section = RooflineSection(
        kind="roofline",
        peak_ops=number(2, "Gop/s"),
        bandwidth=number(68, "GB/s"),
        launch_s=number(None, "us"),
        power_w=number(5, "W"),
    )
    assert model_value(section) == models.Roofline(2e9, 68e9, None, 5.0)


@pytest.mark.parametrize("ident", [ident for ident in IDS if profile(ident).model])
def test_counts_of_a_shipped_model_are_whole_numbers(ident):
    model = profile(ident).model
    counts = [field.name for field in dataclasses.fields(model) if str(field.type).startswith("int")]
    assert all(isinstance(getattr(model, name), int | None) for name in counts)


def test_a_number_of_lanes_that_is_not_counted_is_a_fault(tmp_path):
    path = tmp_path / "artix7_35t.yaml"
    text = (SHIPPED / "artix7_35t.yaml").read_text()
    assert "pe: {value: 8," in text
    path.write_text(text.replace("pe: {value: 8,", "pe: {value: 6,"))
    (fault,) = check_profile(path)
    assert (fault.law, fault.got) == ("pe must be one of 1, 2, 4, 8, 16, 32, 64", "6 count")
