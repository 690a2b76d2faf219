"""What other runs of the same task have learned: their learning curves, which hardly depend on the device.

A study may name run folders to learn from (`search.learn_from`). Every candidate that was trained there, if only for a
rung, is an observation for this run's surrogate, priced on this run's device; it is on no front and costs no step.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from hwsearch.errors import Fault, InputError
from hwsearch.plan.fidelity import rung_epochs
from hwsearch.plan.plan import Plan, make_plan
from hwsearch.records.run_folder import RunFolder
from hwsearch.records.trials import TrialRecord, latest
from hwsearch.search.optuna_study import records_of
from hwsearch.study.digest import digest
from hwsearch.study.model import Study, load_study
from hwsearch.study.places import placed


def plan_to_run(study: Study, path: Path | None = None, options: Collection[str] = ()) -> Plan:
    """Return the plan of a run, with what was trained in the runs that its study learns from, as recorded there.

    Raises:
        InputError: As `make_plan` and `carried` do, with all faults of both.
    """
    faults: list[Fault] = []
    others, plan = list[TrialRecord](), None
    try:
        others = carried(study)
    except InputError as error:
        faults += error.faults
    try:
        plan = make_plan(study, path, options)
    except InputError as error:
        faults += error.faults
    if faults or plan is None:
        raise InputError(placed(faults, path, options))
    return replace(plan, others=tuple(others))


def carried(study: Study) -> list[TrialRecord]:
    """Return what was trained in the runs that a study learns from, as it was recorded there.

    Raises:
        InputError: A folder holds no run, or one of another task; all such folders are named.
    """
    faults: list[Fault] = []
    found: list[TrialRecord] = []
    for index, path in enumerate(study.search.learn_from):
        place = f"search.learn_from.{index}"
        folder = RunFolder(Path(path))
        if not folder.study.exists():
            law = "a folder to learn from must hold a run (study.yaml, and its storage)"
            faults.append(Fault(place, law, path, "give the folder that hwsearch run wrote"))
            continue
        try:
            other = load_study(folder.study)
        except InputError as error:
            law = "a folder to learn from must hold a sound study.yaml"
            faults += [Fault(place, law, str(fault)) for fault in error.faults]
            continue
        different = [name for name, value in _task(study).items() if _task(other)[name] != value]
        if different:
            law = "a run to learn from must be of the same task"
            got = f"{path}: another {', '.join(different)}"
            faults.append(Fault(place, law, got, "leave it out, or make these sections equal"))
            continue
        try:
            records = records_of(folder, other)
        except InputError as error:
            faults += [replace(fault, where=place) for fault in error.faults]
            continue
        found += [record for record in latest(records).values() if record.curve]
    if faults:
        raise InputError(faults)
    return found


def _task(study: Study) -> dict[str, str]:
    """Return what must be equal for a learning curve to mean the same: digests of sections, by name."""
    data = study.data.model_copy(update={"root": None})
    sections = {"data": data, "network": study.network, "train": study.train, "tickets": study.tickets}
    scored = {"score": digest(study.score)}
    return (
        {name: digest(section) for name, section in sections.items()}
        | scored
        | {"rungs": str(rung_epochs(study))}
    )
