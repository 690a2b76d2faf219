"""How good a run's predictions were: ticket similarity, the audit of what was cut, and what the front may lack."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from hwsearch.measure.accuracy import wilson
from hwsearch.measure.intervals import poisson_binomial_interval
from hwsearch.predict.quality import average
from hwsearch.records.summary_parts import Audit, Completion, SimilarityQuality
from hwsearch.records.trials import TrialRecord
from hwsearch.search.decide.completion import RULED_OUT, audited_and_dropped
from hwsearch.search.decide.state import SearchState

NO_SIMILARITY = SimilarityQuality(n=0, spearman=None, mae=None, brier=None, ece=None)
NO_AUDIT = Audit(continued=0, left=0, false_cuts=0, low=None, high=None)


def similarity_quality(state: SearchState) -> SimilarityQuality:
    """Return the quality of ticket similarity in this run; of several networks on average."""
    if not state.calibrations:
        return NO_SIMILARITY
    quality = average([calibration.quality for calibration in state.calibrations])
    return SimilarityQuality(**dataclasses.asdict(quality))


def audited(state: SearchState, records: Sequence[TrialRecord]) -> Audit:
    """Return how many candidates the audit trained, how many of them would have been left, and were on the front.

    The interval is Wilson's.
    """
    trained = [r for r in records if r.audited and r.outcome == "trained" and r.feasible]
    on_front = {r.trial for r in state.front(records)}
    cut = audited_and_dropped(state)
    missed = sum(r.trial in on_front for r in cut)
    low, high = wilson(missed / len(cut), len(cut)) if cut else (None, None)
    return Audit(continued=len(trained), left=len(cut), false_cuts=missed, low=low, high=high)


def completion(records: Sequence[TrialRecord]) -> Completion:
    """Return what was taken up again at the end, what was permanently dropped, and how much of that the front may lack.

    The interval is that of the number that happens, if the chances are right and independent.
    """
    chances = [record.chance for record in records if record.chance is not None]
    low, high = poisson_binomial_interval(chances)
    return Completion(
        finishing=sum(record.finishing for record in records),
        n=len(chances),
        ruled_out=sum(chance < RULED_OUT for chance in chances),
        expected=round(sum(chances), 2),
        low=low,
        high=high,
    )
