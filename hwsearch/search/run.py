"""A whole run: plan, dense reference, batches of candidates, final trainings, tables.

Everything finished is on disk before the next thing starts, so the same call goes on wherever the last one ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from filelock import FileLock, Timeout

from hwsearch.errors import Fault, InputError
from hwsearch.native.library import why_none
from hwsearch.plan.bounds import cheapest, miss_words
from hwsearch.plan.plan import Plan
from hwsearch.records.changed import refuse_changed
from hwsearch.records.events import Event, Listener
from hwsearch.records.files import write_text
from hwsearch.records.finals import write_finals
from hwsearch.records.finished import answers, lacks_rival
from hwsearch.records.log import logged, seconds_spent
from hwsearch.records.run_folder import RunFolder
from hwsearch.records.summary import Summary, write_summary
from hwsearch.records.trial_table import write_trials
from hwsearch.search.batches import run_batches
from hwsearch.search.decide.completion import with_chances
from hwsearch.search.jobs.pool import Bench, Trainer, Workers
from hwsearch.search.optuna_study import Proposer
from hwsearch.search.stages.ending import end
from hwsearch.search.stages.finals import final_record, with_every_seed
from hwsearch.search.stages.preparation import prepare
from hwsearch.search.stages.rival import RivalSearch, add_rival, searched_score
from hwsearch.search.stages.rows import write_members
from hwsearch.search.stages.warm_start import as_here, others_words
from hwsearch.search.store.environment import (
    check_environment,
    environment_of,
    open_cache,
    record_environment,
)
from hwsearch.search.store.place import Place, check_place, place_of, remember
from hwsearch.search.summary import summarise, summarise_refusal
from hwsearch.study.model import write_study
from hwsearch.whole_files import remove_left, whole_file


def search(
    plan: Plan,
    folder: RunFolder,
    *,
    storage: str | None,
    workers: Workers,
    listen: Listener,
    device: str = "cpu",
    found: Callable[[], object] = lambda: None,
) -> Summary:
    """Run a search to its end, or go on with it; return the summary (``front_size`` 0: nothing fits).

    Args:
        plan: The question.
        folder: Where everything is written.
        storage: URL of an Optuna storage; None: the one that the folder remembers, else a file in it.
        workers: Processes that train, or a cluster that does.
        listen: Told of every event.
        device: ``cpu`` or ``cuda``.
        found: Called once all tables are written, where plain networks are awaited, which may take a while.

    Raises:
        InputError: The folder or storage holds another study, or another process runs in it, or the run was begun with
            what gives other numbers.
        StorageAway: The storage is locked or cannot be reached.
        WorkersAway: Those who train cannot be reached, or die again and again.
        HwsearchError: The dense reference is no model: nothing is searched.
    """
    refuse_changed(plan.study, plan.profile, folder)
    environment = environment_of(plan, device)
    check_environment(folder, environment)
    place = place_of(folder, plan.study.name, storage)
    check_place(place, plan.digest)
    folder.path.mkdir(parents=True, exist_ok=True)
    with _only_one(folder):
        remove_left(folder.path, folder.cache)
        # before the study is written: a folder that has one and no environment is of an earlier version
        record_environment(folder, environment)
        proposer = _open(plan, folder, place)
        tell = logged(folder, listen)
        tell(Event("start", plan.study.name))
        for note in plan.notes:
            tell(Event("note", note))
        corners = cheapest(plan)
        if proposer.count == 0 and all(corner.priced.faults for corner in corners):
            write_trials([], set(), folder.trials, plan.later_columns)
            summary = summarise_refusal(plan, miss_words(plan, corners[0]), seconds_spent(folder, 0.0).wall)
            return _answered(plan, folder, storage, summary)
        if device == "cpu" and (why := why_none()):
            tell(Event("note", why))
        with Trainer(_bench(plan, device), workers) as trainer:
            summary, rival = _search(plan, folder, proposer, trainer, tell)
            summary = _answered(plan, folder, storage, summary)
            # what was found is on disk; what follows only holds it against something
            if rival is None or not lacks_rival(plan.study, summary, folder):
                return summary
            if not rival.is_over():
                found()
            return add_rival(plan, folder, summary, rival, tell)


def hold_against_rival(
    plan: Plan, folder: RunFolder, summary: Summary, workers: Workers, listen: Listener
) -> Summary:
    """Search for the plain network that a run which has ended is held against; return its summary with it.

    Nothing of the search is touched: what it was computed with may have changed since.

    Args:
        plan: The question.
        folder: Of the run.
        summary: What it found: a front, at least.
        workers: Processes that train, or a cluster that does.
        listen: Told of every event.

    Raises:
        InputError: Another process runs in the folder.
    """
    with _only_one(folder):
        tell = logged(folder, listen)
        tell(Event("start", plan.study.name))
        with Trainer(_bench(plan, "cpu"), workers) as trainer:
            search = RivalSearch(plan, searched_score(summary), trainer)
            return add_rival(plan, folder, summary, search, tell)


def _search(
    plan: Plan, folder: RunFolder, proposer: Proposer, trainer: Trainer, tell: Listener
) -> tuple[Summary, RivalSearch | None]:
    """Take a search through its stages, and write its tables; a search for plain networks goes on beside it."""
    cache = open_cache(folder, plan, trainer.device, lambda text: tell(Event("note", text)))
    # what other runs trained is as it was recorded there; it is priced on this run's device
    others, plan = plan.others, replace(plan, others=())
    context = prepare(plan, trainer, cache, tell)
    rival = RivalSearch(plan, context.yardstick.dense.score, trainer) if plan.study.rival else None
    asked = plan
    if folder.confirmed.exists():
        plan = with_every_seed(plan)
        context = replace(context, plan=plan)
    if others:
        context = replace(context, plan=replace(plan, others=as_here(context, others)))
        tell(Event("note", others_words(context.plan.others)))
    history, clock = run_batches(context, proposer, folder, tell), context.model_clock
    records, state = history.records, history.state
    if not history.front:  # the best so far is kept: trials.csv and the summary are there
        return summarise(context, state, records, None, [], seconds_spent(folder, clock.lap())), None
    finals = end(context, state, records, history.front, tell, asked if folder.confirmed.exists() else None)
    with clock:
        records = with_chances(state, records)
    rows = write_members(plan, finals, folder)
    write_finals([final_record(member) for member in finals.members], folder.finals)
    write_trials(records, {row.trial for row in rows}, folder.trials, plan.later_columns)
    return summarise(context, state, records, finals, rows, seconds_spent(folder, clock.lap())), rival


def _bench(plan: Plan, device: str) -> Bench:
    """Return what everything is trained on."""
    return Bench(plan.networks, plan.data, plan.widths, plan.study.train.neuron_loop, device)


def _answered(plan: Plan, folder: RunFolder, storage: str | None, summary: Summary) -> Summary:
    """Write a summary with what it answers; return it."""
    answered = answers(plan.study, plan.profile.digest, storage, folder)
    summary = summary.model_copy(update={"answers": answered})
    write_summary(summary, folder.summary)
    return summary


def _open(plan: Plan, folder: RunFolder, place: Place) -> Proposer:
    """Open the storage, and write where it is and the study and profile as used.

    Raises:
        InputError: The storage holds another study.
    """
    names, score = plan.study.objectives, plan.study.score
    proposer = Proposer(
        place.url, place.name, plan.digest, plan.space, plan.study.search.sampler, plan.study.seed, len(names),
        [f"error (1 - {score})" if name == "error" else name for name in names],
    )  # fmt: skip
    remember(folder, place, proposer.name)
    write_text(folder.profile, plan.profile.path.read_text(encoding="utf-8"))
    if plan.given is not None and not folder.network.exists():
        with whole_file(folder.network) as unfinished:
            unfinished.write_bytes(plan.given.path.read_bytes())
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
