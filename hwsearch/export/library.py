"""The C library of an export: what its files should be, what it computes here, and on an emulated board."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hwsearch.errors import InputError, RecordError
from hwsearch.export.boards.boards import Board
from hwsearch.export.boards.emulate import missing_tools, run_on
from hwsearch.export.boards.findings import board_findings
from hwsearch.export.boards.predict import Prediction, predicted
from hwsearch.export.c.check import check_library, first_difference
from hwsearch.export.c.model import CModel, c_model
from hwsearch.export.c.project import FILES, FOLDER, project_files
from hwsearch.export.c.work import library_of
from hwsearch.export.checks import Check, check_file
from hwsearch.export.weights import FILE as WEIGHTS
from hwsearch.export.weights import packing_of, read_weights
from hwsearch.hardware.profiles.cores import FOLDER as CORES
from hwsearch.hardware.profiles.cores import core_of
from hwsearch.hardware.profiles.folders import profile_folders
from hwsearch.measure.workload import count_workload
from hwsearch.network.integer import Run, run_integer
from hwsearch.network.integers import IntegerNetwork
from hwsearch.network.store import load_tensors

CHECK = "check.safetensors"
"""Recorded inputs, with what the integer model makes of them."""


def check_c(folder: Path, manifest: dict[str, Any]) -> list[Check]:
    """Compare a C library with what its weights give, and build it and compare what it computes."""
    network, _ = read_weights(folder / WEIGHTS)
    recorded, _ = load_tensors(folder / CHECK)
    run = run_integer(network, recorded["inputs"], trace=True)
    library = _library(folder, network)
    edited = {name for name in FILES if not check_file(folder, name, manifest["files"][name]).passed}
    checks = []
    if edited:  # an older version wrote other files, so they are compared only to find the place
        fresh = project_files(library, manifest["identity"], recorded["inputs"], run)
        places = [f"{name}: {first_difference(folder / name, fresh[name])}" for name in sorted(edited)]
        checks.append(Check("C files", False, "; ".join(places)))
    passed, detail = check_library(folder, library, recorded["inputs"], run)
    return [*checks, Check("C library", passed is not False, detail, skipped=passed is None)]


def _library(folder: Path, network: IntegerNetwork) -> CModel:
    """Return an export's network as C; what was exported once can be said, so one that cannot is damaged."""
    try:
        return c_model(network, *packing_of(folder / WEIGHTS))
    except (InputError, ValueError) as error:
        raise RecordError(f"{folder / WEIGHTS}: the file must hold a network of C; got: {error}") from None


def check_board(board: Board, folder: Path, manifest: dict[str, Any]) -> list[Check]:
    """Run a C library on an emulated board, and compare all of it with the integer model."""
    missing = missing_tools(board)
    if missing:
        detail = f"not run: {', '.join(missing)} must be installed"
        return [Check(board.ident, True, detail, skipped=True)]
    network, _ = read_weights(folder / WEIGHTS)
    recorded, _ = load_tensors(folder / CHECK)
    library = _library(folder, network)
    ran = run_on(board, folder / FOLDER, library, recorded["inputs"])
    run = run_integer(network, recorded["inputs"], trace=True)
    return [Check(*each) for each in board_findings(board, library, ran, run, _told(board, library, run))]


def _told(board: Board, library: CModel, run: Run) -> Prediction | None:
    """Return what is predicted of a library on a board, with the events of a run; None where its core is not known."""
    folders = tuple(profile_folders())
    if not any((folder / CORES / f"{board.core}.yaml").exists() for folder in folders):
        return None
    workload = count_workload(library.network, run.input_maps, run.spikes)
    return predicted(library, library_of(library, workload), core_of(board.core, folders, "--board"))
