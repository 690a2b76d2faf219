"""A C library on an emulated board: built with the board's memory, run under QEMU, its sizes and instructions read."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import jinja2
import numpy as np

from hwsearch.errors import Fault, InputError, RecordError
from hwsearch.export.boards.boards import Board
from hwsearch.export.c.inputs import raw_bytes
from hwsearch.export.c.model import CModel
from hwsearch.export.c.project import PREFIX

STACK_BYTES = 2048
"""Least stack that firmware must leave; profiles of microcontrollers reserve as much."""
_SECONDS = 600
_WARM_UP = 4  # empty measurements before the first
_SHIFT = (
    6  # an instruction takes 2**6 ns of the board's time: longer than a tick of any board, so none is lost
)
_LIBRARY = (f"{PREFIX}.c", f"{PREFIX}_data.c", f"{PREFIX}_kernels.c")


@dataclass(frozen=True, eq=False)
class BoardRun:
    """What a library did on a board.

    Attributes:
        trace: What it showed, int32, little-endian.
        instructions: Of each call of a sample (a timestep, or a frame): [N, calls].
        model_bytes: Code and descriptors of the library.
        const_bytes: Its weights, biases and thresholds.
        flash_bytes, ram_bytes: Of the whole firmware; RAM without the stack.
        state_bytes: Of the library's state, a raw frame where frames are binned included.
        stack_bytes: Most that the stack took.
        arrays: Bytes of each constant array in the linked file.
    """

    trace: bytes
    instructions: np.ndarray
    model_bytes: int
    const_bytes: int
    flash_bytes: int
    ram_bytes: int
    state_bytes: int
    stack_bytes: int
    arrays: dict[str, int]


def missing_tools(board: Board) -> list[str]:
    """Return the programs that a board needs and this computer has not."""
    tools = [f"{board.prefix}gcc", f"{board.prefix}size", f"{board.prefix}nm", board.emulator]
    return [tool for tool in tools if shutil.which(tool) is None]


def refuse_too_large(model: CModel, board: Board) -> None:
    """Refuse what cannot fit, before anything is built: constant arrays in flash, state and stack in RAM.

    Raises:
        InputError: It does not, with need and limit.
    """
    flash = model.weight_bytes + model.param_bytes
    ram = model.program.n_bytes("state", "buffer", "control")
    faults = []
    todo = "choose another trial or board"
    if flash > board.flash.n_bytes:
        law = f"{board.name} has {board.flash.n_bytes:,} bytes of flash"
        faults.append(Fault("--board", law, f"{flash:,} bytes of weights, biases and thresholds", todo))
    if ram + STACK_BYTES > board.ram.n_bytes:
        law = f"{board.name} has {board.ram.n_bytes:,} bytes of RAM"
        got = f"{ram:,} bytes of state and {STACK_BYTES:,} of stack"
        faults.append(Fault("--board", law, got, todo))
    if faults:
        raise InputError(faults)


def run_on(board: Board, library: Path, model: CModel, x: np.ndarray, optimise: str = "-O2") -> BoardRun:
    """Build a library for a board, and run it on inputs.

    Args:
        board: The board.
        library: Folder of the library.
        model: The network as C.
        x: Inputs.
        optimise: Flag of the compiler.

    Raises:
        InputError: It does not fit.
        RecordError: It does not build, or does not end.
    """
    refuse_too_large(model, board)
    calls = model.program.feed.frames or model.network.timesteps
    return emulated(board, library, raw_bytes(x, model.program.feed), (len(x), calls), optimise)


def emulated(
    board: Board,
    library: Path,
    inputs: bytes,
    counted: tuple[int, int],
    optimise: str = "-O2",
    libraries: Sequence[str] = (),
) -> BoardRun:
    """Build sources that have the place and the trace of a library for a board, and run them.

    Args:
        board: The board.
        library: Folder with ``src/snn.c``, ``src/snn_data.c``, ``src/snn_kernels.c`` and ``test/snn_trace.c``.
        inputs: Samples, as the trace asks for them.
        counted: Samples, and the calls of a sample that are counted.
        optimise: Flag of the compiler.
        libraries: What the linker looks in besides; libraries of networks need none.

    Raises:
        InputError: It does not fit.
        RecordError: It does not build, or does not end.
    """
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        _build(board, library, work, optimise, libraries)
        (work / "inputs.bin").write_bytes(inputs)
        _emulate(board, work)
        ticks = np.frombuffer((work / "ticks.bin").read_bytes(), "<u4")
        sizes = _sections(board, work)
        return BoardRun(
            trace=(work / "trace.bin").read_bytes(),
            instructions=_instructions(board, ticks, *counted),
            model_bytes=sizes.get(".model", 0),
            const_bytes=sizes.get(".weights", 0),
            flash_bytes=sum(
                sizes.get(name, 0) for name in (".vectors", ".model", ".weights", ".text", ".data")
            ),
            ram_bytes=sum(sizes.get(name, 0) for name in (".data", ".state", ".bss")),
            state_bytes=sizes.get(".state", 0),
            stack_bytes=int(ticks[-1]),
            arrays=_arrays(board, work),
        )


def _instructions(board: Board, ticks: np.ndarray, samples: int, calls: int) -> np.ndarray:
    """Return the instructions of each call, without those of counting."""
    if len(ticks) < _WARM_UP + samples * calls + 1:
        raise RecordError(f"{board.name}: the firmware ended before all samples were run")
    counted = ticks[_WARM_UP : _WARM_UP + samples * calls].astype(np.float64)
    counted -= ticks[1:_WARM_UP].min()
    per_tick = 1.0 if not board.tick_hz else 1e9 / board.tick_hz / 2**_SHIFT
    return np.asarray(np.rint(counted * per_tick), np.int64).reshape(samples, calls)


def _build(board: Board, library: Path, work: Path, optimise: str, libraries: Sequence[str]) -> None:
    support = resources.files("hwsearch.export.boards") / "support"
    for item in support.iterdir():
        if item.name.endswith((".c", ".h")):
            (work / item.name).write_text(item.read_text(encoding="utf-8"), encoding="utf-8")
    template = jinja2.Template((support / "linker.ld.j2").read_text(encoding="utf-8"))
    (work / "board.ld").write_text(template.render(board=board, stack_bytes=STACK_BYTES), encoding="utf-8")
    flags = [
        *board.flags, "-std=gnu99", optimise, "-ffreestanding", "-fno-tree-loop-distribute-patterns",
        "-ffunction-sections", "-fdata-sections", "-fno-common", "-DSNN_COUNTED", f"-I{library / 'src'}",
        f"-I{library / 'test'}", f"-I{work}",
    ]  # fmt: skip
    sources = [*(library / "src" / name for name in _LIBRARY), library / "test" / f"{PREFIX}_trace.c"]
    sources += [work / name for name in ("main.c", "memory.c", f"start_{board.architecture}.c")]
    objects = []
    for source in sources:
        objects.append(f"{source.stem}.o")
        _tool(board, work, [f"{board.prefix}gcc", *flags, "-c", "-o", objects[-1], source], library)
    link = [
        f"{board.prefix}gcc",
        *board.flags,
        "-nostdlib",
        "-nostartfiles",
        "-Wl,--gc-sections",
        "-Tboard.ld",
    ]
    _tool(board, work, [*link, "-o", "firmware.elf", *objects, *libraries, "-lgcc"], library)


def _tool(board: Board, work: Path, command: Sequence[str | Path], library: Path) -> str:
    done = subprocess.run(
        command, cwd=work, capture_output=True, text=True, errors="replace", timeout=_SECONDS, check=False
    )
    if done.returncode:
        message = done.stderr.replace(f"{library}/", "").replace(f"{work}/", "")
        full = re.search(r"region [`'](\w+)' overflowed by (\d+) bytes", message)
        if full:
            region = board.flash if full[1] == "flash" else board.ram
            law = f"{board.name} has {region.n_bytes:,} bytes of {'flash' if full[1] == 'flash' else 'RAM'}"
            got = f"{region.n_bytes + int(full[2]):,} bytes with the test's own code"
            raise InputError([Fault("--board", law, got, "choose another trial or board")])
        lines = [line for line in message.splitlines() if "error" in line] or message.splitlines()
        raise RecordError(f"{board.name}: the firmware does not build: {lines[0] if lines else 'no message'}")
    return done.stdout


def _emulate(board: Board, work: Path) -> None:
    shift = _SHIFT if board.tick_hz else 0
    command = [
        board.emulator, "-M", board.machine, "-nographic", "-monitor", "none", "-serial", "none",
        "-icount", f"shift={shift}", "-semihosting-config", "enable=on,target=native", "-kernel", "firmware.elf",
    ]  # fmt: skip
    try:
        done = subprocess.run(
            command, cwd=work, capture_output=True, text=True, errors="replace", timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise RecordError(f"{board.name}: the firmware did not end within {_SECONDS} s") from None
    if done.returncode or not (work / "ticks.bin").exists():
        lines = done.stderr.strip().splitlines() or ["no message"]
        raise RecordError(f"{board.name}: the emulator ended with {done.returncode}: {lines[-1]}")


def _sections(board: Board, work: Path) -> dict[str, int]:
    """Return the bytes of each section of the linked file."""
    lines = _tool(board, work, [f"{board.prefix}size", "-A", "firmware.elf"], work).splitlines()
    parts = [line.split() for line in lines]
    return {part[0]: int(part[1]) for part in parts if len(part) == 3 and part[0].startswith(".")}


def _arrays(board: Board, work: Path) -> dict[str, int]:
    """Return the bytes of each of the library's constant arrays in the linked file."""
    listed = _tool(board, work, [f"{board.prefix}nm", "-S", "firmware.elf"], work).splitlines()
    parts = [line.split() for line in listed]
    pattern = re.compile(rf"{PREFIX}_(weights|bias|threshold)_")
    return {part[3]: int(part[1], 16) for part in parts if len(part) == 4 and pattern.match(part[3])}
