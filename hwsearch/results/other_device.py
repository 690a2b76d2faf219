"""A finished run's networks on another device: priced there, held against its limits and the study's; none is trained.

Not for the widths' effect on accuracy: networks that need wider integers than the device has are left out, the others
answer as they did on the run's device.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hwsearch.errors import NothingFits
from hwsearch.hardware.cost_model import cost_fields, price
from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.profiles.load import load_profile
from hwsearch.hardware.rules.check import violations
from hwsearch.hardware.workload import Workload
from hwsearch.records.columns import LaterColumns, knob_columns
from hwsearch.records.finals import FinalRecord, read_finals
from hwsearch.records.front import FRONT_COLUMNS, DenseRow
from hwsearch.records.run_folder import RunFolder
from hwsearch.records.tables import Cell, whole_numbers
from hwsearch.records.trials import COST_COLUMNS, CostFields, TrialRecord, objective_values
from hwsearch.search.decide.front import non_dominated, worst_error
from hwsearch.search.optuna_study import records_of
from hwsearch.study.model import Study, load_study


@dataclass(frozen=True)
class LeftOut:
    """Trials that are not on the front, for one reason.

    Attributes:
        reason: In words.
        trials: Their numbers, rising.
    """

    reason: str
    trials: tuple[int, ...]


@dataclass(frozen=True)
class FrontOn:
    """The front of a run's trials on a device.

    Attributes:
        front: Its members: front.csv on the run's own device, and priced anew on another, where ``evidence`` says
            whether a row's accuracies are those of the final trainings (``final``) or of the search (``search``).
        left_out: All other candidates, by reason.
        notes: What of the study the device cannot tell.
    """

    front: pd.DataFrame
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Entry:
    """A trained network, by the best evidence that there is.

    Attributes:
        record: Its trial.
        final: Its final trainings; None: it had none.
    """

    record: TrialRecord
    final: FinalRecord | None

    @property
    def source(self) -> FinalRecord | TrialRecord:
        return self.record if self.final is None else self.final

    @property
    def evidence(self) -> str:
        return "search" if self.final is None else "final"

    @property
    def score(self) -> float:
        assert self.source.score is not None
        return self.source.score

    @property
    def workload(self) -> Workload:
        assert self.source.workload is not None
        return self.source.workload

    def row(self, costs: CostFields, later: LaterColumns) -> dict[str, Cell]:
        """Return the row of a front's table; later: the knobs that the study turns."""
        cells: dict[str, Cell] = {"trial": self.record.trial, **knob_columns(self.record.candidate)}
        cells["accuracy_val"] = self.source.accuracy_val
        for name in ("accuracy_test", "accuracy_test_low", "accuracy_test_high"):
            cells[name] = getattr(self.final, name, None)
        first = {name: cells[name] if name in cells else costs.get(name) for name in FRONT_COLUMNS}
        scored: dict[str, Cell] = {}
        if self.source.score_val is not None:
            tested = ("score_test", "score_test_low", "score_test_high")
            scored = {"score_val": self.score} | {name: getattr(self.final, name, None) for name in tested}
        return first | costs | scored | {"evidence": self.evidence} | later.columns(self.record.candidate)


@dataclass(frozen=True)
class _Reason:
    """Why a network is left out: the law that it breaks, and how far, where that differs from trial to trial."""

    law: str
    detail: str = ""


def front_here(folder: RunFolder, front: pd.DataFrame, storage: str | None = None) -> FrontOn:
    """Return the front on the run's own device: front.csv, and how the candidates ended that are not in it."""
    entries, reasons = _entries(folder, records_of(folder, load_study(folder.study), storage))
    members = set(front["trial"])
    for entry in entries:
        if entry.record.trial not in members:
            reasons[entry.record.trial] = _Reason("trained, and not on the run's front")
    return FrontOn(front, _grouped(reasons))


def front_elsewhere(
    folder: RunFolder, device: HardwareProfile, dense: DenseRow, storage: str | None = None
) -> FrontOn:
    """Return the front on another device than the run's own.

    Args:
        folder: The run's.
        device: The other device.
        dense: The run's dense network.
        storage: URL of the run's storage; None: the one that the folder remembers.

    Raises:
        NothingFits: No trained network maps onto the device and keeps the study's budgets and tolerance there.
    """
    study = load_study(folder.study)
    if device.family == "mcu":
        device = device.storing(study.device.storage, study.device.budgets).pricing(study.device.firmware)
    records = records_of(folder, study, storage)
    question = _question(study, device, load_profile(folder.profile), dense)
    entries, reasons = _entries(folder, records)
    usable = []
    for entry in entries:
        costs = cost_fields(price(entry.workload, device))
        reason = next(_reasons(question, entry, costs), None)
        if reason is None:
            usable.append((entry, costs))
        else:
            reasons[entry.record.trial] = reason
    if not usable:
        counts = "; ".join(f"{len(group.trials)} {group.reason}" for group in _grouped(reasons))
        raise NothingFits(f"no trained candidate is of use on {device.id}: {counts or 'none was asked'}")
    front, dominated = _front_of(question, usable)
    lost = "the run's folder has no finals.json: nothing is known of final trainings"
    missing = folder.summary.exists() and not folder.finals.exists()
    notes = (*question.notes, *([lost] if missing else []))
    return FrontOn(front, _grouped(reasons | dict.fromkeys(dominated, _DOMINATED)), notes)


_DOMINATED = _Reason("dominated: another is as good in everything and better in something")


