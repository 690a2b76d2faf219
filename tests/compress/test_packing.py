from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.compress.census import census
from hwsearch.compress.packing import Packed, pack, unpack
from hwsearch.hardware.storage import FORMATS, smallest, stored_bytes

SHAPES = ((1, 1), (3, 7), (10, 33), (5, 16), (2, 3, 3, 3), (4, 5, 1, 1), (3, 9, 2, 2))
BITS = (1, 2, 3, 4, 6, 8, 16)


def draw(rng: np.random.Generator, shape: tuple[int, ...], bits: int, density: float) -> np.ndarray:
    most = max(1, 2 ** (bits - 1) - 1)
    values = rng.integers(1, most + 1, shape) * rng.choice([-1, 1], shape)
    values[rng.random(shape) >= density] = 0
    if density < 1:
        values[rng.random(len(values)) < 0.3] = 0
    return values


def sizes(packed: Packed) -> dict[str, tuple[int, int]]:
    """Return the count and the width of each stream."""
    return {stream.name: (stream.count, stream.bits) for stream in packed.streams}


def test_a_depthwise_channel_is_a_row_of_its_own() -> None:
    weights = np.zeros((3, 1, 3, 1), dtype=np.int64)
    weights[0, 0, 2], weights[2, 0, :2, 0] = 1, (2, -1)
    packed = pack(weights, 3, "csr", groups=3)
    # three rows of 3 weights: pointers 0 1 1 3, indices of 2 bits 10 00 01, values 001 010 111
    assert sizes(packed) == {"pointers": (4, 16), "indices": (3, 2), "values": (3, 3)}
    assert packed.data.tolist() == [0, 0, 1, 0, 1, 0, 3, 0, 0b01_00_10, 0b11_010_001, 0b1]
    assert np.array_equal(unpack(packed), weights)


@pytest.mark.parametrize(
    ("format_name", "expected"),
    [
        # values of [1, 0, -2, 0, 0] at 3 bits: 001 000 110 (0b110 = -2), lowest bit first
        ("dense", [0b10_000_001, 0b0_000_000_1]),
        ("bitmap", [0b00101, 0b110_001]),
        # five input rows of one weight: pointers 0 1 1 2 2 2 as 16 bits, indices 0 0, values
        ("csr", [0, 0, 1, 0, 1, 0, 2, 0, 2, 0, 2, 0, 0, 0b110_001]),
        # run 0: places 0 and 2; the tail: both slots unused
        ("nm:4", [0b00_00_10_00, 0b110_001, 0]),
        # bitmap 01; 001 000 110 000
        ("block:4", [0b01, 0b10_000_001, 0b1]),
    ],
)
def test_bytes_by_hand(format_name: str, expected: list[int]) -> None:
    assert pack(np.array([[1, 0, -2, 0, 0]]), 3, format_name).data.tolist() == expected


def test_delta_bytes_by_hand() -> None:
    # one input row over 6 outputs: 5 zeros, then 3. Width 2: filler (3, 0), then 1 more zero: (1, 3)
    packed = pack(np.array([[0], [0], [0], [0], [0], [3]]), 3, "delta")
    assert sizes(packed) == {"pointers": (2, 16), "indices": (2, 2), "values": (2, 3)}
    # pointers 0 2; indices 11 01; values 000 011
    assert packed.data.tolist() == [0, 0, 2, 0, 0b01_11, 0b011_000]


def test_one_bit_values_are_signs() -> None:
    packed = pack(np.array([[1, -1, -1, 1]]), 1, "dense")
    assert packed.data.tolist() == [0b1001]
    assert sizes(packed) == {"values": (4, 1)}
    packed = pack(np.array([[1, -1, 0, 1]]), 1, "dense")
    assert packed.data.tolist() == [0b01_00_11_01]
    assert sizes(packed) == {"values": (4, 2)}


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("bits", BITS)
def test_round_trip_and_length(format_name: str, bits: int) -> None:
    rng = np.random.default_rng(bits)
    for shape in SHAPES:
        for density in (0.0, 0.03, 0.1, 0.3, 0.7, 1.0):
            weights = draw(rng, shape, bits, density)
            for pointer_bits in (5, 16):
                size = stored_bytes(format_name, census(weights), bits, pointer_bits)
                if size is None:
                    with pytest.raises(ValueError, match="cannot hold"):
                        pack(weights, bits, format_name, pointer_bits)
                    continue
                packed = pack(weights, bits, format_name, pointer_bits)
                assert packed.data.dtype == np.uint8
                assert len(packed.data) == size
                np.testing.assert_array_equal(unpack(packed), weights)


@given(
    seed=st.integers(0, 2**32 - 1),
    bits=st.sampled_from(BITS),
    shape=st.one_of(
        st.tuples(st.integers(1, 12), st.integers(1, 40)),
        st.tuples(st.integers(1, 5), st.integers(1, 6), st.integers(1, 3), st.integers(1, 3)),
    ),
    density=st.floats(0, 1),
)
@settings(max_examples=60, deadline=None)
def test_whatever_the_shape_every_format_that_holds_it_gives_it_back(
    seed: int, bits: int, shape: tuple[int, ...], density: float
) -> None:
    weights = draw(np.random.default_rng(seed), shape, bits, density)
    for format_name in FORMATS:
        size = stored_bytes(format_name, census(weights), bits, 16)
        if size is not None:
            packed = pack(weights, bits, format_name)
            assert len(packed.data) == size
            np.testing.assert_array_equal(unpack(packed), weights)


def test_long_gaps_round_trip_through_fillers() -> None:
    weights = np.zeros((1500, 3), dtype=np.int16)
    weights[[0, 255, 256, 1499], [0, 1, 1, 2]] = [7, -7, 1, -1]
    for bits in (4, 8):
        packed = pack(weights, bits, "delta")
        assert sizes(packed)["values"][0] > 4
        np.testing.assert_array_equal(unpack(packed), weights)
    signs = np.sign(weights)
    packed = pack(signs, 1, "delta")
    assert sizes(packed)["values"][1] == 2
    np.testing.assert_array_equal(unpack(packed), signs)


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_more_zeros_are_never_larger(bits: int) -> None:
    # not so at one bit: the first zero doubles the dense format
    rng = np.random.default_rng(7)
    weights = draw(rng, (8, 6, 3, 3), bits, 1.0)
    places = rng.permutation(weights.size)
    sizes = []
    for start in range(0, weights.size + 1, 4):
        weights.flat[places[:start]] = 0
        counts = census(weights)
        name, size = smallest(FORMATS, counts, bits)
        assert size == len(pack(weights, bits, name).data)
        assert size <= stored_bytes("dense", counts, bits)
        sizes.append(size)
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == 0


def test_nm_unused_slots_stay_within_the_tail() -> None:
    weights = np.array([[1, 1, 1, 0, 1], [0, 0, 0, 0, 0]])
    packed = pack(weights, 2, "nm:4")
    assert (packed.slots, sizes(packed)) == (3, {"indices": (12, 2), "values": (12, 2)})
    # indices 0 1 2 | 0 and unused | all unused
    assert packed.data[:3].tolist() == [0b00_10_01_00, 0, 0]


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match=r"must lie in -3\.\.3"):
        pack(np.array([[4]]), 3, "dense")
    with pytest.raises(ValueError, match=r"must lie in -1\.\.1"):
        pack(np.array([[-2]]), 2, "dense")
    packed: Packed = pack(np.array([[1]]), 3, "dense")
    with pytest.raises(ValueError, match="1 bytes long; got 2"):
        unpack(replace(packed, data=np.zeros(2, dtype=np.uint8)))
