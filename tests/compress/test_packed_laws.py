"""Packed weights that say of themselves what cannot be are refused before they are unpacked."""

from dataclasses import replace

import numpy as np
import pytest

from hwsearch.compress.packing import pack, unpack
from hwsearch.hardware.storage import Stream

WEIGHTS = np.array([[1, 0, -1, 2], [0, 0, 3, 0]])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"streams": (Stream("values", 8, 4),) * 2}, "must be 8 bytes long"),
        ({"streams": (Stream("bits", 8, 4),)}, "the streams of dense must be values; got bits"),
        ({"streams": (Stream("values", 32, 1), Stream("x", 0, 1))}, "must be values; got values, x"),
        ({"streams": (Stream("values", 1, 32), Stream("values", 0, 1))}, "must be values"),
        ({"shape": (2**20, 2**20)}, "67,108,864 at most"),
        ({"shape": (8,)}, "of two or four axes"),
        ({"groups": 0}, "groups must share out 2 channels"),
        ({"groups": 3}, "groups must share out 2 channels"),
        ({"format": "zip"}, "format must be one of"),
    ],
)
def test_what_cannot_be_is_refused(change, words):
    with pytest.raises(ValueError, match=words):
        unpack(replace(pack(WEIGHTS, 4, "dense"), **change))


@pytest.mark.parametrize("name", ["csr", "delta"])
def test_row_pointers_that_lead_elsewhere_are_refused(name):
    packed = pack(WEIGHTS, 4, name)
    assert np.array_equal(unpack(packed), WEIGHTS)
    data = packed.data.copy()
    data[0] = 255  # the first row's entries begin at 255
    with pytest.raises(ValueError, match="row pointers must part"):
        unpack(replace(packed, data=data))
