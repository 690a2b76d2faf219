"""A whole run: plan, dense reference, batches of candidates, final trainings, tables.

Everything finished is on disk before the next thing starts, so the same call goes on wherever the last one ended.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from filelock import FileLock, Timeout

from hwsearch.errors import Fault, InputError
from hwsearch.search.bounds import cheapest, miss_words
from hwsearch.search.cache import Cache
from hwsearch.search.candidates import candidates
from hwsearch.search.carry import as_here, carried, others_words
from hwsearch.search.dense import Dense, dense_reference
from hwsearch.search.evaluate import ticket_of
from hwsearch.search.events import Event, Listener
from hwsearch.search.final import Finalist, Finals, finalise
from hwsearch.search.finalists import finalists
from hwsearch.search.finished import answers
from hwsearch.search.folder import RunFolder
from hwsearch.search.foresee import Foresight, foresight
from hwsearch.search.front import front_records, non_dominated, worst_of
from hwsearch.search.lab import Lab
from hwsearch.search.left import weighed
from hwsearch.search.plan import Plan
from hwsearch.search.propose import Proposer
from hwsearch.search.records import (
    FRONT_COLUMNS,
    TrialRecord,
    objective_values,
    trials_table,
    whole_numbers,
    write_csv,
    write_text,
)
from hwsearch.search.summary import Seconds, front_row, summarise, summarise_refusal
from hwsearch.search.trainer import Bench, Trainer
from hwsearch.study.model import write_study


def search(
    plan: Plan, folder: RunFolder, *, storage: str | None, workers: int, listen: Listener, device: str = "cpu"
) -> dict[str, Any]:
    """Run a search to its end, or go on with it; return the summary (``front_size`` 0: nothing fits).

    Args:
        plan: The question.
        folder: Where everything is written.
        storage: URL of an Optuna storage; None: a file in the folder.
        workers: Processes that train.
        listen: Told of every event.
        device: ``cpu`` or ``cuda``.

    Raises:
        InputError: The folder or storage holds another study, another process runs in it, or a run to learn from is
            of another task.
    """
    others = carried(plan)
    folder.path.mkdir(parents=True, exist_ok=True)
    with _only_one(folder):
        proposer = _open(plan, folder, storage)
        tell = _logged(folder, listen)
        tell(Event("start", plan.study.name))
        for note in plan.notes:
            tell(Event("note", note))
        corners = cheapest(plan)
        if proposer.count == 0 and all(corner.priced.faults for corner in corners):
            write_csv(trials_table([], set()), folder.trials)
            summary = summarise_refusal(plan, miss_words(plan, corners[0]), _seconds(folder, 0.0).wall)
            return _conclude(plan, folder, storage, summary)
        bench = Bench(plan.spec, plan.data, plan.widths, plan.study.train.neuron_loop, device)
        with Trainer(bench, workers) as trainer:
            cache = Cache(folder.cache, plan.digest, folder.shared)
            tell(Event("dense", "training the dense reference", 0, 1))
            lab = Lab(plan, dense_reference(plan, trainer, cache), trainer, cache)
            tell(Event("dense", _dense_words(lab.dense), 1, 1))
            if plan.study.search.foresee:
                with lab.thinking:
                    sight = foresight(plan, lab.dense, partial(ticket_of, lab), cache=cache)
                lab = replace(lab, sight=sight)
                tell(Event("note", _sight_words(sight), model_s=lab.thinking.lap()))
            if others:
                lab = replace(lab, plan=replace(plan, others=as_here(lab, others)))
                tell(Event("note", others_words(lab.plan.others)))
            records = candidates(lab, proposer, folder, tell)
            front = front_records(plan, records, lab.dense.error)
            if not front:
                # the best so far is kept: trials.csv and the summary are there
                nothing = pd.DataFrame(columns=list(FRONT_COLUMNS))
                summary = summarise(plan, lab, records, None, nothing, _seconds(folder, lab.thinking.lap()))
                return _conclude(plan, folder, storage, summary)
            dense = (lab.dense.cost, lab.dense.error)
            with lab.thinking:
                chosen = finalists(plan, dense, lab.similar, records, front)
            finals = finalise(
                lab, chosen, lambda n, of: tell(Event("final", "final trainings", n, of, lab.thinking.lap()))
            )
        return _conclude(plan, folder, storage, _finish(plan, lab, folder, records, finals))


def _finish(
    plan: Plan, lab: Lab, folder: RunFolder, records: list[TrialRecord], finals: Finals
) -> dict[str, Any]:
    """Write the tables of a finished search; return its summary."""
    with lab.thinking:
        records = weighed(lab, records)
    members = _on_front(plan, finals)
    front = whole_numbers(pd.DataFrame([front_row(m) for m in members]))
    if front.empty:
        front = pd.DataFrame(columns=list(FRONT_COLUMNS))
    front = front.sort_values(["memory_bytes", "trial"]).reset_index(drop=True)
    write_csv(front, folder.front)
    write_csv(trials_table(records, {m.record.trial for m in members if m.record}), folder.trials)
    return summarise(plan, lab, records, finals, front, _seconds(folder, lab.thinking.lap()))


def _conclude(plan: Plan, folder: RunFolder, storage: str | None, summary: dict[str, Any]) -> dict[str, Any]:
    """Write the summary of a search that has ended, with what it answers."""
    summary["answers"] = answers(plan.study, plan.profile.digest, storage, folder)
    write_text(folder.summary, json.dumps(summary, indent=1))
    return summary


def _on_front(plan: Plan, finals: Finals) -> list[Finalist]:
    """Return the finalists of use that no other dominates, by what the networks that are handed over measure."""
    worst = worst_of(plan, 1.0 - finals.dense.accuracy_val, in_full=True)
    members = [m for m in finals.members if 1.0 - m.accuracy_val < worst] or finals.members
    if not members:
        return []
    names = plan.study.objectives
    values = np.array([objective_values(names, m.accuracy_val, m.cost) for m in members])
    return [m for m, keep in zip(members, non_dominated(values), strict=True) if keep]


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
        if event.model_s:
            line |= {"model_s": round(event.model_s, 3)}
        with folder.log.open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")
        listen(event)

    return tell


def _seconds(folder: RunFolder, thinking_s: float) -> Seconds:
    """Return the time spent in this folder by all sessions, from the log: each from its start to its last event."""
    events = [json.loads(line) for line in folder.log.read_text(encoding="utf-8").splitlines()]
    starts = [i for i, event in enumerate(events) if event["kind"] == "start"]
    ends = [*(i - 1 for i in starts[1:]), len(events) - 1]
    earlier = sum(
        events[end]["time"] - events[start]["time"] for start, end in zip(starts[:-1], ends, strict=False)
    )
    wall = float(earlier + time.time() - events[starts[-1]]["time"])
    return Seconds(wall, sum(event.get("model_s", 0.0) for event in events) + thinking_s)


def _dense_words(dense: Dense) -> str:
    return f"dense reference: {dense.measured.accuracy_val:.1%} on validation, {dense.cost['memory_bytes']:,} bytes"


def _sight_words(sight: Foresight) -> str:
    """Say how good similarity is in this run."""
    own = sight.quality
    said = f"ticket similarity on {own.n} candidates: rank correlation {own.spearman:.2f}, mean error {own.mae:.3f}"
    return f"{said}: poor, so it is left out and less is cut" if own.poor else said
