"""Trainings of other runs as this run's surrogate sees them: its own prices, their curves, and no other candidates."""

from dataclasses import replace
from types import SimpleNamespace

from builders.records import plan_of_three_rungs, record

from hwsearch.predict.process import NOT_BEGUN
from hwsearch.search.stages import warm_start as module
from hwsearch.search.stages.warm_start import as_here, others_words
from hwsearch.space.candidate import Candidate


def test_they_are_priced_here_and_keep_their_curves(tmp_path, tiny_text, monkeypatch):
    plan = plan_of_three_rungs(tmp_path, tiny_text)
    within = replace(record(7, 0.5, (0.8, 0.9), 5000.0), candidate=Candidate((0.5,), "weight", (4,), 3))
    foreign = [
        replace(within, candidate=candidate)
        for candidate in (
            Candidate((0.5,), "weight", (5,), 3),  # no such bits
            Candidate((0.5,), "weight", (4,), 9),  # no such T
            Candidate((0.55,), "weight", (4,), 3),  # no such sparsity
            Candidate((0.5,), "block:4", (4,), 3),  # no such granularity
            Candidate((0.5, 0.5, 0.5), "weight", (4,), 3),  # a sparsity a layer
        )
    ]

    def price_all(context, candidates):
        fresh = [replace(record(0, 0.5, (), 700.0, None), candidate=c) for c in candidates]
        return [SimpleNamespace(record=lambda number, r=r: replace(r, trial=number)) for r in fresh]

    monkeypatch.setattr(module, "price_all", price_all)
    (here,) = as_here(SimpleNamespace(plan=plan), [foreign[0], within, *foreign[1:]])
    assert (here.candidate, here.curve, here.trial) == (within.candidate, (0.8, 0.9), NOT_BEGUN)
    assert here.predicted["memory_bytes"] == 700.0


def test_it_is_said_how_much_was_learned():
    assert others_words([record(0, 0.5, (0.8,), 1.0)] * 3).startswith(
        "learned from 3 trainings of other runs"
    )
