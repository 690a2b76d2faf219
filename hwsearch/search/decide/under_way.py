"""What may be known of batches that are under way while others begin.

That is what their records tell after so many rungs, also later: whoever decides again, since a run broke off, sees what
was seen the first time, whatever has ended since.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from hwsearch.records.trials import REPEATS, TrialRecord
from hwsearch.search.decide.state import SearchState


def knowing(state: SearchState, under_way: Iterable[tuple[Sequence[TrialRecord], int]]) -> SearchState:
    """Return what is known with batches under way.

    Args:
        state: What was told.
        under_way: The records of each batch, as they are or as they were told, and the rungs that it has been through.
            What repeats another trial tells nothing.
    """
    known = dict(state.known)
    for records, rungs in under_way:
        own = [r for r in records if not (r.outcome == "repeat" or r.reason.startswith(REPEATS))]
        known |= {record.candidate.digest: seen(record, rungs) for record in own}
    return replace(state, known=known)


def seen(record: TrialRecord, rungs: int) -> TrialRecord:
    """Return what may be known of a record when its batch has been through so many rungs.

    That is the record itself if it had its outcome by then, else its price and its curve so far: the same whether it is
    still on its way or has ended since.
    """
    n_trained = len(record.curve) + (record.outcome == "failed")
    if record.outcome is not None and n_trained <= rungs:
        return record
    return TrialRecord(
        record.trial, record.candidate, None, "", record.predicted, curve=record.curve[:rungs],
        began=record.began, similarity=record.similarity, layer_sparsity=record.layer_sparsity,
    )  # fmt: skip
