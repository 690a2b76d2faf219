"""What can go wrong, as one tree.

::

    HwsearchError                 everything this package raises on purpose
    ├── InputError                a study, profile or option breaks a law; carries every fault found     exit 2
    ├── NothingFits               the search ended: no candidate keeps the budgets, or none is a model    exit 1
    ├── Unfinished                a run that goes on has no such answer yet                               exit 4
    ├── Interrupted               stopped from outside; the same command goes on                          exit 3
    │   ├── StorageAway           the storage is locked or cannot be reached                              exit 3
    │   └── WorkersAway           a cluster's scheduler or workers cannot be reached                  exit 3
    ├── NoResources               the machine has no disk or memory left, or ended a worker               exit 5
    └── RecordError               a run folder or an export is not what its record says                   exit 2

Exit codes are in `ExitCode`; docs/exit_codes.md says what to do about each.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from hwsearch.shown import line

GOES_ON = "nothing finished is lost: the same line goes on"


class ExitCode(IntEnum):
    """How a command ends.

    Attributes:
        DONE: It did what it was asked.
        NOTHING_FITS: The search ended, and no candidate keeps the budgets and is a model. It means nothing else.
        WRONG_INPUT: What it was given is wrong: a study, an option, a file or folder, a URL, a run's own files.
        INTERRUPTED: Stopped by a signal, or by a storage that stayed away: the same line goes on.
        UNFINISHED: The run goes on, or was stopped, and has no such answer yet.
        NO_RESOURCES: No room on a disk, no memory, or a worker was killed: the same line goes on once there is.
        BUG: A fault of hwsearch's own; its trace is in a log file.
        CLOSED_PIPE: Whoever read its output went away, as ``head`` does; 128 and the number of SIGPIPE, as shells say.
    """

    DONE = 0
    NOTHING_FITS = 1
    WRONG_INPUT = 2
    INTERRUPTED = 3
    UNFINISHED = 4
    NO_RESOURCES = 5
    BUG = 70
    CLOSED_PIPE = 141


@dataclass(frozen=True)
class Fault:
    """One broken law, with what a person needs to mend it.

    Attributes:
        where: The key or option, dotted (``space.weight_bits.2``); empty for the whole file.
        law: What must hold, in words.
        got: What was found instead; empty when something is missing.
        todo: What to do about it; empty when the law says it.
        path: The file, when there is one.
        line: Its line, counted from 1.
    """

    where: str
    law: str
    got: str = ""
    todo: str = ""
    path: Path | None = None
    line: int | None = None

    def __str__(self) -> str:
        place = "" if self.path is None else f"{self.path}:{self.line}: " if self.line else f"{self.path}: "
        key = f"{self.where}: " if self.where else ""
        got = f"; got {self.got}" if self.got else ""
        todo = f" ({self.todo})" if self.todo else ""
        return line(f"{place}{key}{self.law}{got}{todo}")


def did_you_mean(name: str, known: Iterable[str], what: str) -> str:
    """Return what to write instead of an unknown name: the nearest, then all; ``what`` says what they are."""
    names = sorted(known)
    # nrf5182 is near to nrf51822_microbit, though only by its first part
    parts = {part: full for full in reversed(names) for part in (full.partition("_")[0], full)}
    near = difflib.get_close_matches(name, parts, n=1)
    meant = f"did you mean {parts[near[0]]!r}? " if near else ""
    return f"{meant}known {what}: {', '.join(names)}"


class HwsearchError(Exception):
    """Anything that hwsearch refuses or cannot do; ``exit_code`` is what the command line returns."""

    exit_code = ExitCode.WRONG_INPUT


class InputError(HwsearchError):
    """The input breaks one or more laws; all of them are in ``faults``."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class NothingFits(HwsearchError):
    """No candidate keeps every budget, or none that does knows anything; the message says which, and the nearest."""

    exit_code = ExitCode.NOTHING_FITS


class Unfinished(HwsearchError):
    """A run that was stopped, or is still at work, has no such answer yet; the message says what there is."""

    exit_code = ExitCode.UNFINISHED


class Interrupted(HwsearchError):
    """The run was stopped from outside; nothing finished is lost and the same command resumes it."""

    exit_code = ExitCode.INTERRUPTED


class StorageAway(Interrupted):
    """The storage of a search is locked or cannot be reached; the same command goes on once that is over.

    Attributes:
        law: What must hold, and what was found.
    """

    def __init__(self, law: str) -> None:
        self.law = law
        super().__init__(law)

    def __str__(self) -> str:
        return f"{self.law} ({GOES_ON})"


class NoResources(HwsearchError):
    """The machine has no room on a disk or no memory left, or ended a worker; the same command goes on then."""

    exit_code = ExitCode.NO_RESOURCES


class WorkersAway(Interrupted):
    """A cluster's scheduler or workers cannot be reached; the same command goes on once that is over."""


class RecordError(HwsearchError):
    """A run folder or an export is damaged, incomplete or of another study."""
