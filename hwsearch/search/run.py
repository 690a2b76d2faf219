"""A whole run: plan, dense reference, batches of candidates, final trainings, tables.

Everything finished is on disk before the next thing starts, so the same call goes on wherever the last one ended.
"""

from __future__ import annotations

import importlib.metadata
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from filelock import FileLock, Timeout

from hwsearch.errors import Fault, InputError, NothingFits
from hwsearch.search.cache import Cache
from hwsearch.search.dense import Dense, dense_reference
from hwsearch.search.evaluate import Lab, evaluate, verdict
from hwsearch.search.final import Finalist, Finals, finalise
from hwsearch.search.folder import RunFolder
from hwsearch.search.front import hypervolume, non_dominated
from hwsearch.search.pick import pick_row
from hwsearch.search.plan import Plan
from hwsearch.search.propose import Proposer
from hwsearch.search.records import (
    FRONT_COLUMNS,
    OUTCOMES,
    TrialRecord,
    knob_columns,
    objective_values,
    trials_table,
    whole_numbers,
    write_csv,
    write_text,
)
from hwsearch.search.trainer import Bench, Trainer
from hwsearch.study.model import write_study

_VERSIONED = ("hwsearch", "optuna", "torch", "spikingjelly", "numpy")


@dataclass(frozen=True)
class Event:
    """Something that happened in a run.

    Attributes:
        kind: ``note``, ``dense``, ``candidates``, ``final`` or ``done``.
        text: In words.
        done, total: How far, where that can be said.
    """

    kind: str
    text: str
    done: int = 0
    total: int = 0


Listener = Callable[[Event], None]


def search(
    plan: Plan, folder: RunFolder, *, storage: str | None, workers: int, listen: Listener
) -> dict[str, Any]:
    """Run a search to its end, or go on with it; return the summary.

    Args:
        plan: The question.
        folder: Where everything is written.
        storage: URL of an Optuna storage; None: a file in the folder.
        workers: Processes that train.
        listen: Told of every event.

    Raises:
        InputError: The folder or storage holds another study, or another process runs in it.
        NothingFits: No candidate keeps every budget.
    """
    start = time.perf_counter()
    folder.path.mkdir(parents=True, exist_ok=True)
    with _only_one(folder):
        proposer = _open(plan, folder, storage)
        tell = _logged(folder, listen)
        for note in plan.space.notes:
            tell(Event("note", note))
        bench = Bench(plan.spec, plan.data, plan.widths, plan.study.train.neuron_loop)
        with Trainer(bench, workers) as trainer:
            cache = Cache(folder.cache, plan.digest)
            tell(Event("dense", "training the dense reference", 0, 1))
            lab = Lab(plan, dense_reference(plan, trainer, cache), trainer, cache)
            tell(Event("dense", _dense_words(lab.dense), 1, 1))
            records = _candidates(lab, proposer, folder, tell)
            front = front_records(plan, records)
            if not front:
                # the best so far is kept: trials.csv and the summary are there
                summary = _summary(plan, lab, records, None, pd.DataFrame(columns=list(FRONT_COLUMNS)), start)
                write_text(folder.summary, json.dumps(summary, indent=1))
                raise NothingFits(summary["nearest_miss"])
            finals = finalise(lab, front, lambda n, of: tell(Event("final", "final trainings", n, of)))
        return _finish(plan, lab, folder, records, finals, start)


def front_records(plan: Plan, records: Sequence[TrialRecord]) -> list[TrialRecord]:
    """Return the records on the Pareto front: trained, within every budget, dominated by none."""
    eligible = [r for r in records if r.outcome == "trained" and r.feasible]
    if not eligible:
        return []
    values = np.array([r.objectives(plan.study.objectives) for r in eligible])
    return [r for r, on_front in zip(eligible, non_dominated(values), strict=True) if on_front]


def nearest_miss(plan: Plan, records: Sequence[TrialRecord]) -> str:
    """Say which candidate came closest to keeping the budgets, and which budget binds."""

    def worst(record: TrialRecord) -> tuple[float, str]:
        fields = record.measured or record.predicted
        over = [(float(fields[n] or 0) / limit, n) for n, limit in plan.study.device.budgets.items()]
        return max(over, default=(float("inf"), "a limit of the device"))

    missed = [r for r in records if not r.feasible]
    if not missed:
        return f"no candidate could be trained: {records[0].reason}" if records else "no candidate was asked"
    nearest = min(missed, key=worst)
    ratio, name = worst(nearest)
    knobs = ", ".join(f"{key} {value}" for key, value in knob_columns(nearest.candidate).items())
    fields = nearest.measured or nearest.predicted
    if name not in fields:
        return f"nothing fits. Nearest miss: trial {nearest.trial} ({knobs}): {nearest.reason}"
    limit = plan.study.device.budgets[name]
    return (
        f"nothing fits. Nearest miss: trial {nearest.trial} ({knobs}): needs {name} {fields[name]:,.6g}, "
        f"the budget is {limit:,.6g} ({ratio:.2f} times). The budget that binds is {name}"
    )


