"""After the final trainings: a small search for a plain network of the same question, to hold the answer against.

What the run found is on disk before this begins, and stays whatever becomes of it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import numpy as np

from hwsearch.measure.accuracy import wilson
from hwsearch.measure.answers import Answers
from hwsearch.measure.scores import score_interval, score_of
from hwsearch.plan.plan import Plan
from hwsearch.records.events import Event, Listener
from hwsearch.records.rival import RivalRecord, RivalRow, write_rivals
from hwsearch.records.run_folder import RunFolder
from hwsearch.records.summary import Summary, write_summary
from hwsearch.records.summary_parts import Rival
from hwsearch.rival.choose import front_of, picked
from hwsearch.rival.price import price_columns, why_none
from hwsearch.rival.search import Found, effort_of, rivals
from hwsearch.rival.splits import Tried
from hwsearch.search.stages.final_trainings import final_seeds
from hwsearch.train.machine import OneThread

_TOLD = 20  # times that progress is told
_NAMES = {"synaptic_ops": "operations"}
SHARE = 4
"""A search for plain networks costs at most one such part of the run's training steps."""


def add_rival(plan: Plan, folder: RunFolder, summary: Summary, tell: Listener) -> Summary:
    """Search for plain networks, write rival.csv and rival.json, and the summary with what became of it; return that.

    Where the search for them fails, the summary stays as it is, and the same command tries again.

    Args:
        plan: The question.
        folder: Of a run that has ended; its summary is written.
        summary: What it found: a front, at least.
        tell: Told of progress.
    """
    since = time.monotonic()
    try:
        with OneThread():
            rival = _rival(plan, folder, summary, tell)
    except (RuntimeError, ValueError, ArithmeticError, MemoryError) as error:
        failed = f"the search for a plain network failed ({type(error).__name__}: {error})"
        tell(Event("note", f"{failed}; what the run found stands, and the same command tries again"))
        return summary
    rival = rival.model_copy(update={"wall_s": round(time.monotonic() - since, 1)})
    summary = summary.model_copy(update={"rival": rival})
    write_summary(summary, folder.summary)
    return summary


def _rival(plan: Plan, folder: RunFolder, summary: Summary, tell: Listener) -> Rival:
    """Return what became of the search for plain networks; its tables are written."""
    most = (summary.cost.train_steps + summary.cost.reused_train_steps) // SHARE
    dense_score, effort = summary.dense.score, effort_of(plan, most)
    why = why_none(plan.profile)
    if not why and plan.data.y_train.ndim > 1:
        why = "no plain network was tried: it would have to answer after every frame, and has no state"
    if not why and effort is None:
        why = f"no plain network was tried: a quarter of the run's training steps, {most:,}, is too little for it"
    if why or effort is None or dense_score is None:
        tell(Event("note", why))
        return Rival(why_none=why, most_steps=most)
    floor = plan.study.pick.floor(dense_score)

    told = {0}

    def on_steps(n: int, of: int) -> None:
        if (share := _TOLD * n // of) not in told:
            told.add(share)
            tell(Event("rival", "plain networks", n, of))

    found = rivals(plan, effort, floor, final_seeds(plan), on_steps)
    records = records_of(plan, found)
    costs = [_NAMES.get(name, name) for name in plan.study.objectives if name != "error"]
    front = front_of([record.row for record in records], costs)
    write_rivals(front, records, folder.rival, folder.rival_finals)
    tell(Event("rival", "plain networks", effort.steps, effort.steps))
    return Rival(
        pick=picked(front, plan.study.pick.rule, floor),
        front_size=len(front),
        floor=floor,
        chance=plan.study.pick.chance,
        candidates=found.tried,
        finalists=len(records),
        dense_epochs=effort.dense_epochs,
        epochs=effort.epochs,
        train_steps=found.train_steps,
        most_steps=most,
    )


def records_of(plan: Plan, found: Found) -> list[RivalRecord]:
    """Return the finalists that keep the budgets with some seed."""
    records: list[RivalRecord] = []
    # of each seed, what the finalists reach in the mean: each has its own validation samples
    means = dict[int, list[float]]()
    for runs in found.finals.values():
        for seed, run in runs.items():
            means.setdefault(seed, []).append(run.score)
    for _, runs in sorted(found.finals.items(), key=lambda item: item[0]):
        feasible = {seed: run for seed, run in runs.items() if not run.price.faults}
        if not feasible:
            continue
        ahead = {seed: run.score - float(np.mean(means[seed])) for seed, run in feasible.items()}
        seed = max(ahead, key=lambda each: ahead[each])
        row = _row(plan, len(records), seed, runs)
        records.append(RivalRecord(row, feasible[seed].workload))
    return records


def _row(plan: Plan, place: int, seed: int, runs: Mapping[int, Tried]) -> RivalRow:
    """Return a finalist as a row of rival.csv: means over its seeds, and the costs of the network of one."""
    handed_over, n_test = runs[seed], len(plan.data.y_test)
    setting, cost = handed_over.setting, handed_over.price.cost
    tests = [run.answers_test for run in runs.values() if run.answers_test is not None]
    tested = float(np.mean([answers.accuracy for answers in tests]))
    low, high = wilson(tested, n_test)
    spread = float(np.std([answers.accuracy for answers in tests], ddof=1)) if len(tests) > 1 else None
    return RivalRow.model_validate(
        {
            "place": place,
            "hidden": setting.shape.hidden,
            "frames": setting.shape.frames or None,
            "sparsity": setting.sparsity,
            "granularity": setting.granularity,
            "weight_bits": setting.weight_bits,
            "accuracy_val": float(np.mean([run.answers_val.accuracy for run in runs.values()])),
            "accuracy_test": tested,
            "accuracy_test_low": low,
            "accuracy_test_high": high,
            **price_columns(cost),
            **_score_columns(plan, list(runs.values()), tests),
            "accuracy_test_sd": spread,
            "inputs": handed_over.workload.inputs,
            "seeds": len(runs),
            "seed": seed,
        }
    )


def _score_columns(plan: Plan, runs: Sequence[Tried], tests: Sequence[Answers]) -> dict[str, float]:
    """Return the study's score; none where that is accuracy."""
    score = plan.study.score
    if score == "accuracy":
        return {}
    low, high = score_interval(np.mean([answers.confusion for answers in tests], axis=0), score)
    mean = float(np.mean([score_of(answers, score) for answers in tests]))
    return {
        "score_val": float(np.mean([run.score for run in runs])),
        "score_test": mean,
        "score_test_low": min(low, mean),
        "score_test_high": max(high, mean),
    }
