"""A small search for a plain network of the same question, to hold the answer against.

It asks for stacks of networks to be trained (`hwsearch.rival`). While the search for spiking ones leaves cores idle the
spare process trains them; what is left when that has ended, its workers do. What is found does not depend on which. All
that the run found is on disk before this is waited for, and stays whatever becomes of it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from hwsearch.errors import NoResources, WorkersAway
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
from hwsearch.rival.stack import Stack, train_stack
from hwsearch.rival.trainings import Outcomes, Tried
from hwsearch.search.jobs.pool import Bench, Trainer
from hwsearch.search.stages.final_trainings import final_seeds

_NAMES = {"synaptic_ops": "operations"}
_OWNER = "plain networks"
_FAILURES = (RuntimeError, ValueError, ArithmeticError, MemoryError, NoResources, WorkersAway)


class RivalSearch:
    """A search for plain networks, which goes on whenever what it asked for is trained.

    Attributes:
        why_none: Why there is none; empty where there is one.
        effort: What it may cost.
        seconds: Of processor time that its trainings took so far.
    """

    def __init__(self, plan: Plan, dense_score: float, trainer: Trainer) -> None:
        """Begin, where there is a spare process.

        Args:
            plan: The question.
            dense_score: Of the dense reference on the study's own split, on which plain networks are compared as well.
            trainer: Where they are trained.
        """
        self.why_none, self.effort, self.seconds = _why_none(plan), effort_of(plan), 0.0
        self._trainer = trainer
        self._asking = rivals(plan, self.effort, plan.study.pick.floor(dense_score), final_seeds(plan))
        self._asked: Sequence[Stack] = ()
        self._came: dict[int, Outcomes] = {}
        self._done = 0
        self._found: Found | None = None
        self._failure: Exception | None = None
        if trainer.spare.size and not self.why_none:
            self._go_on_beside()

    def is_over(self) -> bool:
        """Take over what is finished; return whether all was trained beside the search: nobody waits for it."""
        self._trainer.spare.look()
        return self._found is not None

    def end(self, tell: Listener) -> Found:
        """Return what was found, once all of it is trained.

        Raises:
            RuntimeError, ValueError, ArithmeticError, MemoryError: It cannot be computed.
            NoResources: Workers died again and again.
            WorkersAway: They could not be reached.
        """
        self._trainer.spare.give_up([_OWNER])
        if self._failure is not None:
            raise self._failure
        while self._found is None:
            places = [place for place in range(len(self._asked)) if place not in self._came]

            def keep(index: int, trained: tuple[Outcomes, float], places: Sequence[int] = places) -> None:
                self._add(places[index], trained)
                tell(Event("rival", "plain networks", self._done, self.effort.steps))

            self._trainer.done([partial(_trained, stack=self._asked[place]) for place in places], keep)
            self._go_on()
        tell(Event("rival", "plain networks", self.effort.steps, self.effort.steps))
        return self._found

    def _go_on_beside(self) -> None:
        """Go on, and give the spare process what is asked for then; a failure is told at the end, not in a search."""
        try:
            self._go_on()
        except _FAILURES as failure:
            self._failure = failure
            return

        def keep(place: int, trained: tuple[Outcomes, float]) -> None:
            self._add(place, trained)
            if len(self._came) == len(self._asked):
                self._go_on_beside()

        tasks = [partial(_trained, stack=stack) for stack in self._asked]
        self._trainer.spare.begin(_OWNER, tasks, keep)

    def _go_on(self) -> None:
        """Send what came of all that was asked for; then something else is asked for, or all is found."""
        try:
            if self._asked:
                came = [self._came[place] for place in range(len(self._asked))]
                self._asked = self._asking.send(came)
            else:
                self._asked = next(self._asking)
        except StopIteration as end:
            self._asked, self._found = (), end.value
        self._came = {}

    def _add(self, place: int, trained: tuple[Outcomes, float]) -> None:
        """Take over what came of a stack."""
        self._came[place], seconds = trained
        self.seconds += seconds
        self._done += self._asked[place].steps


def add_rival(
    plan: Plan, folder: RunFolder, summary: Summary, search: RivalSearch, tell: Listener
) -> Summary:
    """Await a search for plain networks, write rival.csv and rival.json, and the summary with what became of it.

    Where it fails, the summary stays as it is, and the same command tries again.

    Args:
        plan: The question.
        folder: Of a run that has ended; its summary is written.
        summary: What it found: a front, at least.
        search: The search for plain networks.
        tell: Told of progress.
    """
    since = time.monotonic()
    try:
        rival = _rival(plan, folder, summary, search, tell)
    except _FAILURES as error:
        failed = f"the search for a plain network failed ({type(error).__name__}: {error})"
        tell(Event("note", f"{failed}; what the run found stands, and the same command tries again"))
        return summary
    waited = round(time.monotonic() - since, 1)
    rival = rival.model_copy(update={"wall_s": waited, "processor_s": round(search.seconds, 1)})
    summary = summary.model_copy(update={"rival": rival})
    write_summary(summary, folder.summary)
    return summary


def searched_score(summary: Summary) -> float:
    """Return the score of a run's dense reference on the study's own split, as its search had it."""
    rows = summary.references or (summary.dense,)
    scores = (
        row.accuracy_val_search if row.score_val_search is None else row.score_val_search for row in rows
    )
    return max((score for score in scores if score is not None), default=summary.dense.score or 0.0)


def _why_none(plan: Plan) -> str:
    """Return why no plain network is tried; nothing where some are."""
    if why := why_none(plan.profile):
        return why
    if plan.data.y_train.ndim > 1:
        return "no plain network was tried: it would have to answer after every frame, and has no state"
    return ""


def _rival(plan: Plan, folder: RunFolder, summary: Summary, search: RivalSearch, tell: Listener) -> Rival:
    """Return what became of the search for plain networks; its tables are written."""
    if search.why_none:
        tell(Event("note", search.why_none))
        return Rival(why_none=search.why_none, most_steps=search.effort.steps)
    found, score = search.end(tell), summary.dense.score
    floor = plan.study.pick.floor(searched_score(summary) if score is None else score)
    records = records_of(plan, found)
    costs = [_NAMES.get(name, name) for name in plan.study.objectives if name != "error"]
    front = front_of([record.row for record in records], costs)
    write_rivals(front, records, folder.rival, folder.rival_finals)
    return Rival(
        pick=picked(front, plan.study.pick.rule, floor),
        front_size=len(front),
        floor=floor,
        chance=plan.study.pick.chance,
        candidates=found.tried,
        finalists=len(records),
        dense_epochs=search.effort.dense_epochs,
        epochs=search.effort.epochs,
        train_steps=found.train_steps,
        most_steps=search.effort.steps,
    )


def _trained(bench: Bench, stack: Stack) -> tuple[Outcomes, float]:
    """Train a stack; return what came of it, and the seconds of a processor that it took."""
    start = time.process_time()
    outcomes = train_stack(bench.data, stack)
    return outcomes, time.process_time() - start


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
