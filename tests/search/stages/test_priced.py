"""A priced candidate opens a record, and is kept for as long as there is room."""

from types import SimpleNamespace

import numpy as np
import pytest
from builders.finders import params_of

from hwsearch.network.params import Ticket
from hwsearch.plan.pricing import Price
from hwsearch.search.stages import priced as module
from hwsearch.search.stages.priced import Priced, PricedCandidates
from hwsearch.space.candidate import Candidate

DENSE = params_of(np.zeros((10, 10)))


def priced(sparsity=0.5, faults=(), params=DENSE):
    ticket = Ticket(params, (np.ones((10, 10), bool),), (4,))
    price = Price(SimpleNamespace(), {"memory_bytes": 70}, {}, faults)
    return Priced(Candidate((sparsity,), "weight", (4,), 2), ticket, price, 0.5, (0.5,), 0.9)


def test_its_record_is_open_until_something_is_known():
    record = priced().record(7)
    assert (record.trial, record.outcome, record.reason, record.feasible) == (7, None, "", True)
    assert (record.predicted, record.similarity, record.layer_sparsity) == ({"memory_bytes": 70}, 0.9, (0.5,))


def test_over_budget_is_known_at_once():
    record = priced(faults=("too big", "too slow")).record(7)
    assert (record.outcome, record.reason, record.feasible) == ("over_budget", "too big; too slow", False)


@pytest.mark.parametrize(("params", "room"), [(DENSE, 3), (params_of(np.ones((10, 10))), 1)])
def test_the_oldest_goes_when_tickets_take_too_much(monkeypatch, params, room):
    monkeypatch.setattr(module, "_MOST_BYTES", 350)  # a mask takes 100 bytes, weights of its own 400 more
    if room == 1:
        monkeypatch.setattr(module, "_MOST_BYTES", 600)
    candidates = PricedCandidates([DENSE])
    everything = [priced(0.1 * i, params=params) for i in range(5)]
    candidates.add(everything)
    kept = [candidates.get(own.candidate) is own for own in everything]
    assert kept == [False] * (5 - room) + [True] * room
