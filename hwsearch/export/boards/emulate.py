"""A C library on an emulated board: built with the board's memory, run under QEMU, its sizes and instructions read."""

from __future__ import annotations

import math
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
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
FLAGS = (
    "-std=gnu99", "-ffreestanding", "-fno-tree-loop-distribute-patterns", "-ffunction-sections", "-fdata-sections",
    "-fno-common", "-fstack-usage",
    # a function stays one, whoever else uses it: so its bytes and its stack can be told without compiling
    "-fno-inline-functions-called-once", "-fno-ipa-icf",
)  # fmt: skip
"""Of the compiler, for every board."""


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
        functions: Bytes of each function of the linked file; what the compiler split off a function is a part of it.
        frames: Bytes of stack of each function that was compiled.
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
    functions: dict[str, int]
    frames: dict[str, int]


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
        ticks = ticks_of(board, work)
        sizes, symbols = _sections(board, work), _symbols(board, work, "firmware.elf")
        return BoardRun(
            trace=(work / "trace.bin").read_bytes(),
            instructions=instructions_of(board, ticks, math.prod(counted)).reshape(counted),
            model_bytes=sizes.get(".model", 0),
            const_bytes=sizes.get(".weights", 0),
            flash_bytes=sum(
                sizes.get(name, 0) for name in (".vectors", ".model", ".weights", ".text", ".data")
            ),
            ram_bytes=sum(sizes.get(name, 0) for name in (".data", ".state", ".bss")),
            state_bytes=sizes.get(".state", 0),
            stack_bytes=int(ticks[-1]),
            arrays=_arrays(symbols),
            functions=_functions(symbols),
            frames=frames_of(work),
        )


def instructions_of(board: Board, ticks: np.ndarray, n_calls: int) -> np.ndarray:
    """Return the instructions of each call, without those of counting: [calls]."""
    if len(ticks) < _WARM_UP + n_calls + 1:
        raise RecordError(f"{board.name}: the firmware ended before all samples were run")
    counted = ticks[_WARM_UP : _WARM_UP + n_calls].astype(np.float64)
    counted -= ticks[1:_WARM_UP].min()
    return np.asarray(np.rint(counted * per_tick(board)), np.int64)


def per_tick(board: Board) -> float:
    """Return the instructions that a board executes in a tick of its counter."""
    return 1.0 if not board.tick_hz else 1e9 / board.tick_hz / 2**_SHIFT


def _build(board: Board, library: Path, work: Path, optimise: str, libraries: Sequence[str]) -> None:
    support = resources.files("hwsearch.export.boards") / "support"
    template = jinja2.Template((support / "linker.ld.j2").read_text(encoding="utf-8"))
    (work / "board.ld").write_text(template.render(board=board, stack_bytes=STACK_BYTES), encoding="utf-8")
    header = (library / "test" / f"{PREFIX}_trace.h").read_text(encoding="utf-8")
    for name, data in support_objects(board, optimise, header):
        (work / name).write_bytes(data)
    for source in [*(library / "src" / name for name in _LIBRARY), library / "test" / f"{PREFIX}_trace.c"]:
        compiled(board, source, work, [library / "src", library / "test"], optimise)
    linked(board, work, library, libraries)


def linked(board: Board, work: Path, library: Path, libraries: Sequence[str] = ()) -> None:
    """Link all objects of a folder by its ``board.ld`` to its ``firmware.elf``; ``libraries``: looked in besides.

    Raises:
        InputError: They do not fit.
    """
    flags = [*board.flags, "-nostdlib", "-nostartfiles", "-Wl,--gc-sections"]
    objects = sorted(path.name for path in work.glob("*.o"))
    command = [
        f"{board.prefix}gcc",
        *flags,
        "-Tboard.ld",
        "-o",
        "firmware.elf",
        *objects,
        *libraries,
        "-lgcc",
    ]
    _tool(board, work, command, library)


@lru_cache
def support_objects(board: Board, optimise: str, header: str) -> tuple[tuple[str, bytes], ...]:
    """Return the objects of the test's own firmware, and their stack, by file name: every library has the same."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        for item in (resources.files("hwsearch.export.boards") / "support").iterdir():
            if item.name.endswith((".c", ".h")):
                (work / item.name).write_text(item.read_text(encoding="utf-8"), encoding="utf-8")
        (work / f"{PREFIX}_trace.h").write_text(header, encoding="utf-8")
        for source in ("main.c", "memory.c", f"start_{board.architecture}.c"):
            compiled(board, work / source, work, [work], optimise)
        return tuple((p.name, p.read_bytes()) for p in sorted(work.iterdir()) if p.suffix in (".o", ".su"))


def compiled(board: Board, source: Path, work: Path, folders: Sequence[Path], optimise: str = "-O2") -> None:
    """Compile a source for a board into a folder; ``folders``: of headers."""
    flags = [*board.flags, *FLAGS, optimise, "-DSNN_COUNTED", *(f"-I{folder}" for folder in folders)]
    command: list[str | Path] = [f"{board.prefix}gcc", *flags, "-c", "-o", f"{source.stem}.o", source]
    _tool(board, work, command, source.parent.parent)


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


def ticks_of(board: Board, work: Path) -> np.ndarray:
    """Run the ``firmware.elf`` of a folder on its ``inputs.bin``; return the ticks that it wrote."""
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
    return np.frombuffer((work / "ticks.bin").read_bytes(), "<u4")


def _sections(board: Board, work: Path) -> dict[str, int]:
    """Return the bytes of each section of the linked file."""
    lines = _tool(board, work, [f"{board.prefix}size", "-A", "firmware.elf"], work).splitlines()
    parts = [line.split() for line in lines]
    return {part[0]: int(part[1]) for part in parts if len(part) == 3 and part[0].startswith(".")}


_Symbol = tuple[str, str, int]
"""Name, nm's letter, bytes."""


def _symbols(board: Board, work: Path, file: str) -> list[_Symbol]:
    """Return each symbol of a file that has a size."""
    listed = _tool(board, work, [f"{board.prefix}nm", "-S", file], work).splitlines()
    parts = [line.split() for line in listed]
    return [(part[3], part[2], int(part[1], 16)) for part in parts if len(part) == 4]


def _arrays(symbols: list[_Symbol]) -> dict[str, int]:
    """Return the bytes of each of the library's constant arrays in the linked file."""
    pattern = re.compile(rf"{PREFIX}_(weights|bias|threshold)_")
    return {name: n_bytes for name, _, n_bytes in symbols if pattern.match(name)}


def function_sizes(board: Board, work: Path, file: str) -> dict[str, int]:
    """Return the bytes of each function of a file; what the compiler split off a function is a part of it."""
    return _functions(_symbols(board, work, file))


def _functions(symbols: list[_Symbol]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for name, letter, n_bytes in symbols:
        if letter in "tT":
            total[name.partition(".")[0]] += n_bytes
    return dict(total)


def frames_of(work: Path) -> dict[str, int]:
    """Return the bytes of stack of each function, as the compiler wrote it beside the objects of a folder."""
    frames: dict[str, int] = {}
    for path in sorted(work.glob("*.su")):
        for line in path.read_text(encoding="utf-8").splitlines():
            place, n_bytes, _ = line.split("\t")
            name = place.rpartition(":")[2].partition(".")[0]
            frames[name] = max(frames.get(name, 0), int(n_bytes))
    return frames
