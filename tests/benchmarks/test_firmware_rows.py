"""Which functions a probed firmware shows as called: those of two callers, not what is a part of its one caller."""

from benchmarks.firmware_rows import drawn_networks, lacking
from benchmarks.firmware_runs import case_of

NAMES = ["spiking 0", "spiking 1"]


def test_what_firmware_of_one_network_merges_is_called_in_a_firmware_of_two():
    drawn = drawn_networks({name: case_of(name) for name in NAMES})
    assert lacking([[name] for name in NAMES], drawn, "cortex-m0") == NAMES
    assert lacking([NAMES], drawn, "cortex-m0") == []
