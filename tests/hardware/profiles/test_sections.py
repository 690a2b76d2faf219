"""The laws of single sections."""

import pytest
from builders.profiles import written
from pydantic import ValidationError

from hwsearch.hardware.profiles.load import check_profile
from hwsearch.hardware.profiles.sections import Format, MemorySection, PerTermSection
from hwsearch.hardware.storage import FORMATS


def number(value, unit):
    return {"value": value, "unit": unit, "grade": "vendor", "source": "X"}


def bank(name, *holds):
    return {"name": name, "holds": holds, "bytes": number(1, "KiB")}


def energy(*capacities):
    return {
        "kind": "per_term",
        **dict.fromkeys(("add_per_bit", "mul_per_bit"), number(1, "pJ/bit")),
        "mul_per_bit2": number(1, "pJ/bit^2"),
        "gate_share": number(0.1, "ratio"),
        "sram": [{"capacity": number(n, "KiB"), "per_bit": number(1, "pJ/bit")} for n in capacities],
    }


def test_the_formats_of_a_file_are_those_that_are_sized():
    assert Format.__args__ == FORMATS


def test_each_thing_has_one_place():
    assert MemorySection(banks=[bank("a", "weights", "params"), bank("b", "state", "buffers")])
    for banks in (
        [bank("a", "weights", "params"), bank("b", "state")],
        [bank("a", "weights", "params", "state"), bank("b", "state", "buffers")],
        [bank("a", "weights", "params"), bank("a", "state", "buffers")],
        [bank("weight", "weights", "params", "state", "buffers")],
        [],
    ):
        with pytest.raises(ValidationError):
            MemorySection(banks=banks)


def test_capacities_rise():
    assert len(PerTermSection(**energy(8, 32, 1024)).sram) == 3
    for capacities in ((32, 8), (8, 8), ()):
        with pytest.raises(ValidationError):
            PerTermSection(**energy(*capacities))


def test_formats_must_hold_any_layer(tmp_path):
    text = '[dense, bitmap, csr, delta, "nm:4", "nm:8", "nm:16", "block:4", "block:8", kernel]'
    (fault,) = check_profile(written(tmp_path, (text, '["nm:4", kernel]')))
    assert fault.where == "weights.formats"
