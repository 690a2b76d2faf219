"""Bytes of a layer in every format by hand, then laws that hold for any census."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hwsearch.compress.census import census
from hwsearch.hardware.storage import FORMATS, Stream, smallest, stored_bytes, streams
from hwsearch.hardware.workload import WeightCensus

QUICK = settings(deadline=None, max_examples=50, derandomize=True)


# Output-major:  row 0 = [0 0 3 0 0 0 0 0 0 1], row 1 = [0 0 0 0 0 0 0 -2 0 0]
# Input-major rows (out 0, out 1), 10 of them: row 2 = (3, 0), row 7 = (0, -2), row 9 = (1, 0)
# blocks of 4: row 0 holds runs 0 and 2, row 1 run 1 -> 3; of 8: row 0 both, row 1 the first -> 3
# no gap is longer than 1 zero, so delta has no filler at any width
FC = WeightCensus(
    out_channels=2,
    in_channels=10,
    kernel_area=1,
    nonzero=3,
    blocks=(3, 3),
    nm_most=(1, 1, 2),
    planes=3,
    delta_entries=(3,) * 7,
)

# two 3 x 3 filters over one channel, the second one empty, the first with 4 weights in its first 4 places
CONV = WeightCensus(
    out_channels=2,
    in_channels=1,
    kernel_area=9,
    nonzero=4,
    blocks=(1, 1),
    nm_most=(4, 4, 4),
    planes=1,
    delta_entries=(4,) * 7,
)


@pytest.mark.parametrize(
    ("format_name", "expected"),
    [
        ("dense", 8),  # 20 weights * 3 = 60 bits -> 8
        ("bitmap", 5),  # 20 bits -> 3; 3 * 3 = 9 bits -> 2
        ("csr", 25),  # 11 pointers * 16 = 176 bits -> 22; ceil(log2 2) = 1: 3 bits -> 1; 9 bits -> 2
        ("delta", 25),  # 22; best width 2: 3 * 2 = 6 bits -> 1; 9 bits -> 2
        ("nm:4", 5),  # 2 * ceil(10/4) = 6 groups, n = 1: 6 * 2 = 12 bits -> 2; 6 * 3 = 18 bits -> 3
        ("nm:8", 4),  # 2 * ceil(10/8) = 4 groups, n = 1: 4 * 3 = 12 bits -> 2; 12 bits -> 2
        ("nm:16", 4),  # 2 groups, n = 2, 4 slots: 4 * 4 = 16 bits -> 2; 4 * 3 = 12 bits -> 2
        ("block:4", 6),  # 6 bits -> 1; 3 * 4 * 3 = 36 bits -> 5
        ("block:8", 10),  # 4 bits -> 1; 3 * 8 * 3 = 72 bits -> 9
        ("kernel", None),  # a plane is one weight
    ],
)
def test_fully_connected_by_hand(format_name: str, expected: int | None) -> None:
    assert stored_bytes(format_name, FC, 3) == expected


@pytest.mark.parametrize(
    ("format_name", "expected"),
    [
        ("dense", 9),  # 18 * 4 = 72 bits
        ("bitmap", 5),  # 18 bits -> 3; 4 * 4 = 16 bits -> 2
        ("csr", 9),  # 2 * 16 = 32 bits -> 4; ceil(log2 18) = 5: 20 bits -> 3; 2
        ("delta", 7),  # 4; width 2: 8 bits -> 1; 2
        ("nm:4", None),  # a full run of 4
        ("nm:8", 14),  # 2 * ceil(9/8) = 4 groups * 4 = 16 slots: 16 * 3 = 48 bits -> 6; 16 * 4 = 64 -> 8
        ("nm:16", 8),  # 2 groups * 4 = 8 slots: 8 * 4 = 32 bits -> 4; 32 bits -> 4
        ("block:4", 3),  # 2 * ceil(9/4) = 6 bits -> 1; 4 * 4 = 16 bits -> 2
        ("block:8", 5),  # 4 bits -> 1; 8 * 4 = 32 bits -> 4
        ("kernel", 6),  # 2 bits -> 1; 9 * 4 = 36 bits -> 5
    ],
)
def test_convolution_by_hand(format_name: str, expected: int | None) -> None:
    assert stored_bytes(format_name, CONV, 4) == expected


@pytest.mark.parametrize(
    ("format_name", "expected"),
    [
        ("dense", 5),  # 18 values, 14 zeros: 36 bits -> 5
        ("bitmap", 4),  # 3; 4 signs -> 1
        ("csr", 8),  # 4; 3; 4 signs -> 1
        ("delta", 6),  # 4; 1; 4 signs -> 1
        ("nm:8", 10),  # 6; 16 slots > 4: 32 bits -> 4
        ("block:4", 2),  # 1; a block without zeros: 4 signs -> 1
        ("block:8", 3),  # 1; 8 > 4: 16 bits -> 2
        ("kernel", 4),  # 1; 9 > 4: 18 bits -> 3
    ],
)
def test_one_bit_values_take_two_where_zeros_are_stored(format_name: str, expected: int) -> None:
    assert stored_bytes(format_name, CONV, 1) == expected


def test_one_bit_fillers_take_two_bits() -> None:
    # width 2: 5 entries > 4: 4 + ceil(10/8) + ceil(10/8) = 8; width 3: 4 entries: 4 + ceil(12/8) + 1 = 7
    census = replace(CONV, delta_entries=(5, 4, 4, 4, 4, 4, 4))
    assert stored_bytes("delta", census, 1) == 7
    # fillers at every width: width 2 is the best of equals
    assert stored_bytes("delta", replace(census, delta_entries=(5,) * 7), 1) == 8


def test_full_one_bit_layer_is_one_bit_a_weight() -> None:
    full = replace(CONV, nonzero=18, planes=2, blocks=(6, 4), nm_most=(4, 8, 9), delta_entries=(18,) * 7)
    assert stored_bytes("dense", full, 1) == 3  # 18 bits
    assert stored_bytes("kernel", full, 1) == 4  # 2 bits -> 1; 18 bits -> 3
    assert stored_bytes("block:4", full, 1) == 7  # 6 bits -> 1; tails padded: 24 > 18, 48 bits -> 6
    # a single zero makes it larger: bitmap, 18 bits -> 3; 17 signs -> 3
    assert smallest(("dense", "bitmap"), full, 1) == ("dense", 3)
    assert smallest(("dense", "bitmap"), replace(full, nonzero=17), 1) == ("dense", 5)


def test_empty_layer() -> None:
    empty = WeightCensus(2, 10, 1, 0, (0, 0), (0, 0, 0), 0, (0,) * 7)
    sizes = [stored_bytes(name, empty, 4) for name in FORMATS]
    assert sizes == [10, 3, 22, 22, 0, 0, 0, 1, 1, None]


def test_pointers_widen_instead_of_overflowing() -> None:
    census = WeightCensus(256, 256, 1, 65_535, (0, 0), (4, 8, 16), 65_535, (65_535,) * 7)
    # 257 * 2 + 65535 * 8 / 8 + 65535
    assert stored_bytes("csr", census, 8) == 514 + 65_535 + 65_535
    census = replace(census, nonzero=65_536, delta_entries=(65_536,) * 7)
    assert stored_bytes("csr", census, 8) == 1028 + 65_536 + 65_536
    assert stored_bytes("delta", census, 8) == 1028 + 16_384 + 65_536
    layout = streams("csr", replace(census, nonzero=256), 8, pointer_bits=8)
    assert layout is not None
    assert layout[0] == Stream("pointers", 257, 32)


def test_smallest() -> None:
    assert smallest(FORMATS, FC, 3) == ("nm:8", 4)  # nm:16 is as small and listed later
    assert smallest(("dense", "kernel"), FC, 3) == ("dense", 8)
    with pytest.raises(ValueError, match="must hold the layer"):
        smallest(("kernel",), FC, 3)


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="format must be one of"):
        stored_bytes("nm:5", FC, 3)
    with pytest.raises(ValueError, match="at least 1 bit"):
        stored_bytes("dense", FC, 0)


MASKS = st.one_of(
    arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 40))),
    arrays(bool, st.tuples(st.integers(1, 6), st.integers(1, 5), st.just(3), st.just(3))),
)


@QUICK
@given(MASKS, st.sampled_from(FORMATS), st.integers(1, 16))
def test_no_format_is_below_the_weights_that_it_holds(mask, name, bits) -> None:
    counts = census(mask)
    n_bytes = stored_bytes(name, counts, bits)
    assert n_bytes is None or 8 * n_bytes >= counts.nonzero * bits


@QUICK
@given(MASKS, st.sampled_from(FORMATS), st.integers(2, 15))
def test_more_bits_are_never_cheaper(mask, name, bits) -> None:
    # one bit is apart: a stored zero takes a second one
    narrow, wide = (stored_bytes(name, census(mask), width) for width in (bits, bits + 1))
    assert (narrow is None) == (wide is None)
    assert narrow is None or narrow <= wide


@QUICK
@given(MASKS, st.integers(1, 16))
def test_the_smallest_is_the_first_of_the_smallest(mask, bits) -> None:
    sizes = {name: stored_bytes(name, census(mask), bits) for name in FORMATS}
    least = min(size for size in sizes.values() if size is not None)
    first = next(name for name, size in sizes.items() if size == least)
    assert smallest(FORMATS, census(mask), bits) == (first, least)


@QUICK
@given(MASKS, st.sampled_from(FORMATS), st.integers(1, 16))
def test_a_layer_is_the_sum_of_its_padded_streams(mask, name, bits) -> None:
    layout = streams(name, census(mask), bits)
    if layout is not None:
        assert stored_bytes(name, census(mask), bits) == sum(-(-s.count * s.bits // 8) for s in layout)
