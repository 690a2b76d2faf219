"""Instructions of formats by hand, and what makes one faster than another."""

from dataclasses import replace

import numpy as np
import pytest
from builders.devices import conv
from builders.hand_network import FIRST, LAST

from hwsearch.compress.census import census
from hwsearch.hardware.format_work import format_instructions
from hwsearch.hardware.storage import FORMATS
from hwsearch.hardware.workload import OpCounts


def test_a_dense_matrix_by_hand():
    assert format_instructions(FIRST, "dense", 1) == 4 * 8 * 8  # events, outputs, instructions a weight
    # rows of 8 weights of 4 bits are whole bytes
    assert format_instructions(LAST, "dense", 5) == 10 * 2 * 12
    odd = replace(LAST, weight_bits=3)
    assert format_instructions(odd, "dense", 5) == 10 * 2 * 20


def test_compressed_rows_by_hand():
    assert format_instructions(LAST, "csr", 5) == 10 * 70 + 12 * 38  # events, weights met


def test_a_bitmap_by_hand():
    lists = 5 + 10 / 32  # one a timestep, and further ones for more than 32 events
    assert format_instructions(LAST, "bitmap", 5) == pytest.approx(lists * 2 * 1 * 20 + 12 * 45)


def test_what_a_format_cannot_hold_is_none():
    assert format_instructions(FIRST, "nm:4", 1) is None
    assert format_instructions(FIRST, "kernel", 1) is None


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.3])
def test_few_weights_and_few_events_are_for_compressed_rows(rate):
    weight = np.zeros((128, 256), int)
    weight[:, ::10] = 1
    events = rate * 256 * 8
    ops = OpCounts(events * 12.8, events * 128, (events * 128,) * 2, events * 128)
    sparse = replace(LAST, census=census(weight), inputs=256, spikes_in=events, ops=ops, weight_bits=4)
    taken = {name: format_instructions(sparse, name, 8) for name in FORMATS}
    assert min((n, name) for name, n in taken.items() if n is not None)[1] in ("csr", "delta")


def test_filters_are_counted_in_every_format_that_holds_them():
    weight = np.zeros((4, 3, 3, 3), int)
    weight[:2, :, 1] = 1
    work = conv("conv1", "hidden", weight, (8, 8), bits=4).connection
    taken = {name: format_instructions(work, name, 4) for name in FORMATS}
    assert taken["kernel"] < taken["bitmap"]  # a stored plane is decoded without looking at each place
