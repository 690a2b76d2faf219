"""A whole run: plan, dense reference, batches of candidates, final trainings, tables.

Everything finished is on disk before the next thing starts, so the same call goes on wherever the last one ended.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import numpy as np
from filelock import FileLock, Timeout

from hwsearch.errors import Fault, InputError
from hwsearch.plan.bounds import cheapest, miss_words
from hwsearch.plan.plan import Plan
from hwsearch.predict.quality import Calibration
from hwsearch.records.changed import refuse_changed
from hwsearch.records.events import Event, Listener
from hwsearch.records.files import write_text
from hwsearch.records.finals import write_finals
from hwsearch.records.finished import answers
from hwsearch.records.front import write_front
from hwsearch.records.log import logged, read_log
from hwsearch.records.run_folder import RunFolder
from hwsearch.records.summary import Summary, write_summary
from hwsearch.records.trial_table import write_trials
from hwsearch.records.trials import TrialRecord, objective_values
from hwsearch.search.batches import candidates
from hwsearch.search.decide.completion import weighed
from hwsearch.search.decide.finalists import finalists
from hwsearch.search.decide.front import front_records, non_dominated, worst_of
from hwsearch.search.jobs.job import Bench
from hwsearch.search.jobs.pool import Trainer
from hwsearch.search.optuna_study import Proposer
from hwsearch.search.stages.calibration import calibrate
from hwsearch.search.stages.context import Context
from hwsearch.search.stages.dense import Dense, dense_reference
from hwsearch.search.stages.finals import Finalist, Finals, final_record, finalise
from hwsearch.search.stages.tickets import ticket_of
from hwsearch.search.store.cache import Cache
from hwsearch.search.store.storage import Place, check_place, place_of, remember, storage_words
from hwsearch.search.summary.rows import front_row
from hwsearch.search.summary.spent import Seconds
from hwsearch.search.summary.summarise import summarise, summarise_refusal
from hwsearch.search.warm_start import as_here, others_words
from hwsearch.study.model import write_study


def search(
    plan: Plan, folder: RunFolder, *, storage: str | None, workers: int, listen: Listener, device: str = "cpu"
) -> Summary:
    """Run a search to its end, or go on with it; return the summary (``front_size`` 0: nothing fits).

    Args:
        plan: The question.
        folder: Where everything is written.
        storage: URL of an Optuna storage; None: the one that the folder remembers, else a file in it.
        workers: Processes that train.
        listen: Told of every event.
        device: ``cpu`` or ``cuda``.

    Raises:
        InputError: The folder or storage holds another study, or another process runs in it.
        StorageAway: The storage is locked or cannot be reached.
        HwsearchError: The dense reference is no model: nothing is searched.
    """
    refuse_changed(plan.study, plan.profile, folder)
    # as they were recorded there; they are priced on this run's device below
    others, plan = plan.others, replace(plan, others=())
    place = place_of(folder, plan.study.name, storage)
    check_place(place, plan.digest)
    folder.path.mkdir(parents=True, exist_ok=True)
    with _only_one(folder), storage_words(place.url):
        proposer = _open(plan, folder, place)
        tell = logged(folder, listen)
        tell(Event("start", plan.study.name))
        for note in plan.notes:
            tell(Event("note", note))
        corners = cheapest(plan)
        if proposer.count == 0 and all(corner.priced.faults for corner in corners):
            write_trials([], set(), folder.trials)
            summary = summarise_refusal(plan, miss_words(plan, corners[0]), _seconds(folder, 0.0).wall)
            return _conclude(plan, folder, storage, summary)
        bench = Bench(plan.spec, plan.data, plan.widths, plan.study.train.neuron_loop, device)
        with Trainer(bench, workers) as trainer:
            cache = Cache(folder.cache, plan.digest, folder.shared)
            tell(Event("dense", "training the dense reference", 0, 1))
            context = Context(plan, dense_reference(plan, trainer, cache), trainer, cache)
            tell(Event("dense", _dense_words(context.dense), 1, 1))
            if plan.study.search.foresee:
                with context.thinking:
                    sight = calibrate(plan, context.dense, partial(ticket_of, context), cache=cache)
                context = replace(context, sight=sight)
                tell(Event("note", _sight_words(sight), model_s=context.thinking.lap()))
            if others:
                context = replace(context, plan=replace(plan, others=as_here(context, others)))
                tell(Event("note", others_words(context.plan.others)))
            records = candidates(context, proposer, folder, tell)
            front = front_records(plan, records, context.dense.error)
            if not front:
                # the best so far is kept: trials.csv and the summary are there
                summary = summarise(context, records, None, [], _seconds(folder, context.thinking.lap()))
                return _conclude(plan, folder, storage, summary)
            dense = (context.dense.cost, context.dense.error)
            with context.thinking:
                chosen = finalists(plan, dense, context.similar, records, front)
            finals = finalise(
                context,
                chosen,
                lambda n, of: tell(Event("final", "final trainings", n, of, context.thinking.lap())),
            )
        return _conclude(plan, folder, storage, _finish(plan, context, folder, records, finals))


def _finish(
    plan: Plan, context: Context, folder: RunFolder, records: list[TrialRecord], finals: Finals
) -> Summary:
    """Write the tables of a finished search; return its summary."""
    with context.thinking:
        records = weighed(context, records)
    members = _on_front(plan, finals)
    front = sorted(map(front_row, members), key=lambda row: (row.memory_bytes or 0, row.trial))
    write_front(front, folder.front)
    write_finals([final_record(member) for member in finals.members], folder.finals)
    write_trials(records, {row.trial for row in front}, folder.trials)
    return summarise(context, records, finals, front, _seconds(folder, context.thinking.lap()))


def _conclude(plan: Plan, folder: RunFolder, storage: str | None, summary: Summary) -> Summary:
    """Write the summary of a search that has ended, with what it answers."""
    answered = answers(plan.study, plan.profile.digest, storage, folder)
    summary = summary.model_copy(update={"answers": answered})
    write_summary(summary, folder.summary)
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


def _open(plan: Plan, folder: RunFolder, place: Place) -> Proposer:
    """Open the storage, and write where it is and the study and profile as used.

    Raises:
        InputError: The storage holds another study.
    """
    proposer = Proposer(
        place.url, place.name, plan.digest, plan.space,
        plan.study.search.sampler, plan.study.seed, len(plan.study.objectives),
    )  # fmt: skip
    remember(folder, place, proposer.name)
    write_text(folder.profile, plan.profile.path.read_text(encoding="utf-8"))
    write_study(plan.study, folder.study)
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


def _seconds(folder: RunFolder, thinking_s: float) -> Seconds:
    """Return the time spent in this folder by all sessions, from the log, and how much of the log is lost."""
    log = read_log(folder)
    since = time.time() - log.sessions[-1][-1].time if log.sessions else 0.0
    return Seconds(log.wall_s + since, log.model_s + thinking_s, log.torn)


def _dense_words(dense: Dense) -> str:
    known = f"{dense.measured.accuracy_val:.1%} on validation, {dense.cost['memory_bytes']:,} bytes"
    lost = dense.measured.loss.words if dense.measured.loss is not None else ""
    return f"dense reference: {known}" + (f" ({lost})" if lost else "")


def _sight_words(sight: Calibration) -> str:
    """Say how good similarity is in this run."""
    own = sight.quality
    said = f"ticket similarity on {own.n} candidates: rank correlation {own.spearman:.2f}, mean error {own.mae:.3f}"
    return f"{said}: poor, so it is left out and less is cut" if own.poor else said
