"""All candidates of a run: asked batch after batch, ranked where that pays, and completed where that is likely to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from hwsearch.records.events import Event, Listener
from hwsearch.records.run_folder import RunFolder
from hwsearch.records.trial_table import TrialTable
from hwsearch.records.trials import TrialRecord, remember
from hwsearch.search.decide.acquisition import can_rank, n_suggested, ranked
from hwsearch.search.decide.batch_size import batch_size
from hwsearch.search.decide.completion import to_complete
from hwsearch.search.decide.state import SearchState
from hwsearch.search.evaluate import complete, evaluate
from hwsearch.search.optuna_study import Proposal, Proposer, Told
from hwsearch.search.stages.context import Context, Progress
from hwsearch.search.stages.pricing import price_all
from hwsearch.search.verdict import verdict
from hwsearch.space.candidate import Candidate
from hwsearch.space.space import Setting

_NOBODY = -1  # number of a candidate that nobody proposed yet

Evaluate = Callable[[Context, SearchState, Sequence[Proposal], Progress], list[TrialRecord]]


def run_batches(context: Context, proposer: Proposer, folder: RunFolder, tell: Listener) -> History:
    """Ask, evaluate and tell batch after batch, then complete what is likely; return what was evaluated."""
    search, plan = context.plan.study.search, context.plan
    total = min(search.candidates, plan.space.size) if search.sampler == "grid" else search.candidates
    finished = {number: TrialRecord.from_json(text) for number, text in proposer.records().items()}
    total = max(
        total, sum(not record.finishing for record in finished.values())
    )  # what was asked stays asked
    history = History(context, proposer, folder, finished)
    clock = context.model_clock
    asked = history.take_over(total)
    if history.records:
        tell(Event("candidates", _best_words(history.front), asked, total, clock.lap()))
    while asked < total:
        count = min(batch_size(search, len(history.records)), total - asked)
        history.propose(count, _on_trained(tell, asked, total))
        asked += count
        tell(Event("candidates", _best_words(history.front), asked, total, clock.lap()))
    while likely := history.to_complete():
        tell(Event("candidates", f"going on with {len(likely)} that were left", total, total))
        history.complete(likely, _on_trained(tell, total, total))
        tell(Event("candidates", _best_words(history.front), total, total, clock.lap()))
    return history


class History:
    """What was evaluated so far, batch by batch; every batch is on disk before the next.

    Attributes:
        records: In order.
        front: Of these.
        state: What is known with them.
    """

    def __init__(
        self, context: Context, proposer: Proposer, folder: RunFolder, finished: Mapping[int, TrialRecord]
    ) -> None:
        self.records: list[TrialRecord] = []
        self.front: list[TrialRecord] = []
        self._known: dict[str, TrialRecord] = {}
        self.state = context.state({})
        self._table = TrialTable(context.plan.later_columns)
        self._context, self._proposer, self._folder, self._finished = context, proposer, folder, finished

    def take_over(self, total: int) -> int:
        """Take over what is finished, but for a batch that broke off; return how many proposals it was, of so many.

        A batch that broke off is taken through the flow as a whole: what its members became hangs together.
        """
        end = next(number for number in range(len(self._finished) + 1) if number not in self._finished)
        if self._proposer.count > end:  # asked, and without an outcome: the last batch broke off
            end = self._last_batch(end, total)
        if end:
            self._add([self._finished[number] for number in range(end)])
        return sum(not record.finishing for record in self.records)

    def propose(self, count: int, on_trained: Progress) -> None:
        """Ask for so many candidates, ranked where that pays, and evaluate them."""
        first = len(self.records)
        choice = partial(self._ranked, first, count) if can_rank(self.state) else None
        self._batch(range(first, first + count), choice, evaluate, on_trained)

    def to_complete(self) -> list[TrialRecord]:
        """Return what was deferred and is to be trained on."""
        with self._context.model_clock:
            search = self._context.plan.study.search
            return to_complete(self.state, batch_size(search, len(self.records)))

    def complete(self, likely: Sequence[TrialRecord], on_trained: Progress) -> None:
        """Train on what was deferred."""
        first, space = len(self.records), self._context.plan.space
        settings = [space.setting(record.candidate) for record in likely]
        numbers = range(first, first + len(likely))
        self._batch(numbers, partial(list, settings), complete, on_trained)

    def _last_batch(self, end: int, total: int) -> int:
        """Return where the batch begins that holds the first trial without an outcome."""
        search, first, asked = self._context.plan.study.search, 0, 0
        while first < end and asked < total:
            if self._finished[first].finishing:  # by a run that asked fewer
                first += 1
                continue
            count = min(batch_size(search, first), total - asked)
            batch = [self._finished[number] for number in range(first, min(first + count, end))]
            proposed = next((i for i, record in enumerate(batch) if record.finishing), len(batch))
            if proposed == len(batch) < count:
                break
            first, asked = first + proposed, asked + proposed
        return first

    def _batch(
        self,
        numbers: range,
        choice: Callable[[], Sequence[Setting]] | None,
        through: Evaluate,
        on_trained: Progress,
    ) -> None:
        """Take over a batch that is finished, or ask for it and take it through the flow."""
        if all(number in self._finished for number in numbers):
            self._add([self._finished[number] for number in numbers])
            return
        proposals = self._proposer.proposals(numbers.start, numbers.stop, choice)
        batch = through(self._context, self.state, proposals, on_trained)
        self._proposer.tell([Told(r.trial, verdict(self.state, r), r.to_json()) for r in batch])
        # what was told stays as it is
        self._add([self._finished.get(record.trial, record) for record in batch])

    def _ranked(self, first: int, count: int) -> list[Setting]:
        """Return the settings of a batch: the best of what is drawn in plenty."""
        suggested = self._proposer.suggestions(first, n_suggested(self.state, count))
        with self._context.model_clock:
            return ranked(self.state, suggested, first, self._price, count)

    def _price(self, candidates: Sequence[Candidate]) -> list[TrialRecord]:
        """Return what candidates cost that nobody proposed yet."""
        return [priced.record(_NOBODY) for priced in price_all(self._context, candidates)]

    def _add(self, batch: Sequence[TrialRecord]) -> None:
        """Add what was evaluated, and write it."""
        self.records += batch
        for record in batch:
            remember(self._known, record)
        self.state = self.state.after(self.records, dict(self._known))
        # who is dominated stays so: the others are those of the front so far, and new ones
        self.front = self.state.front([*self.front, *batch])
        self._table.add(batch)
        self._table.write({record.trial for record in self.front}, self._folder.trials)


def _on_trained(tell: Listener, done: int, total: int) -> Progress:
    """Return a callback that tells how many candidates of a batch are trained."""
    return lambda n: tell(Event("candidates", f"candidates from {done} on: {n} trained", done, total))


def _best_words(front: Sequence[TrialRecord]) -> str:
    """Say how good the search is so far."""
    if not front:
        return "nothing fits yet"
    best = max(front, key=lambda r: r.score or 0.0)
    small = min(front, key=lambda r: float((r.measured or {}).get("memory_bytes") or 0))
    return (
        f"front of {len(front)}: best {best.score:.1%} at {(best.measured or {})['memory_bytes']:,} B, "
        f"smallest {(small.measured or {})['memory_bytes']:,} B at {small.score:.1%}"
    )
