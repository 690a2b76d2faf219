"""What a library will take on a board, told without building it: flash, RAM, instructions."""

from __future__ import annotations

from dataclasses import dataclass

from hwsearch.export.c.model import CModel
from hwsearch.export.c.types import SIZES
from hwsearch.hardware.firmware.code import code_bytes
from hwsearch.hardware.firmware.core import Core
from hwsearch.hardware.firmware.instructions import instructions
from hwsearch.hardware.firmware.program import Library
from hwsearch.hardware.firmware.stack import stack_bytes

_WORD = 4


@dataclass(frozen=True)
class Prediction:
    """What firmware will take, the test's own included.

    Attributes:
        code_bytes: Code and descriptors of the library.
        flash_bytes: Of the whole firmware.
        ram_bytes: Of the whole firmware, stack included.
        instructions: Of an inference; None: a loop of it is not known on this core.
    """

    code_bytes: int
    flash_bytes: int
    ram_bytes: int
    instructions: float | None


def predicted(model: CModel, library: Library, core: Core) -> Prediction | None:
    """Return what a library will take; None where the core's constants lack a part of it.

    flash = code + constant arrays + the test's own; RAM = state + the test's own + stack

    Args:
        model: The network as C.
        library: What it does, with the events of the inputs that it is run on.
        core: Of the board.
    """
    library = library.on(core.name)
    test, stack = core.test_bytes, stack_bytes(library, core.stack_bytes)
    try:
        code = code_bytes(library, core.code_bytes)
    except KeyError:
        return None
    if stack is None or not {"flash", "flash population", "ram", "stack"} <= test.keys():
        return None
    around = test["flash"] + test["flash population"] * len(library.populations)
    constants = model.weight_bytes + model.param_bytes
    return Prediction(
        code_bytes=code,
        flash_bytes=round(code + constants + around),
        ram_bytes=round(state_bytes(model) + test["ram"] + test["stack"] + stack),
        instructions=instructions(library, core.instructions),
    )


def state_bytes(model: CModel) -> int:
    """Return the bytes of a library's state as linked, in whole words; a raw frame where frames are binned included."""
    feed, members = model.program.feed, model.program.members
    end = 0
    for member in members:  # each begins at a multiple of its size
        size = SIZES[member.kind]
        end = -(-end // size) * size + member.n_bytes
    widest = max(SIZES[member.kind] for member in members)
    frame = 0 if feed.bins is None else _words(feed.raw_length * SIZES[feed.raw])
    return _words(-(-end // widest) * widest) + frame


def _words(n_bytes: int) -> int:
    return -(-n_bytes // _WORD) * _WORD