def _front_of(
    question: _Question, usable: Sequence[tuple[_Entry, CostFields]]
) -> tuple[pd.DataFrame, list[int]]:
    """Return the front of networks of use as a table, and the trials that are not on it."""
    values = [objective_values(question.objectives, entry.score, costs) for entry, costs in usable]
    rows, dominated = [], []
    for (entry, costs), member in zip(usable, non_dominated(np.array(values)), strict=True):
        if member:
            rows.append(entry.row(costs, LaterColumns.of(question.study, question.home)))
        else:
            dominated.append(entry.record.trial)
    front = whole_numbers(pd.DataFrame(rows)).sort_values(["memory_bytes", "trial"]).reset_index(drop=True)
    return front, dominated


def _entries(folder: RunFolder, records: Sequence[TrialRecord]) -> tuple[list[_Entry], dict[int, _Reason]]:
    """Return what was trained, by the best evidence, and of the others that they were not."""
    finals = read_finals(folder.finals)
    trained = [r for r in records if r.outcome == "trained" and r.workload and r.accuracy_val is not None]
    entries = [_Entry(record, finals.get(record.trial)) for record in trained]
    known = {record.trial for record in trained}
    return entries, {r.trial: _Reason(f"not trained: {r.outcome}") for r in records if r.trial not in known}


@dataclass(frozen=True)
class _Question:
    """What a study asks of networks on another device.

    Attributes:
        study: Of the run.
        device: The other device.
        home: The run's own.
        objectives: Those of the study that the device can tell.
        budgets: Likewise.
        worst: The error from which on a network is of no use, by evidence.
        notes: What the device cannot tell.
    """

    study: Study
    device: HardwareProfile
    home: HardwareProfile
    objectives: tuple[str, ...]
    budgets: Mapping[str, float]
    worst: Mapping[str, float]
    notes: tuple[str, ...]


def _question(study: Study, device: HardwareProfile, home: HardwareProfile, dense: DenseRow) -> _Question:
    """Return what is asked on a device; what it cannot tell is left out, and a note says so."""
    # runs of earlier versions did not keep what the search itself compared with
    scored = dense.score_val is not None
    score, searched = dense.score, dense.score_val_search if scored else dense.accuracy_val_search
    assert score is not None
    known = {"error", *COST_COLUMNS, *(f"{bank.name}_bytes" for bank in device.banks)}
    told = {name for name in known if device.tells(name)}
    objectives = tuple(name for name in study.objectives if name in told)
    budgets = study.device.budgets
    notes = [f"{device.id} cannot tell {name}: no objective" for name in study.objectives if name not in told]
    if objectives == ("error",):
        objectives = ("error", "memory_bytes")
        notes.append("memory_bytes is an objective in its place")
    notes += [
        f"the budget of {name} ({limit:,.6g}) is not held: {device.id} "
        + ("cannot tell it" if name in known else "has no such bank")
        for name, limit in budgets.items()
        if name not in told
    ]
    notes.append(
        f"accuracies are those of the integer model at the widths of {home.id}; evidence is final where they are means "
        "over fresh seeds, else the one training of the search"
    )
    return _Question(
        study=study,
        device=device,
        home=home,
        objectives=objectives,
        budgets={name: limit for name, limit in budgets.items() if name in told},
        worst={
            "final": worst_error(study, 1.0 - score, in_full=True),
            "search": worst_error(study, 1.0 - (score if searched is None else searched)),
        },
        notes=tuple(notes),
    )


def _reasons(question: _Question, entry: _Entry, costs: CostFields) -> Iterator[_Reason]:
    """Yield why a network is left out, the hardest law first."""
    device = question.device
    broken = violations(entry.workload, device)
    if any(violation.rule == "weight_bits_offered" for violation in broken):
        offered = ", ".join(map(str, device.weight_bits))
        yield _Reason(f"weight bits not offered: {device.id} takes {offered}")
    if not entry.record.skilled:
        yield _Reason("is no better than always answering the largest class")
    for violation in broken:
        yield _Reason(f"breaks {device.id}'s rule {violation.rule}", violation.message)
    yield from _too_narrow(question, entry)
    for name, limit in question.budgets.items():
        need = costs[name]
        if need is not None and need > limit:
            yield _Reason(f"over the budget of {name} ({limit:,.6g})", f"{need:,.6g}")
    least = 1.0 - question.worst[entry.evidence]
    if entry.score <= least:
        detail = f"{entry.score:.4g} on validation; more than {least:.4g} is needed"
        what = question.study.score.replace("_", " ")
        yield _Reason(f"loses more {what} than search.worth allows", detail)


def _too_narrow(question: _Question, entry: _Entry) -> Iterator[_Reason]:
    """Yield the integers of the device that are narrower than what the network used on the run's own."""
    home, source, chosen = question.home, entry.source, entry.workload.state_bits
    device = question.device.with_membranes(chosen)
    widths = (
        ("accumulators", source.accumulator_bits, home.accumulator_bits, device.accumulator_bits),
        ("membranes", source.membrane_bits, chosen or home.state_bits, device.state_bits),
    )
    for what, needed, had, offered in widths:
        # beyond the width of its own device a network never went
        if needed is not None and min(needed, had) > offered:
            law = f"needs wider {what} than the {offered} bits of {device.id}"
            yield _Reason(law, f"{min(needed, had)} bits")


def _grouped(reasons: Mapping[int, _Reason]) -> tuple[LeftOut, ...]:
    """Return trials by the law that they broke, the commonest first."""
    by_law: dict[str, list[int]] = {}
    for trial in sorted(reasons):
        by_law.setdefault(reasons[trial].law, []).append(trial)
    found = []
    for law, trials in sorted(by_law.items(), key=lambda item: (-len(item[1]), item[0])):
        detail = reasons[trials[0]].detail
        found.append(LeftOut(f"{law} (trial {trials[0]}: {detail})" if detail else law, tuple(trials)))
    return tuple(found)
