"""The parts of a price by hand, and its columns; each family's formula has its own file in families/."""

from dataclasses import replace

import numpy as np
import pytest
from builders.devices import profile
from builders.hand_network import FIRST, GENERIC, HIDDEN, LAST, MCU, NET

from hwsearch.hardware.cost_model import cost_fields, price
from hwsearch.hardware.device import Bank
from hwsearch.hardware.workload import (
    BLOCKS,
    DELTA_BITS,
    NM_GROUPS,
    WeightCensus,
)


def test_memory_by_hand():
    cost = price(NET, MCU)
    assert cost.formats == ("dense", "bitmap")
    assert cost.weight_bytes == 32 + 4
    assert cost.bias_bytes == 8 * (2 + 2) + 2 * 2  # the readout has no threshold
    assert cost.state_bytes == 8 * 2 + 2 * 4  # 16-bit membranes, 32-bit accumulators
    assert cost.buffer_bytes == 4 * 1 + 8 * 4 + 1  # input, its kept current, 8 spike bits
    assert cost.memory_bytes == 36 + 36 + 24 + 37 == 133
    assert cost.banks == (("flash", 72), ("ram", 61))


def test_operations_by_hand():
    cost = price(NET, MCU)
    assert (cost.synaptic_ops, cost.macs, cost.neuron_updates) == (12, 32, 5 * 10)
    assert cost.charged_ops == 32 + 12


def test_static_energy_is_apart():
    timed = replace(GENERIC, clock_hz=1e6, cycles=MCU.cycles, static_w=2e-3)
    cost = price(NET, timed)
    assert cost.latency_s == pytest.approx(2.828e-3)
    assert cost.static_energy_j == pytest.approx(2.828e-3 * 2e-3)
    assert cost.energy_j == price(NET, GENERIC).energy_j
    assert price(NET, replace(MCU, static_w=2e-3)).static_energy_j is None


def test_unknown_constants_give_unknown_costs():
    blind = replace(MCU, cycles=replace(MCU.cycles, synop=None))
    assert price(NET, blind).latency_s is None
    assert price(NET, blind).energy_j is None
    # the constant is not needed where there are no synaptic operations
    assert price(replace(NET, connections=(FIRST,), populations=(HIDDEN,)), blind).latency_s is not None
    assert price(NET, replace(MCU, clock_hz=None)).latency_s is None
    assert price(NET, replace(MCU, clock_hz=None)).energy_j == price(NET, MCU).energy_j
    assert price(NET, replace(MCU, energy=None)).energy_j is None
    fields = cost_fields(price(NET, blind))
    assert (fields["energy_j"], fields["latency_s"]) == (None, None)


def test_cost_fields():
    fields = cost_fields(price(NET, MCU))
    assert list(fields) == [
        "memory_bytes", "weight_bytes", "bias_bytes", "state_bytes", "buffer_bytes",
        "synaptic_ops", "macs", "energy_j", "latency_s", "flash_bytes", "ram_bytes",
    ]  # fmt: skip
    assert (fields["flash_bytes"], fields["ram_bytes"]) == (72, 61)


def test_banks_share_the_memory_out():
    banks = (Bank("a", ("weights",), None), Bank("b", ("params", "state", "buffers"), None))
    cost = price(NET, replace(MCU, banks=banks))
    assert cost.banks == (("a", 36), ("b", 97))
    assert sum(n_bytes for _, n_bytes in cost.banks) == cost.memory_bytes


def layer_of(weights, bits):
    """Return a layer of int weights [out, in], its census counted slowly."""

    def runs(length):
        return [row[i : i + length] for row in weights for i in range(0, len(row), length)]

    delta = []
    for width in DELTA_BITS:
        entries = 0
        for row in weights.T:
            gap = 0
            for value in row:
                gap = 0 if value else gap + 1
                entries += bool(value)
            places = np.flatnonzero(row)
            gaps = np.diff(np.concatenate([[-1], places])) - 1
            entries += int((gaps // 2**width).sum())
        delta.append(entries)
    nonzero = int((weights != 0).sum())
    census = WeightCensus(
        *weights.shape,
        1,
        nonzero,
        tuple(sum(run.any() for run in runs(length)) for length in BLOCKS),
        tuple(max(int((run != 0).sum()) for run in runs(m)) for m in NM_GROUPS),
        nonzero,
        tuple(delta),
    )
    return replace(LAST, weight_bits=bits, census=census)


@pytest.mark.parametrize("name", ["nrf51822_microbit", "generic_45nm"])
def test_fewer_bits_and_more_zeros_are_never_costlier_on_memory(name):
    device = profile(name)
    rng = np.random.default_rng(3)
    order = rng.permutation(24 * 40)
    sizes = {}
    for removed in (0, 100, 300, 500, 700, 850, 930):
        weights = np.ones(24 * 40, dtype=int)
        weights[order[:removed]] = 0
        for bits in (2, 3, 4, 6, 8, 16):
            net = replace(NET, connections=(FIRST, layer_of(weights.reshape(24, 40), bits)))
            sizes[removed, bits] = price(net, device).memory_bytes
    table = np.array(list(sizes.values())).reshape(7, 6)
    assert (np.diff(table, axis=0) <= 0).all()
    assert (np.diff(table, axis=1) >= 0).all()
    assert table[-1, 0] < table[0, 0]


@pytest.mark.parametrize(("bits", "membranes"), [(8, 8 * 1), (16, 8 * 2), (32, 8 * 4), (None, 8 * 2)])
def test_membranes_take_the_bytes_of_the_width_that_the_network_was_made_for(bits, membranes):
    cost = price(replace(NET, state_bits=bits), MCU)
    assert cost.state_bytes == membranes + 2 * 4  # a readout has an accumulator, whatever membranes have
    assert cost.memory_bytes == 133 - 8 * 2 + membranes
