"""One batch of candidates through the whole flow: read this first.

price     each is cut from the dense network and priced; over a budget or rule it is told so and not trained
repeat    one that was evaluated before, under whatever spelling, takes that result
cut       one that could not reach the front, or that behaves like a trained one, unless the audit draws it
train     the others, in stacks, from their ticket; rung by rung, and after each the less promising stop
measure   the integer model's accuracy, counted spikes, cost by the formulas that priced it (after every rung)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hwsearch.records.trials import REPEATS, TrialRecord, remember
from hwsearch.search.decide.completion import keep_likely
from hwsearch.search.decide.cutting import cut
from hwsearch.search.decide.promotion import promote
from hwsearch.search.decide.state import SearchState
from hwsearch.search.optuna_study import Proposal
from hwsearch.search.stages.context import Context, Progress
from hwsearch.search.stages.pricing import price_all
from hwsearch.search.stages.rungs import Trial, ascend


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
    trials = _without_repeats(_priced(context, batch), state.known)
    with context.model_clock:
        trials = _cut(state, trials)
    trials = ascend(context, state, trials, promote, on_trained)
    return _with_results([trial.record for trial in trials], state.known)


def complete(
    context: Context, state: SearchState, batch: Sequence[Proposal], on_trained: Progress | None = None
) -> list[TrialRecord]:
    """Train on what was stopped or cut, for as long as it is likely to be on the front; see ``evaluate``."""
    trials = [_resumed(trial, state.known) for trial in _priced(context, batch)]
    trials = ascend(context, state, trials, keep_likely, on_trained)
    return [replace(trial.record, finishing=True) for trial in trials]


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


def _with_results(records: Sequence[TrialRecord], known: Mapping[str, TrialRecord]) -> list[TrialRecord]:
    """Give each repeat the result of the trial that it repeats."""
    originals = dict(known)
    for record in records:
        if record.outcome != "repeat":
            remember(originals, record)
    return [
        _as_repeat(record, originals[record.candidate.digest]) if record.outcome == "repeat" else record
        for record in records
    ]


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
