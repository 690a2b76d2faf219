"""What the surrogate is given, and what it says of candidates: costs in the end, chances, draws."""

from dataclasses import replace

import numpy as np
import pytest
from builders.records import plan_of_three_rungs, record, state_of

from hwsearch.search.decide import learned as module
from hwsearch.search.decide.features import KnownBefore
from hwsearch.search.decide.front import Box
from hwsearch.search.decide.learned import fit_records


@pytest.fixture
def plan(tmp_path, tiny_text):
    return plan_of_three_rungs(tmp_path, tiny_text)


def finished(n=8):
    """Trials that were trained to the end: the sparser, the smaller and the less accurate."""
    levels = np.linspace(0.1, 0.9, n)
    return [
        record(i, float(s), tuple(0.9 - 0.3 * s**2 + 0.02 * k for k in range(3)), 3000.0 - 2500 * s)
        for i, s in enumerate(levels)
    ]


def test_a_training_that_went_on_twice_is_learned_from_once(plan, monkeypatch):
    """Trial 3 was stopped, 10 went on from it and was stopped, 20 goes on from that: one training, three rungs."""
    given, fit = [], module.fit

    def watched(inputs, *args):
        given.append(inputs)
        return fit(inputs, *args)

    monkeypatch.setattr(module, "fit", watched)
    others = [record(i, 0.1 * i + 0.1, (0.9 - 0.01 * i,), 1000.0) for i in range(3)]
    before = replace(record(10, 0.5, (0.8, 0.85), 900.0, "stopped"), began=3)
    now = replace(record(20, 0.5, (0.8, 0.85, 0.9), 900.0), began=3)
    state_of(plan, [*others, before]).learned_with([now])
    of_that = given[-1].training == 3
    assert sorted(given[-1].rung[of_that]) == [0, 1, 2]
    assert len(given[-1].training) == 3 + 3


def test_what_a_quantiser_saves_is_learned_from_trials_of_the_same_bits(plan):
    rows = [replace(r, measured={k: 0.5 * v for k, v in r.measured.items()}) for r in finished()]
    learned = fit_records(plan, KnownBefore(False), rows)
    fresh = record(50, 0.5, (), 1000.0)
    assert {name: share.tolist() for name, share in learned.shares(fresh).items()} == {
        "energy_j": [0.5] * 8, "memory_bytes": [0.5] * 8,
    }  # fmt: skip
    assert np.exp(learned.expected_costs([fresh])) == pytest.approx(np.array([[0.5e-6, 500.0]]))


def test_what_is_smaller_than_all_and_as_good_has_a_chance_and_what_is_dominated_has_none(plan):
    learned = fit_records(plan, KnownBefore(False), finished())
    box = Box(0.5, np.log([4e-6, 4000.0]))
    small, large = record(50, 0.12, (), 100.0), record(51, 0.9, (), 2990.0)
    chances = learned.chances([small, large], box)
    assert chances[0] > 0.9
    assert chances[1] < 0.1


def test_draws_are_of_every_candidate_and_what_is_reached_has_no_luck(plan):
    learned = fit_records(plan, KnownBefore(False), finished())
    reached, ahead = learned.draws(learned.finished, [record(50, 0.5, (), 900.0)], np.random.default_rng(0))
    assert reached.errors.shape == (module.DRAWS, 8)
    assert ahead.errors.shape == (module.DRAWS, 1)
    assert ahead.errors.std() > reached.errors.std(0).mean()
