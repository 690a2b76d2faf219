"""Cores that hold neurons and lists of synapses, by hand after nengo-loihi's block.py."""

import numpy as np
import pytest
from builders.devices import conv, fc, mlp, profile
from builders.workloads import silent

from hwsearch.hardware.cost_model import price
from hwsearch.hardware.families.many_core import Piece, axon_bits, core_store, pack_cores, pieces_of, split

LOIHI = profile("loihi1").model


@pytest.mark.parametrize(
    ("synapses", "weight_bits", "index_bits", "bits"),
    [
        # one axon to 256 targets in blocks of 64, header 10 bits, words of 64 bits
        (256, 8, 0, 2304),
        (128, 8, 8, 2176),
        (64, 8, 8, 1088),
        (26, 8, 8, 448),
        (256, 4, 0, 1280),
        (128, 4, 8, 1664),
        (64, 4, 8, 832),
        (256, 1, 0, 512),
        (128, 1, 8, 1280),
        (64, 1, 8, 640),
        (26, 1, 8, 256),
        (0, 8, 8, 0),
    ],
)
def test_bits_of_an_axon(synapses, weight_bits, index_bits, bits):
    assert axon_bits(synapses, weight_bits, index_bits, LOIHI) == bits


def test_a_layer_takes_the_smaller_of_dense_and_sparse_lists():
    weights = np.zeros((256, 3), int)
    weights[:64] = 1
    sparse = core_store(*fc("fc", "input", weights)[:2], profile("loihi1"), LOIHI)
    assert (sparse.format, sparse.bits) == ("csr", 3 * 1088)
    full = core_store(*fc("fc", "input", np.ones((256, 3), int))[:2], profile("loihi1"), LOIHI)
    assert (full.format, full.bits) == ("dense", 3 * 2304)


def test_a_convolution_is_unrolled():
    layer = conv("conv1", "input", np.ones((8, 2, 3, 3), int), (10, 12))
    # 2 * 120 input pixels, each to 8 * 9 = 72 targets: blocks of 64 and 8
    bits = 240 * (576 + 128)
    assert core_store(*layer[:2], profile("loihi1"), LOIHI).bits == bits


def test_cores_by_hand():
    # 2000 neurons need 2 cores of 1024; 600 inputs * 2000 dense 8-bit weights, 1.2 MB, need 11 of 128 KiB
    layer = fc("fc", "input", np.ones((2000, 600), int))
    stored = core_store(*layer[:2], profile("loihi1"), LOIHI)
    assert stored.n_bytes == 600 * (31 * 576 + 192) // 8  # 31 blocks of 64, one of 16: roundup(138) = 192
    assert len(split(layer.population, [stored], LOIHI)) == 11
    pieces = [Piece("a", 700, 90_000, 10), Piece("b", 700, 30_000, 10), Piece("c", 300, 30_000, 10)]
    assert pack_cores(pieces, LOIHI) == 2  # a and c share one core, b has its own


def test_what_enters_one_population_lies_in_the_same_cores():
    network = silent("r1000", (1, 1, 200), classes=10)
    (hidden, readout) = pieces_of(network, profile("loihi1"), LOIHI)
    # 1200 axons of 1000 dense 4-bit weights: 15 blocks of 64 (266 bits: 320) and one of 40 (170: 192)
    assert len(hidden) == -(-(1200 * (15 * 320 + 192) // 8) // 131_072) == 6
    assert hidden[0].axons == 1200
    assert len(readout) == 1


def test_a_stride_shortens_the_lists_of_pixels():
    whole = silent("8c3", (2, 8, 8)).connections[0], silent("8c3", (2, 8, 8)).populations[0]
    strided = silent("8c3s2", (2, 8, 8)).connections[0], silent("8c3s2", (2, 8, 8)).populations[0]
    # 128 pixels of 72 targets (64 and 8), and of ceil(72 / 4) = 18; 4 bits each and a header of 10
    assert core_store(*whole, profile("loihi1"), LOIHI).bits == 128 * (320 + 64)
    assert core_store(*strided, profile("loihi1"), LOIHI).bits == 128 * 128


def test_terms_of_a_many_core_by_hand():
    network = mlp([10, 20, 5], rate=0.5)
    cost = price(network, profile("loihi1"))
    synops = 4 * 0.5 * (10 * 20 + 20 * 5)
    assert cost.charged_ops == synops
    # more operations than neurons in each step: every update is active
    energy = synops * 23.6e-12 + 4 * 25 * 81e-12 + 20 * 0.5 * 4 * 1.7e-12
    assert cost.energy_j == pytest.approx(energy)
    step = max(100 * 3.5e-9 + 20 * 8.4e-9, 50 * 3.5e-9 + 5 * 8.4e-9) + 465e-9
    assert cost.latency_s == pytest.approx((4 + 1) * step)
    assert cost.static_energy_j == pytest.approx(cost.latency_s * (0.104 + 0.000815))


def test_an_unknown_share_of_an_operation_is_an_interval_in_the_notes():
    cost = price(mlp([10, 20, 5], bits=4), profile("loihi1"))
    (note,) = [note for note in cost.notes if "lies from" in note]
    low = cost.energy_j - cost.charged_ops * 0.5 * 23.6e-12
    assert f"{low:.3g} J" in note
    assert f"{cost.energy_j:.3g} J" in note
