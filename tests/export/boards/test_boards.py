"""Boards by name, and their memories."""

import pytest

from hwsearch.errors import InputError
from hwsearch.export.boards.boards import BOARDS, board_of
from hwsearch.hardware.profiles.load import load_profile


def test_a_board_is_found_by_its_name():
    assert board_of("microbit").name == "BBC micro:bit v1 (Cortex-M0)"
    with pytest.raises(
        InputError, match=r"--board: it must be known; got microbits \(did you mean 'microbit'"
    ):
        board_of("microbits")


def test_the_microbit_has_the_memory_of_its_profile():
    profile = load_profile("nrf51822_microbit")
    sizes = {bank.name: bank.size_bytes for bank in profile.banks}
    board = BOARDS["microbit"]
    assert sizes == {"flash": board.flash.n_bytes, "ram": board.ram.n_bytes}


def test_every_core_of_the_family_has_a_board():
    cores = {
        flag.removeprefix("-mcpu=") for board in BOARDS.values() for flag in board.flags if "mcpu" in flag
    }
    assert cores == {f"cortex-{core}" for core in ("m0", "m3", "m4", "m7", "m33")}
    assert {board.emulator for board in BOARDS.values()} == {"qemu-system-arm", "qemu-system-riscv32"}
