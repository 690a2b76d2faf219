"""What this machine has of all that hwsearch can use, and what each missing part costs.

Whoever installs it sees at once whether it trains as fast as it can, which boards it emulates and which data sets it
finds. A missing part takes a way away, or time, and never changes a number. Not for installing anything.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hwsearch.data.readers.shipped import FOLDERS
from hwsearch.export.boards.boards import BOARDS
from hwsearch.export.boards.emulate import missing_tools
from hwsearch.native.library import why_none
from hwsearch.train.size import available_bytes

_LEAST_BYTES = 2 * 1024**3
_PACKAGES = {"arm-none-eabi-": "gcc-arm-none-eabi", "riscv64-unknown-elf-": "gcc-riscv64-unknown-elf"}
_EMULATORS = {"qemu-system-arm": "qemu-system-arm", "qemu-system-riscv32": "qemu-system-misc"}
"""Of Debian and Ubuntu."""

_EXTRAS = {
    "cluster": ("distributed", "no training on other machines (--scheduler)"),
    "postgres": ("psycopg", "no searches kept in PostgreSQL (--storage postgresql+psycopg://...)"),
    "parquet": ("pyarrow", "tables in parquet files are not read; csv and tsv are"),
    "audio": ("soundfile", "wav files whose numbers are not whole are not read; PCM is"),
    "events": ("aedat", "AEDAT 4 files are not read; N-MNIST's, SHD's and AEDAT 2 and 3 are"),
}


@dataclass(frozen=True)
class Part:
    """One thing that hwsearch can use.

    Attributes:
        name: What it is.
        found: What there is of it, in words; empty: nothing.
        cost: What its absence, or having little of it, costs; empty: nothing is amiss.
        todo: What to do about it.
    """

    name: str
    found: str
    cost: str = ""
    todo: str = ""

    def __str__(self) -> str:
        """Return it in a line: a word that says how it is, what is there, what is missing and what to do."""
        state = "ok" if not self.cost else "little" if self.found else "missing"
        said = "; ".join(each for each in (self.found, self.cost) if each)
        return f"{state:<9}{self.name:<24}{said}{f' ({self.todo})' if self.todo else ''}"


def parts_of_machine(root: Path | None) -> Iterator[Part]:
    """Yield what this machine has and lacks: the machine itself, boards, data sets, extras.

    Args:
        root: The folder of data sets; None: nobody named it.
    """
    yield Part("Python", platform.python_version())
    yield _processor()
    yield _memory()
    yield _gpu()
    yield _loops()
    yield from _boards()
    yield from _data(root)
    for extra, (module, cost) in _EXTRAS.items():
        if importlib.util.find_spec(module) is None:
            yield Part(f"extra {extra}", "", cost, f"pip install 'hwsearch[{extra}]'")
        else:
            yield Part(f"extra {extra}", f"{module} is installed")


def _processor() -> Part:
    n = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Part("processor", f"{n} core{'s' if n > 1 else ''}, so a run trains in {n} at once")


def _memory() -> Part:
    free = available_bytes()
    found = f"{free / 1024**3:.1f} GiB free"
    if free >= _LEAST_BYTES:
        return Part("memory", found)
    return Part("memory", found, "less than 2 GiB: workers may be killed", "run with --workers 1")


def _gpu() -> Part:
    import torch  # takes seconds

    if torch.cuda.is_available():
        return Part("GPU", torch.cuda.get_device_name())
    return Part(
        "GPU", f"none that torch {torch.__version__} can use: networks this small train on the processor"
    )


def _loops() -> Part:
    why = why_none()
    if not why:
        return Part("compiled loops", "built")
    return Part("compiled loops", "", why, "install gcc and libc6-dev")


def _boards() -> Iterator[Part]:
    """Yield whether exported C is built and run for this computer, and for the boards of each architecture."""
    if any(shutil.which(name) for name in ("cc", "gcc", "clang")):
        yield Part("verify --format c", "a C compiler for this computer")
    else:
        yield Part("verify --format c", "", "exported C is not built and compared here", "install gcc")
    for architecture in sorted({board.architecture for board in BOARDS.values()}):
        boards = [board for board in BOARDS.values() if board.architecture == architecture]
        name, idents = f"boards of {architecture}", ", ".join(board.ident for board in boards)
        missing = missing_tools(boards[0])
        if not missing:
            yield Part(name, idents)
            continue
        packages = f"{_PACKAGES[boards[0].prefix]} {_EMULATORS[boards[0].emulator]}"
        cost = f"no firmware on emulated {idents}: there is no {', '.join(missing)}"
        yield Part(name, "", cost, f"apt-get install {packages}")


def _data(root: Path | None) -> Iterator[Part]:
    yield Part("data set digits", "of scikit-learn")
    for name, folder in FOLDERS.items():
        if root is not None and (root / folder).is_dir():
            yield Part(f"data set {name}", str(root / folder))
            continue
        where = "no folder of data sets is named" if root is None else f"{root} does not hold {folder}/"
        todo = "set --data-root or HWSEARCH_DATA" if root is None else f"put its files into {root / folder}"
        yield Part(f"data set {name}", "", f"studies of it cannot run: {where}", todo)
