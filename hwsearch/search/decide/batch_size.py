"""How many candidates are asked and decided together.

Fitting, choosing, cutting, promoting and storing are paid once a batch, and take longer the more is known; what is
decided together is decided without each other's trainings. Up to `WHOLE` finished trials ``auto`` is 8; from there on
a batch is a sixty-fourth of what is finished, so that it stays a small share of what is learned from. It depends on
the number of finished trials alone, not on the machine: a resumed run asks in the batches of an unbroken one.
"""

from __future__ import annotations

from hwsearch.search.decide.memory import WHOLE
from hwsearch.study.search_sections import FIRST_BATCH, Search

_SHARE, _MULTIPLE, _MOST = 64, 8, 64
_STEP = _SHARE * _MULTIPLE


def batch_size(search: Search, finished: int) -> int:
    """Return how many candidates a batch has at most.

    Args:
        search: What the study says of it.
        finished: Trials before the batch.
    """
    if search.batch != "auto":
        return search.batch
    if finished < WHOLE:
        return FIRST_BATCH
    return min(_MOST, (finished + _STEP // 2) // _STEP * _MULTIPLE)