def _candidates(lab: Lab, proposer: Proposer, folder: RunFolder, tell: Listener) -> list[TrialRecord]:
    """Ask, evaluate and tell batch after batch; return all records."""
    search, plan = lab.plan.study.search, lab.plan
    total = min(search.candidates, plan.space.size) if search.sampler == "grid" else search.candidates
    kept = {number: TrialRecord.from_json(text) for number, text in proposer.records().items()}
    records: list[TrialRecord] = []
    known: dict[str, TrialRecord] = {}
    for first in range(0, total, search.batch):
        numbers = range(first, min(first + search.batch, total))
        if all(number in kept for number in numbers):
            batch = [kept[number] for number in numbers]
        else:
            proposals = proposer.proposals(first, numbers.stop)
            batch = evaluate(lab, proposals, known, _counting(first, total, tell))
            for record in batch:
                proposer.tell(record.trial, verdict(plan, record, lab.dense), record.to_json())
        records += batch
        for record in batch:
            if record.outcome != "twin":
                known.setdefault(record.candidate.digest, record)
        front = front_records(plan, records)
        write_csv(trials_table(records, {r.trial for r in front}), folder.trials)
        tell(Event("candidates", _best_words(plan, front), numbers.stop, total))
    return records


def _counting(first: int, total: int, tell: Listener) -> Callable[[int], None]:
    """Return a callback that tells how many candidates of a batch are trained."""
    return lambda n: tell(Event("candidates", f"candidates from {first} on: {n} trained", first, total))


def _finish(
    plan: Plan, lab: Lab, folder: RunFolder, records: list[TrialRecord], finals: Finals, start: float
) -> dict[str, Any]:
    """Write the front and the summary of a finished search."""
    members = _on_front(plan, finals.members)
    front = whole_numbers(pd.DataFrame([front_row(m) for m in members]))
    if front.empty:
        front = pd.DataFrame(columns=list(FRONT_COLUMNS))
    front = front.sort_values(["memory_bytes", "trial"]).reset_index(drop=True)
    write_csv(front, folder.front)
    write_csv(trials_table(records, {m.record.trial for m in members if m.record}), folder.trials)
    summary = _summary(plan, lab, records, finals, front, start)
    write_text(folder.summary, json.dumps(summary, indent=1))
    if front.empty:
        raise NothingFits(summary["nearest_miss"])
    return summary


def _on_front(plan: Plan, members: Sequence[Finalist]) -> list[Finalist]:
    """Return the finalists that no other dominates, by what the networks that are handed over measure."""
    if not members:
        return []
    names = plan.study.objectives
    values = np.array([objective_values(names, m.accuracy_val, m.cost) for m in members])
    return [m for m, keep in zip(members, non_dominated(values), strict=True) if keep]


def front_row(member: Finalist) -> dict[str, Any]:
    """Return a finalist as a row of front.csv."""
    assert member.record is not None
    measured, low_high = member.measured, member.accuracy_test_interval
    row: dict[str, Any] = {"trial": member.record.trial, **knob_columns(member.record.candidate)}
    row |= {"accuracy_val": member.accuracy_val, "accuracy_test": measured.accuracy_test}
    row |= {"accuracy_test_low": low_high[0], "accuracy_test_high": low_high[1]}
    row = {name: row.get(name, member.cost.get(name)) for name in FRONT_COLUMNS}
    extra = {name: value for name, value in member.cost.items() if name not in row}
    return row | extra | {
        "accuracy_val_search": member.record.accuracy_val,
        "accuracy_val_float": measured.accuracy_val_float,
        "accuracy_val_own": measured.accuracy_val,
        "accuracy_test_mean": float(np.mean(member.accuracies_test)),
        "accuracy_test_sd": float(np.std(member.accuracies_test, ddof=1)) if len(member.accuracies_test) > 1 else None,
        "drop_val_to_test": member.accuracy_val - float(np.mean(member.accuracies_test)),
        "seeds": len(member.accuracies_test),
        "seed": member.seed,
        "sparsity_mask": member.record.sparsity_mask,
        "sparsity_effective": measured.sparsity_effective,
        "accumulator_bits": measured.accumulator_bits,
        "membrane_bits": measured.membrane_bits,
        "digest": member.record.candidate.digest,
    }  # fmt: skip


