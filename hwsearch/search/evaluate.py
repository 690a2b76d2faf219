"""One batch of candidates through the whole flow: read this first.

price     each is cut from the dense network and priced; over a budget or rule it is told so and not trained
repeat    one that was evaluated before, under whatever spelling, takes that result
cut       one that could not reach the front, or that behaves like a trained one, unless the audit draws it
train     the others, in stacks, from their ticket; rung by rung, and after each the less promising stop
measure   the integer model's accuracy, counted spikes, cost by the formulas that priced it (after every rung)

Where batches overlap (``search.overlap``) a round takes each of them through one rung, and begins another meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from hwsearch.records.trials import REPEATS, TrialRecord, remember
from hwsearch.search.decide.completion import keep_likely
from hwsearch.search.decide.cutting import cut
from hwsearch.search.decide.promotion import promote
from hwsearch.search.decide.state import SearchState
from hwsearch.search.decide.under_way import knowing
from hwsearch.search.optuna_study import Proposal
from hwsearch.search.stages.context import Context, Progress
from hwsearch.search.stages.pricing import price_all
from hwsearch.search.stages.rungs import Trial, after_rung, ascend, at_rung, train_rungs


@dataclass(frozen=True)
class UnderWay:
    """A batch that was begun and is not told yet.

    Attributes:
        trials: Of the batch; if it was told before a run went on, as they were told.
        rung: What it trains for next.
    """

    trials: Sequence[Trial]
    rung: int = 0

    @property
    def records(self) -> list[TrialRecord]:
        """A record of each of its trials."""
        return [trial.record for trial in self.trials]


def evaluate(
    context: Context, state: SearchState, batch: Sequence[Proposal], on_trained: Progress | None = None
) -> list[TrialRecord]:
    """Take a batch through the flow.

    Args:
        context: Plan, dense network, trainer, cache.
        state: What was known before the batch.
        batch: Proposals, in order.
        on_trained: Told how many candidates of this batch are trained so far.

    Returns:
        A record each, in the order of the batch, with its outcome.
    """
    begun = begin(context, state, batch)
    trials = ascend(context, state, begun.trials, promote, on_trained)
    return with_results([trial.record for trial in trials], state.known)


def evaluate_round(
    context: Context,
    state: SearchState,
    under_way: Sequence[UnderWay],
    following: Callable[[SearchState], UnderWay] | None,
    on_trained: Progress | None = None,
) -> list[UnderWay]:
    """Train batches that overlap for a rung each, and meanwhile begin the next one.

    That is chosen and cut as soon as the jobs of the others are given out, and its first rung joins them. When all of
    it has ended each batch is judged. So workers wait for each other once a batch, not once a rung, and not for the
    choice. What is decided depends on what was told before the round and on what the batches under way had learned by
    then: on the study alone, never on how many workers there are or when they end.

    Args:
        context: Plan, dense network, trainer, cache.
        state: What was told before.
        under_way: The oldest first.
        following: Begins the next batch, by what is known; None: none follows.
        on_trained: Told how many candidates are trained in this round.

    Returns:
        What is under way then, the oldest first.
    """
    batches, before = list(under_way), _with(state, under_way)

    def groups() -> Iterator[tuple[Sequence[Trial], int]]:
        for batch in under_way:
            yield at_rung(batch.trials, batch.rung), batch.rung
        if following is not None:
            batches.append(following(before))
            yield at_rung(batches[-1].trials, 0), 0

    measured = train_rungs(context, groups(), on_trained)
    for place, batch in enumerate(batches):
        others = _with(state, [*batches[:place], *batches[place + 1 :]])
        others = replace(others, fitted=before)  # one fit a round
        trials = after_rung(context, others, batch.trials, batch.rung, measured, promote)
        batches[place] = UnderWay(trials, batch.rung + 1)
    return batches


def begin(context: Context, state: SearchState, batch: Sequence[Proposal]) -> UnderWay:
    """Price a batch, and close what needs no training; see ``evaluate``."""
    trials = _without_repeats(_priced(context, batch), state.known)
    with context.model_clock:
        return UnderWay(_cut(state, trials))


def begin_again(context: Context, told: Sequence[TrialRecord]) -> UnderWay:
    """Return a batch that was told as one that begins: others that overlap it are to see what they saw."""
    trials = _priced(context, [Proposal(record.trial, record.candidate) for record in told])
    return UnderWay([replace(trial, record=record) for trial, record in zip(trials, told, strict=True)])


def complete(
    context: Context, state: SearchState, batch: Sequence[Proposal], on_trained: Progress | None = None
) -> list[TrialRecord]:
    """Train on what was stopped or cut, for as long as it is likely to be on the front; see ``evaluate``."""
    trials = [_resumed(trial, state.known) for trial in _priced(context, batch)]
    trials = ascend(context, state, trials, keep_likely, on_trained)
    return [replace(trial.record, finishing=True) for trial in trials]


def with_results(records: Sequence[TrialRecord], known: Mapping[str, TrialRecord]) -> list[TrialRecord]:
    """Return the records of a batch that has ended: each repeat with the result of the trial that it repeats."""
    originals = dict(known)
    for record in records:
        if record.outcome != "repeat":
            remember(originals, record)
    return [
        _as_repeat(record, originals[record.candidate.digest]) if record.outcome == "repeat" else record
        for record in records
    ]


def _with(state: SearchState, under_way: Sequence[UnderWay]) -> SearchState:
    """Return what is known with batches under way."""
    return knowing(state, [(batch.records, batch.rung) for batch in under_way])


def _priced(context: Context, batch: Sequence[Proposal]) -> list[Trial]:
    """Return the trials of a batch: open, but for those over a budget."""
    priced = price_all(context, [proposal.candidate for proposal in batch])
    return [Trial(p.record(proposal.number), p.ticket) for proposal, p in zip(batch, priced, strict=True)]


def _resumed(trial: Trial, known: Mapping[str, TrialRecord]) -> Trial:
    """Return an open trial with the training that was stopped, where there is one to go on with."""
    earlier = known.get(trial.record.candidate.digest)
    if not trial.open or earlier is None or earlier.outcome != "stopped" or not earlier.feasible:
        return trial
    return replace(trial, record=replace(trial.record, began=earlier.training, curve=earlier.curve))


def _without_repeats(trials: Sequence[Trial], known: Mapping[str, TrialRecord]) -> list[Trial]:
    """Close the trials of candidates that were evaluated, or stand earlier in the batch; what was stopped goes on."""
    seen, result = set[str](), list[Trial]()
    for trial in trials:
        name = trial.record.candidate.digest
        going_on = trial if name in seen else _resumed(trial, known)
        if trial.open and going_on is trial and (name in known or name in seen):
            going_on = replace(trial, record=replace(trial.record, outcome="repeat"))
        seen.add(name)
        result.append(going_on)
    return result


def _cut(state: SearchState, trials: Sequence[Trial]) -> list[Trial]:
    """Close the open trials that need no training."""
    decided = {r.trial: r for r in cut(state, [trial.record for trial in trials if trial.open])}
    return [replace(trial, record=decided.get(trial.record.trial, trial.record)) for trial in trials]


def _as_repeat(record: TrialRecord, original: TrialRecord) -> TrialRecord:
    """Return the record of a repeat: the original's, but for what it cost."""
    return replace(
        original,
        trial=record.trial,
        outcome="failed" if original.outcome == "failed" else "repeat",
        reason=f"{REPEATS} {original.trial}",
        twin_of=original.trial,
        finishing=False,
        train_steps=0,
        eval_steps=0,
        wall_s=0.0,
    )
