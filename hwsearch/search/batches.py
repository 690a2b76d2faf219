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
from hwsearch.search.evaluate import (
    UnderWay,
    begin,
    begin_again,
    complete,
    evaluate,
    evaluate_round,
    with_results,
)
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
    take = history.overlap if search.overlap else history.propose
    while asked < total or history.under_way:
        count = min(batch_size(search, history.n_asked), total - asked)
        take(count, _on_trained(tell, asked - history.n_under_way, total))
        asked += count
        if history.records:
            done = asked - history.n_under_way
            tell(Event("candidates", _best_words(history.front), done, total, clock.lap()))
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
        under_way: Batches that were begun and not told yet, the oldest first; none, unless batches overlap.
    """

    def __init__(
        self, context: Context, proposer: Proposer, folder: RunFolder, finished: Mapping[int, TrialRecord]
    ) -> None:
        self.records: list[TrialRecord] = []
        self.front: list[TrialRecord] = []
        self._known: dict[str, TrialRecord] = {}
        self.state = context.state({})
        self.under_way: list[UnderWay] = []
        self._table = TrialTable(context.plan.later_columns)
        self._context, self._proposer, self._folder, self._finished = context, proposer, folder, finished

    @property
    def n_under_way(self) -> int:
        """Trials of the batches under way."""
        return sum(len(batch.trials) for batch in self.under_way)

    @property
    def n_asked(self) -> int:
        """Trials so far, with those under way."""
        return len(self.records) + self.n_under_way

    def take_over(self, total: int) -> int:
        """Take over what is finished, but for what hangs together with a batch that broke off, of so many proposals.

        A batch that broke off is taken through the flow as a whole: what its members became hangs together. So does
        what batches became that overlap: as many are taken through it again as were under way when the next one began.

        Returns:
            How many proposals were taken over.
        """
        end = next(number for number in range(len(self._finished) + 1) if number not in self._finished)
        begins = self._begins(end, total)
        if self._context.plan.study.search.overlap and self._n_proposed(end) < total:
            end = begins[max(0, len(begins) - len(self._context.plan.cycles))]
        elif self._proposer.count > end:  # asked, and without an outcome: the last batch broke off
            end = begins[-1]
        if end:
            self._add([self._finished[number] for number in range(end)])
        return self._n_proposed(end)

    def propose(self, count: int, on_trained: Progress) -> None:
        """Ask for so many candidates, ranked where that pays, and evaluate them."""
        first = len(self.records)
        choice = partial(self._ranked, self.state, first, count) if can_rank(self.state) else None
        self._batch(range(first, first + count), choice, evaluate, on_trained)

    def overlap(self, count: int, on_trained: Progress) -> None:
        """Train what is under way for a rung each, and ask for so many candidates meanwhile; tell the oldest batch."""
        numbers = range(self.n_asked, self.n_asked + count)
        following = partial(self._begun, numbers) if count else None
        self.under_way = evaluate_round(self._context, self.state, self.under_way, following, on_trained)
        oldest = self.under_way[0]
        if oldest.rung == len(self._context.plan.cycles):  # it has been through all of them
            self.under_way = self.under_way[1:]
            self._tell(with_results(oldest.records, self.state.known))

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

    def _n_proposed(self, end: int) -> int:
        """Return how many of the first trials are proposals."""
        return sum(not self._finished[number].finishing for number in range(end))

    def _begins(self, end: int, total: int) -> list[int]:
        """Return where batches begin that follow each other, the last of them at the first trial without an outcome.

        Where only a part of a batch has an outcome, the last of them is that batch.
        """
        search, first, asked, begins = self._context.plan.study.search, 0, 0, list[int]()
        while first < end and asked < total:
            if self._finished[first].finishing:  # by a run that asked fewer
                first, begins = first + 1, []
                continue
            count = min(batch_size(search, first), total - asked)
            batch = [self._finished[number] for number in range(first, min(first + count, end))]
            proposed = next((i for i, record in enumerate(batch) if record.finishing), len(batch))
            if proposed == len(batch) < count:
                break
            begins.append(first)
            first, asked = first + proposed, asked + proposed
        return [*begins, first]

    def _batch(
        self,
        numbers: range,
        choice: Callable[[], Sequence[Setting]] | None,
        through: Evaluate,
        on_trained: Progress,
    ) -> None:
        """Take over a batch that is finished, or ask for it and take it through the flow."""
        if self._all_told(numbers):
            self._add([self._finished[number] for number in numbers])
            return
        proposals = self._proposer.proposals(numbers.start, numbers.stop, choice)
        self._tell(through(self._context, self.state, proposals, on_trained))

    def _begun(self, numbers: range, state: SearchState) -> UnderWay:
        """Return the next batch by what is known, or as it began if it was told before this run went on."""
        if self._all_told(numbers):
            return begin_again(self._context, [self._finished[number] for number in numbers])
        choice = partial(self._ranked, state, numbers.start, len(numbers)) if can_rank(state) else None
        proposals = self._proposer.proposals(numbers.start, numbers.stop, choice)
        return begin(self._context, state, proposals)

    def _all_told(self, numbers: range) -> bool:
        return all(number in self._finished for number in numbers)

    def _tell(self, batch: Sequence[TrialRecord]) -> None:
        """Tell a batch, and add it; what was told stays as it is."""
        self._proposer.tell([Told(r.trial, verdict(self.state, r), r.to_json()) for r in batch])
        self._add([self._finished.get(record.trial, record) for record in batch])

    def _ranked(self, state: SearchState, first: int, count: int) -> list[Setting]:
        """Return the settings of a batch: the best of what is drawn in plenty."""
        suggested = self._proposer.suggestions(first, n_suggested(state, count))
        with self._context.model_clock:
            return ranked(state, suggested, first, self._price, count)

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
