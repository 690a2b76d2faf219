from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hwsearch.hardware.batch import price_batch
from hwsearch.hardware.batch_counts import batch_of
from hwsearch.hardware.cost_model import cost_fields, price
from hwsearch.hardware.device import Bank
from hwsearch.hardware.profiles.load import load_profile
from hwsearch.hardware.workload import (
    BLOCKS,
    DELTA_BITS,
    NM_GROUPS,
    LayerWork,
    OpCounts,
    WeightCensus,
    Workload,
)

SHIPPED = Path(__file__).parents[2] / "hardware_profiles"
PLAIN = ("dense", "bitmap")
MCU = replace(load_profile(SHIPPED / "nrf51822_microbit.yaml"), formats=PLAIN)
GENERIC = replace(load_profile(SHIPPED / "generic_45nm.yaml"), formats=PLAIN)

# 4 analog inputs -> 8 neurons, all 32 weights kept, 8 bits
FIRST = LayerWork(
    name="fc1",
    role="input",
    kind="fc",
    analog=True,
    weight_bits=8,
    census=WeightCensus(8, 4, 1, 32, (8, 8), (4, 4, 4), 32, (32,) * 7),
    neurons=8,
    inputs=4,
    ops=OpCounts(nonzero=32, dense=32, blocks=(32, 64), planes=32),
    spikes_in=4,
    spikes_out=10,
)
# 8 neurons -> 2 outputs, 4 of 16 weights kept, 4 bits: bitmap 2 B + values 2 B = 4 B, dense 8 B
LAST = LayerWork(
    name="readout",
    role="readout",
    kind="fc",
    analog=False,
    weight_bits=4,
    census=WeightCensus(2, 8, 1, 4, (4, 2), (1, 2, 2), 4, (4,) * 7),
    neurons=2,
    inputs=8,
    ops=OpCounts(nonzero=12, dense=20, blocks=(18, 19), planes=12),
    spikes_in=10,
    spikes_out=0,
)
NET = Workload(timesteps=5, input_bits=8, layers=(FIRST, LAST))
# one 3 x 3 filter plane of two is kept, with 5 weights in it
CONV = replace(
    LAST,
    name="conv2",
    census=WeightCensus(2, 1, 9, 5, (3, 2), (3, 4, 5), 1, (5,) * 7),
    ops=OpCounts(nonzero=50, dense=180, blocks=(120, 160), planes=90),
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


def test_software_keeps_the_sums_of_the_largest_layer_that_spikes_reach():
    middle = replace(LAST, name="fc2", role="hidden", neurons=20)
    larger = replace(middle, name="fc3", neurons=24)
    hidden = replace(NET, layers=(FIRST, middle, larger, LAST))
    plain = 4 * 1 + 8 * 4 + 1 + 3 + 3  # input, its kept current, spike bits
    assert price(hidden, MCU).buffer_bytes == plain + 24 * 4
    assert price(hidden, replace(MCU, accumulator_bits=16)).buffer_bytes == 4 + 8 * 2 + 7 + 24 * 2
    # an ideal accelerator adds in registers: its energies count no access to a sum
    assert price(hidden, GENERIC).buffer_bytes == plain
    # whatever the format: the cycles of an operation load and store a sum in every one
    for name in ("dense", "csr", "delta"):
        assert price(hidden, replace(MCU, formats=(name,))).buffer_bytes == plain + 24 * 4
    assert price_batch(batch_of([hidden]), MCU).buffer_bytes.tolist() == [plain + 24 * 4]


def test_operations_by_hand():
    cost = price(NET, MCU)
    assert (cost.synaptic_ops, cost.macs, cost.neuron_updates) == (12, 32, 5 * 10)
    assert cost.charged_ops == 32 + 12


def test_the_microbit_by_hand():
    cost = price(NET, MCU)
    # updates 50 * 30 = 1500, layers 5 * 2 * 60 = 600, MACs 32 * 13 = 416, synops 12 * (12 + 6 unpack + 8 index) = 312
    cycles = 1500 + 600 + 416 + 312
    assert cycles == 2828
    assert cost.latency_s == pytest.approx(176.75e-6)  # 2828 / 16 MHz
    assert cost.energy_j == pytest.approx(2.3331e-6)  # 2828 * 825 pJ
    assert cost.static_energy_j is None  # inside the energy of a cycle
    assert (cost.energy_grade, cost.latency_grade) == ("estimated", "estimated")
    assert any("all-in" in note for note in cost.notes)


def test_wide_or_dense_weights_take_no_extra_cycles():
    wide = replace(NET, layers=(replace(LAST, weight_bits=8),))
    base = 5 * 2 * 30 + 5 * 60  # updates, layer steps
    # 8 bits: no unpacking; 3 B as bitmap + values 4 B = 6 B, dense 16 B
    assert price(wide, MCU).latency_s == pytest.approx((base + 12 * (12 + 8)) / 16e6)
    dense = replace(MCU, formats=("dense",))
    assert price(wide, dense).latency_s == pytest.approx((base + 20 * 12) / 16e6)


def test_the_generic_device_by_hand():
    cost = price(NET, GENERIC)
    # all memories are below 8 KiB: 0.15625 pJ a bit
    mac = 32 * (0.2 + 0.1 + 8 * 0.15625)  # multiply 8 x 8, add 32 bits, fetch 8 bits
    updates = 40 * (2 * 16 * 0.15625 + 2 * 0.05)  # read and write 16 bits, two 16-bit additions
    spikes = 10 * 2 * 0.15625
    # bitmap 16 bits and values 4 * 4 bits, over 4 weights: 8 bits an operation; gate 0.1 * 4-bit adder
    synop = 12 * (0.1 * 0.0125 + 0.1 + 8 * 0.15625)
    readout = 10 * (2 * 32 * 0.15625 + 2 * 0.1)  # 32-bit accumulators
    assert mac + updates + spikes + synop + readout == pytest.approx(374.94)
    assert cost.energy_j == pytest.approx(374.94e-12, rel=1e-6)
    assert cost.latency_s is None
    assert cost.static_energy_j is None
    assert (cost.energy_grade, cost.latency_grade) == ("estimated", None)
    assert "energy_j is an estimate: a constant behind it is graded so" in cost.notes
    assert "latency_s is unknown on generic_45nm" in cost.notes


@pytest.mark.parametrize(
    ("layer", "name", "skipped", "charged"),
    [
        (LAST, "dense", (), 20),
        (LAST, "bitmap", ("weight",), 12),
        (LAST, "csr", ("weight",), 12),
        (LAST, "delta", ("weight",), 12),
        (LAST, "delta", ("nm", "block", "kernel"), 20),
        (LAST, "nm:4", ("nm",), 12),
        (LAST, "nm:4", ("weight",), 20),
        (LAST, "block:4", ("block",), 18),
        (LAST, "block:8", ("block",), 19),
        (LAST, "block:8", ("weight", "channel"), 20),
        (CONV, "kernel", ("kernel",), 90),
        (CONV, "kernel", ("weight",), 180),
        (CONV, "block:4", ("block",), 120),
    ],
)
def test_a_zero_is_worth_what_the_device_skips(layer, name, skipped, charged):
    net = replace(NET, layers=(layer,))
    mcu = replace(MCU, formats=(name,), skips_cycles=skipped, skips_energy=())
    generic = replace(GENERIC, formats=(name,), skips_energy=skipped, skips_cycles=())
    for profile in (mcu, generic):
        cost = price(net, profile)
        assert cost.charged_ops == charged
        told = any(f"stored as {name}, but" in note for note in cost.notes)
        assert told == (charged == layer.ops.dense and name != "dense")


def test_the_lists_for_cycles_and_energy_are_apart():
    net = replace(NET, layers=(LAST,))
    both, no_cycles = price(net, MCU), price(net, replace(MCU, skips_cycles=()))
    extra = (20 - 12) * (12 + 6 + 8)  # the zeros, worked off
    assert no_cycles.latency_s - both.latency_s == pytest.approx(extra / 16e6)
    assert price(net, replace(GENERIC, skips_cycles=())).energy_j == price(net, GENERIC).energy_j
    # all stored bits are read once for the layer's 16 weights: 32 bits / 16 = 2 bits an operation
    without = price(net, replace(GENERIC, skips_energy=())).energy_j
    synop = (20 * (0.10125 + 2 * 0.15625) - 12 * (0.10125 + 8 * 0.15625)) * 1e-12
    assert without - price(net, GENERIC).energy_j == pytest.approx(synop)


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
    assert price(replace(NET, layers=(FIRST,)), blind).latency_s is not None
    assert price(NET, replace(MCU, clock_hz=None)).latency_s is None
    assert price(NET, replace(MCU, clock_hz=None)).energy_j == price(NET, MCU).energy_j
    assert price(NET, replace(MCU, energy=None)).energy_j is None
    fields = cost_fields(price(NET, blind))
    assert (fields["energy_j"], fields["latency_s"]) == (None, None)


def test_a_spiking_input_is_one_bit_and_keeps_no_current():
    spiking = replace(NET, layers=(replace(FIRST, analog=False), LAST))
    assert price(spiking, MCU).buffer_bytes == 1 + 1 + 8 * 4  # 4 input bits, 8 spike bits, 8 sums
    assert price(spiking, MCU).macs == 0


def test_wide_inputs_take_whole_bytes():
    assert price(replace(NET, input_bits=12), MCU).buffer_bytes == 4 * 2 + 8 * 4 + 1


def test_nothing_left_costs_no_operation():
    empty = replace(
        LAST,
        census=replace(
            LAST.census, nonzero=0, blocks=(0, 0), nm_most=(0, 0, 0), planes=0, delta_entries=(0,) * 7
        ),
        ops=OpCounts(0, 20, (0, 0), 0),
    )
    assert price(replace(NET, layers=(empty,)), GENERIC).charged_ops == 0


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
def test_fewer_bits_and_more_zeros_are_never_dearer_on_memory(name):
    profile = load_profile(SHIPPED / f"{name}.yaml")
    rng = np.random.default_rng(3)
    order = rng.permutation(24 * 40)
    sizes = {}
    for removed in (0, 100, 300, 500, 700, 850, 930):
        weights = np.ones(24 * 40, dtype=int)
        weights[order[:removed]] = 0
        for bits in (2, 3, 4, 6, 8, 16):
            net = replace(NET, layers=(layer_of(weights.reshape(24, 40), bits),))
            sizes[removed, bits] = price(net, profile).memory_bytes
    table = np.array(list(sizes.values())).reshape(7, 6)
    assert (np.diff(table, axis=0) <= 0).all()
    assert (np.diff(table, axis=1) >= 0).all()
    assert table[-1, 0] < table[0, 0]
