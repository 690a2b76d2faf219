"""How good a run's predictions were: ticket similarity, the audit of what was cut, and what the front may lack."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from hwsearch.measure.accuracy import wilson
from hwsearch.measure.intervals import number_that_happens
from hwsearch.records.summary import Audit, Completion, SimilarityQuality
from hwsearch.records.trials import TrialRecord
from hwsearch.search.decide.completion import RULED_OUT, audit_of
from hwsearch.search.decide.front import front_records
from hwsearch.search.stages.context import Context

NO_SIMILARITY = SimilarityQuality(n=0, spearman=None, mae=None, brier=None, ece=None)
NO_AUDIT = Audit(continued=0, left=0, false_cuts=0, low=None, high=None)


def similarity_quality(context: Context) -> SimilarityQuality:
    """Return the quality of ticket similarity in this run."""
    if context.sight is None:
        return NO_SIMILARITY
    return SimilarityQuality(**dataclasses.asdict(context.sight.quality))


def audited(context: Context, records: Sequence[TrialRecord]) -> Audit:
    """Return how many candidates the audit trained, how many of them would have been left, and were on the front.

    The interval is Wilson's.
    """
    trained = [r for r in records if r.audited and r.outcome == "trained" and r.feasible]
    on_front = {r.trial for r in front_records(context.plan, records, context.dense.error)}
    cut = audit_of(context, records)
    missed = sum(r.trial in on_front for r in cut)
    low, high = wilson(missed / len(cut), len(cut)) if cut else (None, None)
    return Audit(continued=len(trained), left=len(cut), false_cuts=missed, low=low, high=high)


def completion(records: Sequence[TrialRecord]) -> Completion:
    """Return what was taken up again at the end, what was left for good, and how much of that the front may lack.

    The interval is that of the number that happens, if the chances are right and independent.
    """
    chances = [record.chance for record in records if record.chance is not None]
    low, high = number_that_happens(chances)
    return Completion(
        finishing=sum(record.finishing for record in records),
        n=len(chances),
        ruled_out=sum(chance < RULED_OUT for chance in chances),
        expected=round(sum(chances), 2),
        low=low,
        high=high,
    )
