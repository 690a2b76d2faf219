"""Descriptors over packed bytes."""

import numpy as np
import pytest
from builders.integer_networks import dense, filters

from hwsearch.compress.packing import pack
from hwsearch.export.c.stored import storage_faults, stored


def test_streams_start_where_packing_put_them():
    weight = [[3, 0, -1], [0, 0, 2]]
    each = stored(dense("fc1", -1, 0, weight), 4, "csr", 16)
    assert each.data.tobytes() == pack(np.array(weight), 4, "csr", 16).data.tobytes()
    # four pointers of 2 bytes, three indices of a bit in one byte
    assert each.starts["pointers"] == 0
    assert (each.starts["indices"], each.starts["values"]) == (8, 9)
    assert (each.fields["pointer_bytes"], each.fields["place_bits"], each.fields["value_bits"]) == (2, 1, 4)


def test_a_bit_is_a_sign_and_more_are_twos_complement():
    one = stored(dense("fc1", -1, 0, [[1, -1]]), 1, "dense", 16).fields
    assert [((field ^ one["sign"]) << one["twice"]) - one["offset"] for field in (0, 1)] == [-1, 1]
    three = stored(dense("fc1", -1, 0, [[3, -3]]), 3, "dense", 16).fields
    assert [((field ^ three["sign"]) << three["twice"]) - three["offset"] for field in (5, 3)] == [-3, 3]


def test_dense_bytes_have_a_kernel_of_their_own_in_a_matrix():
    assert stored(dense("fc1", -1, 0, [[100]]), 8, "dense", 16).kernel == "bytes"
    assert stored(dense("fc1", -1, 0, [[1]]), 5, "dense", 16).kernel == "dense"
    plane = np.ones((1, 1, 3, 3), np.int32)
    assert stored(filters("conv1", -1, 0, plane, (3, 3)), 8, "dense", 16).kernel == "dense"


def test_depthwise_rows_are_channels():
    planes = np.zeros((3, 1, 3, 3), np.int32)
    planes[:, 0, 1, 1] = 1
    each = stored(filters("dw1", -1, 0, planes, (4, 4), groups=3), 4, "csr", 16)
    assert each.starts["indices"] == 2 * 4  # a pointer for each channel, and the end
    assert (each.fields["outputs"], each.fields["inputs"]) == (3, 1)


@pytest.mark.parametrize(("pointer_bits", "n_faults"), [(12, 1), (16, 0), (32, 0)])
def test_pointers_of_odd_widths_are_refused(pointer_bits, n_faults):
    each = stored(dense("fc1", -1, 0, [[1, 0]]), 4, "csr", pointer_bits)
    assert len(storage_faults(each, "fc1", pointer_bits)) == n_faults
