"""All candidates of a run: asked batch after batch, ranked where that pays, and finished where that is likely to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from hwsearch.plan.plan import Plan
from hwsearch.records.events import Event, Listener
from hwsearch.records.run_folder import RunFolder
from hwsearch.records.trial_table import write_trials
from hwsearch.records.trials import TrialRecord, remember
from hwsearch.search.decide.acquisition import ranked, ranks
from hwsearch.search.decide.completion import unfinished
from hwsearch.search.decide.front import front_records
from hwsearch.search.evaluate import evaluate, finish, look, verdict
from hwsearch.search.optuna_study import Proposer
from hwsearch.search.stages.context import Context
from hwsearch.space.space import Setting


def candidates(context: Context, proposer: Proposer, folder: RunFolder, tell: Listener) -> list[TrialRecord]:
    """Ask, evaluate and tell batch after batch, then finish what is likely; return all records."""
    search, plan = context.plan.study.search, context.plan
    total = min(search.candidates, plan.space.size) if search.sampler == "grid" else search.candidates
    kept = {number: TrialRecord.from_json(text) for number, text in proposer.records().items()}
    total = max(total, sum(not record.finishing for record in kept.values()))  # what was asked stays asked
    log = Log(context, proposer, folder, kept)
    asked = log.take_over(total)
    if log.records:
        tell(Event("candidates", _best_words(plan, log.front), asked, total, context.thinking.lap()))
    while asked < total:
        count, first = min(search.batch, total - asked), len(log.records)
        numbers = range(first, first + count)
        choice = None
        if ranks(plan, context.similar, log.known):
            choice = partial(_ranked, context, proposer, log.known, numbers)
        log.batch(numbers, choice, evaluate, _trained(tell, asked, total))
        asked += count
        tell(Event("candidates", _best_words(plan, log.front), asked, total, context.thinking.lap()))
    while likely := _likely(context, log.known):
        first = len(log.records)
        settings = [plan.space.setting(record.candidate) for record in likely]
        tell(Event("candidates", f"going on with {len(likely)} that were left", total, total))
        numbers = range(first, first + len(likely))
        log.batch(numbers, partial(list, settings), finish, _trained(tell, total, total))
        tell(Event("candidates", _best_words(plan, log.front), total, total, context.thinking.lap()))
    return log.records


class Log:
    """What was evaluated so far, batch by batch; every batch is on disk before the next.

    Attributes:
        records: In order.
        known: By candidate digest (`records.remember`).
        front: Of these.
    """

    def __init__(
        self, context: Context, proposer: Proposer, folder: RunFolder, kept: Mapping[int, TrialRecord]
    ) -> None:
        self.records: list[TrialRecord] = []
        self.known: dict[str, TrialRecord] = {}
        self.front: list[TrialRecord] = []
        self._lab, self._proposer, self._folder, self._kept = context, proposer, folder, kept

    def take_over(self, total: int) -> int:
        """Take over what is kept, but for a batch that broke off; return how many proposals it was, of so many.

        A batch that broke off is taken through the flow as a whole: what its members became hangs together.
        """
        end = next(number for number in range(len(self._kept) + 1) if number not in self._kept)
        if self._proposer.count > end:  # asked, and without an outcome: the last batch broke off
            end = self._last_batch(end, total)
        self._add([self._kept[number] for number in range(end)])
        if end:
            self._write()
        return sum(not record.finishing for record in self.records)

    def _last_batch(self, end: int, total: int) -> int:
        """Return where the batch begins that holds the first trial without an outcome."""
        size, first, asked = self._lab.plan.study.search.batch, 0, 0
        while first < end and asked < total:
            if self._kept[first].finishing:  # by a run that asked fewer
                first += 1
                continue
            count = min(size, total - asked)
            own = [self._kept[number] for number in range(first, min(first + count, end))]
            proposed = next((i for i, record in enumerate(own) if record.finishing), len(own))
            if proposed == len(own) < count:
                break
            first, asked = first + proposed, asked + proposed
        return first

    def batch(
        self,
        numbers: range,
        choice: Callable[[], Sequence[Setting]] | None,
        take: Callable[..., list[TrialRecord]],
        on_trained: Callable[[int], None],
    ) -> None:
        """Take over a batch that is kept, or ask for it and take it through the flow (`evaluate`)."""
        if all(number in self._kept for number in numbers):
            batch = [self._kept[number] for number in numbers]
        else:
            proposals = self._proposer.proposals(numbers.start, numbers.stop, choice)
            batch = take(self._lab, proposals, self.known, on_trained)
            for record in batch:
                told = verdict(self._lab.plan, record, self._lab.dense)
                self._proposer.tell(record.trial, told, record.to_json())
            batch = [self._kept.get(record.trial, record) for record in batch]  # what was told stays as it is
        self._add(batch)
        self._write()

    def _write(self) -> None:
        """Write what was evaluated so far."""
        self.front = front_records(self._lab.plan, self.records, self._lab.dense.error)
        write_trials(self.records, {r.trial for r in self.front}, self._folder.trials)

    def _add(self, batch: Sequence[TrialRecord]) -> None:
        self.records += batch
        for record in batch:
            remember(self.known, record)


def _ranked(
    context: Context, proposer: Proposer, known: dict[str, TrialRecord], numbers: range
) -> list[Setting]:
    """Return the settings of a batch: the best of what is drawn in plenty."""
    suggested = proposer.suggestions(numbers.start, len(numbers))
    dense = (context.dense.cost, context.dense.error)
    with context.thinking:
        return ranked(
            context.plan, dense, context.similar, known, suggested, numbers.start, partial(look, context)
        )


def _likely(context: Context, known: dict[str, TrialRecord]) -> list[TrialRecord]:
    """Return what was left and is to be trained on."""
    with context.thinking:
        return unfinished(context.plan, context.similar, known, (context.dense.cost, context.dense.error))


def _trained(tell: Listener, done: int, total: int) -> Callable[[int], None]:
    """Return a callback that tells how many candidates of a batch are trained."""
    return lambda n: tell(Event("candidates", f"candidates from {done} on: {n} trained", done, total))


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