def _summary(
    plan: Plan,
    lab: Lab,
    records: Sequence[TrialRecord],
    finals: Finals | None,
    front: pd.DataFrame,
    start: float,
) -> dict[str, Any]:
    """Return the run in numbers (design: summary.json)."""
    study = plan.study
    dense = _dense_fields(lab.dense, finals)
    picked = None
    if not front.empty:
        picked = pick_row(
            front, study.pick.rule, dense["accuracy_val"], study.pick.within, study.pick.min_accuracy
        )
    counts = {"asked": len(records)} | {name: sum(r.outcome == name for r in records) for name in OUTCOMES}
    reference = objective_values(study.objectives, 1.0 / plan.spec.classes, lab.dense.cost)
    values = _front_values(study.objectives, front)
    train = (
        sum(r.train_steps for r in records) + lab.dense.train_steps + (finals.train_steps if finals else 0)
    )
    evals = sum(r.eval_steps for r in records) + lab.dense.eval_steps + (finals.eval_steps if finals else 0)
    return {
        "study": study.name,
        "study_digest": study.digest,
        "profile": plan.profile.id,
        "profile_digest": plan.profile.digest,
        "seed": study.seed,
        "versions": {name: importlib.metadata.version(name) for name in _VERSIONED},
        "objectives": list(study.objectives),
        "budgets": dict(study.device.budgets),
        "dense": dense,
        "counts": counts,
        "cost": {
            "train_steps": train,
            "eval_steps": evals,
            "dense_train_steps": lab.dense.train_steps,
            "final_train_steps": finals.train_steps if finals else 0,
            "wall_s": round(time.perf_counter() - start, 1),
        },
        # candidates are not foreseen yet: there is no similarity to judge and nothing cut to audit
        "similarity": {"n": 0, "spearman": None, "mae": None, "brier": None, "ece": None},
        "audit": {"continued": 0, "false_cuts": 0},
        "front_size": len(front),
        "hypervolume": hypervolume(values, np.array(reference)),
        "reference_point": dict(zip(study.objectives, reference, strict=True)),
        "pick": None if picked is None else _plain(picked),
        "nearest_miss": None if not front.empty else nearest_miss(plan, records),
        "samples": {
            "train": len(plan.data.y_train),
            "val": len(plan.data.y_val),
            "test": len(plan.data.y_test),
        },
        "labels": plan.profile.labels,
        "notes": list(plan.space.notes),
    }


def _dense_fields(dense: Dense, finals: Finals | None) -> dict[str, Any]:
    """Return the dense reference's numbers: of the network that the final protocol chose, once there is one."""
    if finals is None:
        return {"accuracy_val": dense.measured.accuracy_val, "accuracy_test": None, **dense.cost}
    own = finals.dense
    return {
        "accuracy_val": own.accuracy_val,
        "accuracy_test": own.measured.accuracy_test,
        "accuracy_test_low": own.accuracy_test_interval[0],
        "accuracy_test_high": own.accuracy_test_interval[1],
        "accuracy_val_own": own.measured.accuracy_val,
        "accuracy_test_mean": float(np.mean(own.accuracies_test)),
        "accuracy_val_float": own.measured.accuracy_val_float,
        "weight_bits": own.measured.network.weight_bits[0] if own.measured.network else None,
        "timesteps": own.measured.network.timesteps if own.measured.network else None,
        **own.cost,
    }


def _front_values(objectives: Sequence[str], front: pd.DataFrame) -> np.ndarray:
    columns = [1.0 - front["accuracy_val"] if name == "error" else front[name] for name in objectives]
    return np.array([column.astype(float) for column in columns]).T.reshape(-1, len(objectives))


def _plain(row: pd.Series) -> dict[str, Any]:
    """Return a table's row as JSON values; an unknown is null."""
    plain: dict[str, Any] = json.loads(row.to_json())
    return plain


def _open(plan: Plan, folder: RunFolder, storage: str | None) -> Proposer:
    """Write the study and profile as used, and open the storage.

    Raises:
        InputError: The folder holds another study or profile.
    """
    proposer = Proposer(
        storage or folder.storage, plan.study.name, plan.digest, plan.space,
        plan.study.search.sampler, plan.study.seed, len(plan.study.objectives),
    )  # fmt: skip
    write_study(plan.study, folder.study)
    write_text(folder.profile, plan.profile.path.read_text(encoding="utf-8"))
    return proposer


@contextmanager
def _only_one(folder: RunFolder) -> Iterator[None]:
    """Hold the folder against a second process."""
    try:
        with FileLock(folder.lock, timeout=0):
            yield
    except Timeout:
        law = "only one process may run a search in a folder"
        fault = Fault(
            "--out", law, "another one is at work", "wait for it, or choose another --out", folder.path
        )
        raise InputError([fault]) from None


def _logged(folder: RunFolder, listen: Listener) -> Listener:
    """Return a listener that also writes log.jsonl."""

    def tell(event: Event) -> None:
        line = {"time": round(time.time(), 3), "kind": event.kind, "text": event.text}
        if event.total:
            line |= {"done": event.done, "total": event.total}
        with folder.log.open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")
        listen(event)

    return tell


def _dense_words(dense: Dense) -> str:
    return f"dense reference: {dense.measured.accuracy_val:.1%} on validation, {dense.cost['memory_bytes']:,} bytes"


def _best_words(plan: Plan, front: Sequence[TrialRecord]) -> str:
    """Say how good the search is so far."""
    if not front:
        return "nothing fits yet"
    best = max(front, key=lambda r: r.accuracy_val or 0.0)
    small = min(front, key=lambda r: float((r.measured or {}).get("memory_bytes") or 0))
    return (
        f"front of {len(front)}: best {best.accuracy_val:.1%} at {(best.measured or {})['memory_bytes']:,} B, "
        f"smallest {(small.measured or {})['memory_bytes']:,} B at {small.accuracy_val:.1%}"
    )
