"""A processor core as an emulator and a compiler show it: instructions and bytes of the parts of a C library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Core:
    """Constants of a core for C libraries: emulated instructions, which are not cycles, and bytes of linked code.

    Attributes:
        name: As the compiler says it: ``cortex-m4``.
        instructions: Of each term (`instructions.terms`).
        code_bytes: Of each part (`code.code_parts`).
    """

    name: str
    instructions: Mapping[str, float]
    code_bytes: Mapping[str, float]
