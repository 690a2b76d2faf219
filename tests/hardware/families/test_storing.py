"""Which format a connection is stored in, by bytes and by instructions."""

from dataclasses import replace

from builders.hand_network import FIRST, LAST, MCU, NET

from hwsearch.hardware.cost_model import price
from hwsearch.hardware.families.storing import (
    fastest_format,
    room_for_weights,
    storage_words,
    stored_layers,
)
from hwsearch.hardware.firmware.core import Core, Firmware

FORMATS = ("dense", "bitmap", "csr")
DEVICE = replace(MCU, formats=FORMATS, firmware=None)  # a core whose instructions nobody counted
# 16 dense weights of 4 bits: 8 B, 10 * 2 * 12 = 240 instructions; a bitmap: 4 B, 752
SMALL, FAST = "bitmap", "dense"


def formats(profile, network=NET):
    return [layer.format for layer in stored_layers(network, profile, {})]


def test_the_smallest_is_the_default():
    assert formats(DEVICE) == ["dense", SMALL]
    assert DEVICE.storing("smallest", {"memory_bytes": 1}) is DEVICE


def test_the_fastest_takes_the_fewest_instructions():
    assert fastest_format(LAST, NET, DEVICE) == FAST
    assert formats(DEVICE.storing("fastest", {})) == ["dense", FAST]


def test_a_core_that_is_known_says_what_a_format_takes():
    # a core on which a weight of compressed rows is free, and a dense one is not
    free = {"fc call", "fc_csr list", "fc_csr event", "fc_csr weight", "byte taken", "scan_fc_bits list",
            "scan_fc_bits event", "scan_fc_bits bit", "scan_fc_bits byte"}  # fmt: skip
    dense = {"fc_dense list", "fc_dense event", "fc_dense column", "fc_dense weight"}
    core = Core("cortex-m0", instructions=dict.fromkeys(free, 0.0) | dict.fromkeys(dense, 1000.0))
    known = replace(DEVICE, firmware=Firmware(core, priced=False), formats=("dense", "csr"))
    assert fastest_format(LAST, NET, known) == "csr"
    assert fastest_format(LAST, NET, replace(known, firmware=None)) == "dense"


def test_both_changes_formats_while_there_is_room():
    least = price(NET, DEVICE).memory_bytes
    for room, expected in ((least + 4, FAST), (least + 3, SMALL)):
        device = DEVICE.storing("both", {"memory_bytes": room})
        assert price(NET, device).formats == ("dense", expected)
        assert price(NET, device).memory_bytes <= room
    assert price(NET, DEVICE.storing("both", {})).formats == ("dense", FAST)


def test_what_saves_most_for_a_byte_changes_first():
    # the second reads twice as many events through the same weights
    ops = replace(LAST.ops, nonzero=24, dense=40)
    busy = replace(LAST, name="busy", spikes_in=20, ops=ops, source=0, target=1)
    network = replace(NET, connections=(FIRST, LAST, busy))
    least = price(network, DEVICE).memory_bytes
    device = DEVICE.storing("both", {"memory_bytes": least + 4})
    assert price(network, device).formats == ("dense", SMALL, FAST)


def test_a_format_that_is_not_the_smallest_says_what_it_costs():
    cost = price(NET, DEVICE.storing("fastest", {}))
    (said,) = [note for note in cost.notes if "its smallest format" in note and "instructions" in note]
    assert said.startswith(
        "readout is stored as dense, 8 bytes and about 240 instructions an inference; bitmap, "
    )
    assert "would take 4 bytes" in said
    assert storage_words(NET, DEVICE, stored_layers(NET, DEVICE, {})) == ()


def test_how_formats_are_chosen_is_in_no_digest_of_the_device():
    assert DEVICE.storing("fastest", {}).digest == DEVICE.digest


def test_the_memory_that_holds_weights_and_every_budget_of_them_leave_room():
    others = {"params": 20, "state": 30, "buffers": 50}
    flash = next(bank for bank in DEVICE.banks if "weights" in bank.holds)
    beside = sum(n for what, n in others.items() if what in flash.holds)
    assert room_for_weights(DEVICE.storing("both", {}), others) == flash.free_bytes - beside
    for budgets, room in (
        ({"memory_bytes": 1000}, 900),
        ({"memory_bytes": 1000, "weight_bytes": 500}, 500),
        ({f"{flash.name}_bytes": 400}, 400 - beside),
        ({"energy_j": 1e-6}, flash.free_bytes - beside),
    ):
        assert room_for_weights(DEVICE.storing("both", budgets), others) == room
