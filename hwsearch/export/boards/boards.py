"""The boards that firmware is tried on: their core, their memory, how they are emulated.

Sizes are those of the real board. QEMU executes instructions, not cycles: what is counted is instructions.
Source: QEMU 7.2 documentation, system/arm and system/riscv; the boards' data sheets as named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hwsearch.errors import Fault, InputError, did_you_mean

_KIB, _MIB = 1024, 1024 * 1024


@dataclass(frozen=True)
class Region:
    """A memory.

    Attributes:
        start: Its first address.
        n_bytes: Its size.
    """

    start: int
    n_bytes: int


@dataclass(frozen=True)
class Board:
    """An emulated board.

    Attributes:
        ident: How the command line names it.
        name: In words.
        machine: QEMU's name of it.
        architecture: ``arm`` or ``riscv``.
        core: Its core, as the compiler says it.
        flash, ram: Its memories, where firmware lies.
        tick_hz: Rate of the counter that is read; 0: it counts instructions.
        source: Where the sizes are from.
    """

    ident: str
    name: str
    machine: str
    architecture: Literal["arm", "riscv"]
    core: str
    flash: Region
    ram: Region
    tick_hz: int
    source: str

    @property
    def prefix(self) -> str:
        """Of the names of its compiler and tools."""
        return {"arm": "arm-none-eabi-", "riscv": "riscv64-unknown-elf-"}[self.architecture]

    @property
    def flags(self) -> tuple[str, ...]:
        """Of the compiler, for its core."""
        if self.architecture == "arm":
            return f"-mcpu={self.core}", "-mthumb", "-mfloat-abi=soft"
        return f"-march={self.core}_zicsr", "-mabi=ilp32", "-mcmodel=medany"

    @property
    def emulator(self) -> str:
        """QEMU's program."""
        return {"arm": "qemu-system-arm", "riscv": "qemu-system-riscv32"}[self.architecture]


BOARDS = {
    board.ident: board
    for board in (
        Board(
            "microbit", "BBC micro:bit v1 (Cortex-M0)", "microbit", "arm", "cortex-m0",
            Region(0x00000000, 256 * _KIB), Region(0x20000000, 16 * _KIB), 16_000_000,
            "nRF51822 product specification 3.4: 256 KiB of flash, 16 KiB of RAM",
        ),
        Board(
            "stm32vldiscovery", "STM32VLDISCOVERY (Cortex-M3)", "stm32vldiscovery", "arm", "cortex-m3",
            Region(0x08000000, 128 * _KIB), Region(0x20000000, 8 * _KIB), 24_000_000,
            "STM32F100RB data sheet: 128 KiB of flash, 8 KiB of RAM",
        ),
        Board(
            "mps2-an386", "MPS2 with AN386 (Cortex-M4)", "mps2-an386", "arm", "cortex-m4",
            Region(0x00000000, 4 * _MIB), Region(0x20000000, 4 * _MIB), 25_000_000,
            "ARM DAI0386: 4 MiB of code memory, 4 MiB of data memory",
        ),
        Board(
            "mps2-an500", "MPS2 with AN500 (Cortex-M7)", "mps2-an500", "arm", "cortex-m7",
            Region(0x00000000, 4 * _MIB), Region(0x20000000, 4 * _MIB), 25_000_000,
            "ARM DAI0500: 4 MiB of code memory, 4 MiB of data memory",
        ),
        Board(
            "mps2-an505", "MPS2 with AN505 (Cortex-M33)", "mps2-an505", "arm", "cortex-m33",
            Region(0x10000000, 4 * _MIB), Region(0x38000000, 4 * _MIB), 20_000_000,
            "ARM DAI0505: 4 MiB of code memory, 4 MiB of data memory",
        ),
        Board(
            "sifive-e", "SiFive E, as the HiFive1 (RISC-V rv32imac)", "sifive_e", "riscv",
            "rv32imac",
            Region(0x20400000, 12 * _MIB), Region(0x80000000, 16 * _KIB), 0,
            "HiFive1 getting started guide: 16 MiB of flash, the first 4 of the boot loader; 16 KiB of RAM",
        ),
    )
}  # fmt: skip


def board_of(ident: str) -> Board:
    """Return a board by its name.

    Raises:
        InputError: There is none of that name.
    """
    if ident not in BOARDS:
        raise InputError([Fault("--board", "it must be known", ident, did_you_mean(ident, BOARDS, "boards"))])
    return BOARDS[ident]
