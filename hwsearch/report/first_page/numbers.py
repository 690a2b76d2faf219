"""A run's numbers as the first page takes them: each with the cell that it stands in. None where it is not known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from hwsearch.errors import InputError
from hwsearch.hardware.device import GRADES, HardwareProfile
from hwsearch.records.front import FrontRow
from hwsearch.records.rival import RivalRow
from hwsearch.records.run_folder import RunFolder
from hwsearch.report.first_page.parts import Cell, Kind, Number, Part, Text, said
from hwsearch.report.fits import device_of
from hwsearch.report.tables import RunTables
from hwsearch.report.typed import typed_folder
from hwsearch.study.model import Study, load_study

SUMMARY, FRONT, RIVAL, STRESS = "summary.json", "front.csv", "rival.csv", "stress.csv"
STUDY, PROFILE, TRIALS = "study.yaml", "profile.yaml", "trials.csv"

COSTS = ("memory_bytes", "energy_j", "latency_s", "synaptic_ops")


def kind_of(column: str) -> Kind:
    """Return how a column's numbers are spelt."""
    if column.startswith(("accuracy", "score", "recall", "noise")):
        return "share"
    endings: dict[str, Kind] = {"_bytes": "bytes", "_j": "energy", "_s": "time"}
    return next((kind for ending, kind in endings.items() if column.endswith(ending)), "count")


def number(file: str, row: str, column: str, value: float | None, kind: Kind | None = None) -> Number | None:
    """Return a number of one cell; None where it is not known."""
    if value is None:
        return None
    return Number(kind or kind_of(column.rpartition(".")[2]), (Cell(file, row, column, value),))


def of_rival(row: RivalRow, column: str) -> Number | None:
    """Return a number of a row of rival.csv."""
    return number(RIVAL, f"place={row.place}", column, row.number(column))


def of_front(row: FrontRow, column: str) -> Number | None:
    """Return a number of a row of front.csv."""
    return number(FRONT, f"trial={row.trial}", column, row.number(column))


def measured(row: FrontRow | RivalRow, column: str) -> Number | None:
    """Return a number of a row of either front."""
    return of_rival(row, column) if isinstance(row, RivalRow) else of_front(row, column)


@dataclass(frozen=True)
class Run:
    """A finished run, as the page asks it.

    Attributes:
        tables: What its folder holds.
    """

    tables: RunTables

    @cached_property
    def study(self) -> Study | None:
        """The study as used; None: this version cannot read it."""
        try:
            return load_study(RunFolder(self.tables.run_dir).study)
        except InputError:
            return None

    @cached_property
    def device(self) -> HardwareProfile | None:
        """The device; None: this version cannot read its profile."""
        return device_of(self.tables)

    @property
    def device_name(self) -> Text:
        """What the device is called."""
        return Text(self.tables.summary.profile if self.device is None else self.device.name)

    @property
    def typed(self) -> str:
        """The run's folder as it is typed in a shell."""
        return typed_folder(self.tables.run_dir)

    @property
    def scored(self) -> str:
        """How columns of the study's score begin: ``accuracy`` or ``score``."""
        return "accuracy" if self.tables.summary.score == "accuracy" else "score"

    def pick(self, column: str) -> Number | None:
        """Return a number of the pick."""
        row = self.tables.summary.pick
        return None if row is None else of_front(row, column)

    def dense(self, column: str) -> Number | None:
        """Return a number of the dense reference."""
        return self.summary(f"dense.{column}", self.tables.summary.dense.number(column))

    def summary(self, place: str, value: float | None, kind: Kind | None = None) -> Number | None:
        """Return a number of summary.json."""
        return number(SUMMARY, "", place, value, kind)

    def of_study(self, place: str, value: float | None) -> Number | None:
        """Return a share that the study sets."""
        return number(STUDY, "", place, value, "share")

    def grade(self, column: str) -> Part:
        """Return how well a number of the device is known, in words."""
        text = self.tables.summary.labels.get(column, "")
        grade = next((grade for grade in GRADES if text.split(",")[0] == grade), None)
        if grade is None:
            return Text(text) if text else said("grade.none")
        unchecked = ".unchecked" if text.endswith("uncalibrated") else ""
        return said(f"grade{unchecked or '.checked'}", grade=said(f"grade.{grade}"))


def limits(run: Run) -> list[tuple[str, Number]]:
    """Return each limit: the column, and its most; budgets of the study, then memories that no budget is set for."""
    budgets = run.tables.summary.budgets
    found = [(name, number(SUMMARY, "", f"budgets.{name}", most)) for name, most in budgets.items()]
    banks = [] if run.device is None else run.device.banks
    for bank in banks:
        name = f"{bank.name}_bytes"
        if name not in budgets and bank.free_bytes is not None:
            found.append((name, number(PROFILE, "", name, float(bank.free_bytes))))
    return [(name, most) for name, most in found if most is not None]


def quotient(of: Number, by: Number) -> Number:
    """Return how many times one number is another."""
    return Number("times", (*of.cells, *by.cells), "quotient")


def saving(of: Number, to: Number) -> Number:
    """Return by which share of itself the first number is above the second."""
    return Number("share", (*of.cells, *to.cells), "saving")


def points(of: Number, less: Number) -> Number:
    """Return by how many percentage points one share is above another."""
    return Number("points", (*of.cells, *less.cells), "difference")
