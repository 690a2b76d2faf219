"""hwsearch: the smallest spiking neural network that fits a device.

The flow, folder by folder::

    study      a question in YAML             -> Study
    hardware   a device in YAML               -> HardwareProfile; Workload -> Cost
    space      what may be tried              -> Candidate
    data       samples                        -> splits
    network    a topology                     -> a trainable stack, and integers
    native     loops in C, where they can be compiled
    compress   weights                        -> masks, integers, bytes
    tickets    a trained dense network        -> which weights survive
    train      a stack of tickets             -> trained weights
    predict    before training                -> workload
    measure    after training                 -> accuracy, workload
    records    what a run writes              -> its files, each with a schema
    stress     disturbances                   -> what networks lose under them
    monitor    a stream of inferences         -> whether the world has drifted
    plan       study, device and data         -> the question, checked; prices held to budgets
    search     candidates, batch by batch     -> records, the Pareto front     (start at search/evaluate.py)
    comparison every finder on one task       -> tables of tickets
    report     a run's files                  -> tables, figures, one page
    export     a picked model                 -> files that run, and a proof of them
    results    a run's folder                 -> its answer, the front on another device, a network recovered

``run``, ``search``, ``load_run`` and ``Result`` are the interface; the command line is a thin skin over them. Importing
the package loads neither torch nor pandas: they come with the first call. It loads next to nothing: a command must heed
signals before anything else (`interrupts`).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hwsearch.api import confirm, run
    from hwsearch.api_arrays import search
    from hwsearch.errors import (
        Fault,
        HwsearchError,
        InputError,
        Interrupted,
        NothingFits,
        RecordError,
        Unfinished,
    )
    from hwsearch.results.result import Result, load_run

__version__ = "0.1.0"
__all__ = [  # noqa: RUF022
    "search",
    "run",
    "load_run",
    "confirm",
    "Result",
    "HwsearchError",
    "InputError",
    "NothingFits",
    "Unfinished",
    "Interrupted",
    "RecordError",
    "Fault",
]
"""What there is, the useful first; ``dir(hwsearch)`` lists the same, sorted, and nothing else."""

_LATE = {
    **dict.fromkeys(["confirm", "run"], "api"),
    **dict.fromkeys(["Result", "load_run"], "results.result"),
    **dict.fromkeys(
        ["Fault", "HwsearchError", "InputError", "Interrupted", "NothingFits", "RecordError", "Unfinished"],
        "errors",
    ),
    "api_arrays": "",
    "search": "",
}
"""Public names, with the module of each, which is loaded when it is asked for; those without one are modules."""


def __getattr__(name: str) -> Any:
    import importlib

    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if not _LATE[name]:
        return importlib.import_module(f"{__name__}.{name}")
    return getattr(importlib.import_module(f"{__name__}.{_LATE[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
