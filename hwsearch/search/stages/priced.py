"""A candidate that was priced, and the candidates that a search has priced so far."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from hwsearch.network.params import Params, Ticket
from hwsearch.plan.pricing import Price
from hwsearch.records.trials import TrialRecord
from hwsearch.space.candidate import Candidate

_MOST_BYTES = 256 * 2**20


@dataclass(frozen=True, eq=False)
class Priced:
    """What is known of a candidate before it is trained.

    Attributes:
        candidate: Its knobs.
        ticket: What would be trained.
        price: What it will cost, and what it breaks.
        sparsity_mask: Fraction of the dense network's weights that the mask removes.
        layer_sparsity: Fraction of each layer that the mask removes, as the similarity counts it.
        similarity: Predicted probability to predict what the dense network does; None where nothing is predicted.
    """

    candidate: Candidate
    ticket: Ticket
    price: Price
    sparsity_mask: float
    layer_sparsity: tuple[float, ...]
    similarity: float | None = None

    def record(self, number: int) -> TrialRecord:
        """Return the record of a trial of this candidate; its outcome is open, unless it is over budget."""
        faults = self.price.faults
        return TrialRecord(
            trial=number,
            candidate=self.candidate,
            outcome="over_budget" if faults else None,
            reason="; ".join(faults),
            predicted=self.price.fields,
            sparsity_mask=self.sparsity_mask,
            layer_sparsity=self.layer_sparsity,
            similarity=self.similarity,
            feasible=not faults,
        )


class PricedCandidates:
    """The candidates that were priced, by digest: each is cut from its dense network and priced once.

    The oldest go when all their tickets together take more memory than they may.
    """

    def __init__(self, dense: Sequence[Params]) -> None:
        self._dense, self._by_digest = list(dense), dict[str, Priced]()
        self._n_bytes = 0

    def get(self, candidate: Candidate) -> Priced | None:
        """Return a candidate's price; None where it is to be priced."""
        return self._by_digest.get(candidate.digest)

    def add(self, priced: Iterable[Priced]) -> None:
        """Keep what was priced just now."""
        for fresh in priced:
            self._by_digest[fresh.candidate.digest] = fresh
            self._n_bytes += self._size(fresh.ticket)
        while self._n_bytes > _MOST_BYTES and self._by_digest:
            oldest = self._by_digest.pop(next(iter(self._by_digest)))
            self._n_bytes -= self._size(oldest.ticket)

    def _size(self, ticket: Ticket) -> int:
        """Return the bytes of a ticket's masks, and of its weights where they are not a dense network's."""
        masks = sum(mask.nbytes for mask in ticket.masks)
        if any(ticket.params is dense for dense in self._dense):
            return masks
        return masks + sum(np.asarray(weight).nbytes for weight in ticket.params.weights)
