"""A processor core as an emulator and a compiler show it: instructions and bytes of the parts of a C library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Core:
    """Constants of a core for C libraries, grade ``emulated``: instructions, which are not cycles, and linked bytes.

    Attributes:
        name: As the compiler says it: ``cortex-m4``.
        source: Which command, compiler, flags and emulator gave them.
        errors: Of networks that were held out, in words.
        instructions: Of each term (`instructions.terms`).
        code_bytes: Of each part (`code.code_parts`).
        stack_bytes: Of each function's frame (`stack.stack_bytes`).
        test_bytes: Of the firmware around a library that is tried on a board: flash, RAM and stack.
    """

    name: str
    source: str = ""
    errors: str = ""
    instructions: Mapping[str, float] = field(default_factory=dict, hash=False)
    code_bytes: Mapping[str, float] = field(default_factory=dict, hash=False)
    stack_bytes: Mapping[str, float] = field(default_factory=dict, hash=False)
    test_bytes: Mapping[str, float] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Firmware:
    """What a profile says of the C library on its core.

    Attributes:
        core: The core's constants.
        priced: Whether memory counts code, and time and energy are those of instructions.
    """

    core: Core
    priced: bool
