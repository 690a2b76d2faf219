"""The narrowest type that holds a number."""

import numpy as np
import pytest

from hwsearch.export.c.types import c_type, length, param_type, state_type, unsigned_type


@pytest.mark.parametrize(
    ("most", "name"), [(1, "u8"), (255, "u8"), (256, "u16"), (65535, "u16"), (65536, "u32")]
)
def test_unsigned_numbers(most, name):
    assert unsigned_type(most) == name


@pytest.mark.parametrize(("bits", "name"), [(4, "i8"), (8, "i8"), (9, "i16"), (16, "i16"), (24, "i32")])
def test_membranes(bits, name):
    assert state_type(bits) == name


def test_parameters_have_16_bits_unless_one_needs_more():
    small, large = np.array([-32768, 32767]), np.array([32768])
    assert param_type(small, None) == "i16"
    assert param_type(small, large) == "i32"


def test_bits_are_bytes_of_eight():
    assert [length("bits", n) for n in (1, 8, 9)] == [1, 1, 2]
    assert length("u16", 9) == 9
    assert (c_type("bits"), c_type("i16")) == ("uint8_t", "int16_t")
