"""The C library of an export: what its files should be, what it computes here, and on an emulated board.

Building and running a library runs code, and an export may be anybody's. So only what this version itself writes of
the export's weights is built, from its own copy; a library that differs is named, and built only where the asker says
that the code is his own.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hwsearch.errors import InputError, RecordError
from hwsearch.export.agree import IDENTITY
from hwsearch.export.boards.boards import Board
from hwsearch.export.boards.emulate import missing_tools, run_on
from hwsearch.export.boards.findings import board_findings
from hwsearch.export.boards.predict import Prediction, predicted
from hwsearch.export.c.check import check_library, check_monitor, first_difference
from hwsearch.export.c.model import CModel, c_model
from hwsearch.export.c.project import FILES, FOLDER, MONITOR_FILES, project_files
from hwsearch.export.c.work import library_of
from hwsearch.export.checks import Check, check_file
from hwsearch.export.monitor import FILE as MONITOR
from hwsearch.export.monitor import read_monitor
from hwsearch.export.recorded import run_recorded
from hwsearch.export.replace import MANIFEST
from hwsearch.export.weights import FILE as WEIGHTS
from hwsearch.export.weights import packing_of
from hwsearch.hardware.profiles.cores import FOLDER as CORES
from hwsearch.hardware.profiles.cores import core_of
from hwsearch.hardware.profiles.folders import profile_folders
from hwsearch.measure.workload import count_workload
from hwsearch.monitor.rule import Rule
from hwsearch.network.integer import Run
from hwsearch.network.integers import IntegerNetwork

OWN_CODE = "--own-code"
"""The option that says that a library's code is the asker's own."""


def check_c(folder: Path, manifest: dict[str, Any], own_code: bool = False) -> list[Check]:
    """Compare a C library with what its weights give, and build it and compare what it computes.

    Args:
        folder: The export.
        manifest: Its manifest.
        own_code: Whether to build and run the folder's code though this version writes another.
    """
    network, recorded, run = run_recorded(folder)
    library = _library(folder, network)
    rule = _rule(folder, manifest, network)
    fresh = project_files(library, _identity(folder, manifest), recorded["inputs"], run, rule)
    listed, written = manifest["files"], (*FILES, *(MONITOR_FILES if rule else ()))
    edited = {
        name for name in written if name in listed and not check_file(folder, name, listed[name]).passed
    }
    checks = []
    if edited:  # an older version wrote other files, so they are compared only to find the place
        places = [f"{name}: {first_difference(folder / name, fresh[name])}" for name in sorted(edited)]
        checks.append(Check("C files", False, "; ".join(places)))
    foreign = _foreign(folder, fresh)
    if foreign and not own_code:
        return [*checks, _not_built("C library", foreign)]
    with _built_from(folder, {} if foreign else fresh) as place:
        found = {"C library": check_library(place, library, recorded["inputs"], run)}
        if rule is not None:
            found["C monitor"] = check_monitor(place, library, rule, recorded["inputs"])
    return checks + [
        Check(name, passed is not False, detail, skipped=passed is None)
        for name, (passed, detail) in found.items()
    ]


def _rule(folder: Path, manifest: dict[str, Any], network: IntegerNetwork) -> Rule | None:
    """Return the rule of a library's monitor; None where it has none."""
    if MONITOR_FILES[0] not in manifest["files"]:
        return None
    return read_monitor(folder / MONITOR, network).rule


def _identity(folder: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    """Return which model a manifest says it is, which its library says too."""
    identity: dict[str, Any] = manifest["identity"]
    if missing := [name for name in IDENTITY if name not in identity]:
        raise RecordError(
            f"{folder / MANIFEST}: identity must have {', '.join(IDENTITY)}; got none of {missing[0]}"
        )
    return identity


def _foreign(folder: Path, fresh: dict[str, bytes]) -> str:
    """Return where the library first differs from what this version writes; empty where it does not."""
    for name in sorted(fresh):
        path = folder / name
        if not path.is_file() or path.read_bytes() != fresh[name]:
            return f"{name}: {first_difference(path, fresh[name])}"
    return ""


def _not_built(name: str, foreign: str) -> Check:
    """Return the check that a library of unknown code is."""
    detail = (
        f"not built, since that would run its code: it is not what this version writes of these weights ({foreign}). "
        f"If another version of hwsearch wrote it for you, add {OWN_CODE}"
    )
    return Check(name, False, detail)


@contextmanager
def _built_from(folder: Path, fresh: dict[str, bytes]) -> Iterator[Path]:
    """Give a folder with the files to build: a copy of what this version wrote, else the export itself.

    A header that lies beside the listed files would be found before the system's, so the export's folder is not used.
    """
    if not fresh:
        yield folder
        return
    with tempfile.TemporaryDirectory() as made:
        for name, data in fresh.items():
            path = Path(made) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        yield Path(made)


def _library(folder: Path, network: IntegerNetwork) -> CModel:
    """Return an export's network as C; what was exported once can be said, so one that cannot is damaged."""
    try:
        return c_model(network, *packing_of(folder / WEIGHTS))
    except (InputError, ValueError) as error:
        raise RecordError(f"{folder / WEIGHTS}: the file must hold a network of C; got: {error}") from None


def check_board(board: Board, folder: Path, manifest: dict[str, Any], own_code: bool = False) -> list[Check]:
    """Run a C library on an emulated board, and compare all of it with the integer model."""
    missing = missing_tools(board)
    if missing:
        detail = f"not run: {', '.join(missing)} must be installed"
        return [Check(board.ident, True, detail, skipped=True)]
    network, recorded, run = run_recorded(folder)
    library = _library(folder, network)
    rule = _rule(folder, manifest, network)
    fresh = project_files(library, _identity(folder, manifest), recorded["inputs"], run, rule)
    foreign = _foreign(folder, fresh)
    if foreign and not own_code:
        return [_not_built(board.ident, foreign)]
    with _built_from(folder, {} if foreign else fresh) as place:
        ran = run_on(board, place / FOLDER, library, recorded["inputs"])
    return [Check(*each) for each in board_findings(board, library, ran, run, _told(board, library, run))]


def _told(board: Board, library: CModel, run: Run) -> Prediction | None:
    """Return what is predicted of a library on a board, with the events of a run; None where its core is not known."""
    folders = tuple(profile_folders())
    if not any((folder / CORES / f"{board.core}.yaml").exists() for folder in folders):
        return None
    workload = count_workload(library.network, run.input_maps, run.spikes, arrivals=run.arrivals)
    return predicted(library, library_of(library, workload), core_of(board.core, folders, "--board"))
