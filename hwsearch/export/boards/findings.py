"""What a run on a board shows, as checks: equality bit for bit, bytes of the linked file, instructions."""

from __future__ import annotations

from collections.abc import Iterator

from hwsearch.export.boards.boards import Board
from hwsearch.export.boards.emulate import BoardRun
from hwsearch.export.boards.predict import Prediction
from hwsearch.export.c.check import first_wrong
from hwsearch.export.c.model import CModel
from hwsearch.network.integer import Run

Finding = tuple[str, bool, str]
"""Name, whether it holds, and the numbers behind it."""


def board_findings(
    board: Board, model: CModel, ran: BoardRun, run: Run, told: Prediction | None = None
) -> Iterator[Finding]:
    """Yield what a run on a board shows.

    Args:
        board: The board.
        model: The network as C.
        ran: What the board did.
        run: What the integer model does with the same inputs, traced.
        told: What was predicted of it; None: nothing is known of its core.
    """
    wrong = first_wrong(ran.trace, model.network, run)
    n = len(run.readout)
    whole = f"{n} recorded inputs, every prediction and membrane of every timestep"
    yield f"{board.ident} trace", not wrong, wrong or whole
    weights = sum(n for name, n in ran.arrays.items() if "_weights_" in name)
    params = sum(ran.arrays.values()) - weights
    exact = (weights, params) == (model.weight_bytes, model.param_bytes)
    detail = f"{weights:,} of weights, {params:,} of biases and thresholds in the linked file"
    said = f"{model.weight_bytes:,} and {model.param_bytes:,} stored"
    yield f"{board.ident} constants", exact, f"{detail}; {said}"
    flash, ram = (None, None) if told is None else (told.flash_bytes, told.ram_bytes)
    yield f"{board.ident} flash", *_memory(ran.flash_bytes, board.flash.n_bytes, flash, [
        (ran.model_bytes, "code"), (ran.const_bytes, "constants"),
        (ran.flash_bytes - ran.model_bytes - ran.const_bytes, "of the test's own"),
    ])  # fmt: skip
    stacked = ran.ram_bytes + ran.stack_bytes
    yield f"{board.ident} RAM", *_memory(stacked, board.ram.n_bytes, ram, [
        (ran.state_bytes, "state"), (ran.stack_bytes, "stack"),
        (ran.ram_bytes - ran.state_bytes, "of the test's own"),
    ])  # fmt: skip
    each = ran.instructions.sum(1)
    detail = f"{each.mean():,.0f} an inference ({each.min():,} to {each.max():,}), without cycles of memory"
    if told is not None and told.instructions is not None:
        detail += f"; {told.instructions:,.0f} were predicted"
    yield f"{board.ident} instructions", True, detail


def _memory(used: int, limit: int, told: int | None, parts: list[tuple[int, str]]) -> tuple[bool, str]:
    shown = ", ".join(f"{n_bytes:,} {what}" for n_bytes, what in parts)
    predicted = "" if told is None else f"; {told:,} were predicted"
    return used <= limit, f"{used:,} of {limit:,} bytes: {shown}{predicted}"
