"""Which points stand for many: a share of every rung, the best, and no accident of order."""

import numpy as np
import pytest

from hwsearch.predict import surrogate
from hwsearch.predict.process import NOT_BEGUN, Inputs
from hwsearch.predict.representatives import representatives
from hwsearch.predict.surrogate import fit


def curves(count, rng, rungs=2, stop=0.6):
    """Return inputs and y of trainings, one after the other; a share of them stops after the first rung."""
    knobs, rung, training, y = [], [], [], []
    for name in range(count):
        place = rng.uniform(0, 2, 3)
        for level in range(1 if rng.random() < stop else rungs):
            knobs.append(place)
            rung.append(level)
            training.append(name)
            y.append(1 + place[0] + 0.3 * level + 0.05 * rng.standard_normal())
    inputs = Inputs(
        np.array(knobs), np.array([0, 0, 1]), np.zeros((len(y), 1)), np.zeros((len(y), 0)), np.array(rung),
        np.array(training),
    )  # fmt: skip
    return inputs, np.array(y)


def test_few_are_all_taken():
    inputs, y = curves(20, np.random.default_rng(0))
    assert representatives(inputs, y, len(y)).tolist() == list(range(len(y)))


def test_each_rung_keeps_its_share_and_its_best():
    inputs, y = curves(600, np.random.default_rng(1))
    rows = representatives(inputs, y, 200)
    assert 198 <= len(rows) <= 200
    for rung in (0, 1):
        share, of_all = (inputs.rung[rows] == rung).mean(), (inputs.rung == rung).mean()
        assert share == pytest.approx(of_all, abs=0.02)
        here = np.flatnonzero(inputs.rung == rung)
        best = here[np.argsort(-y[here])[: int(200 * of_all * 0.1)]]
        assert len(best) >= 5
        assert set(best) <= set(rows)


def test_the_order_of_points_does_not_matter():
    inputs, y = curves(300, np.random.default_rng(2))
    rows = representatives(inputs, y, 100)
    mixed = np.random.default_rng(3).permutation(len(y))
    again = representatives(inputs[mixed], y[mixed], 100)
    assert sorted(mixed[again]) == rows.tolist()


def test_they_reach_over_the_whole_space():
    inputs, y = curves(800, np.random.default_rng(4))
    rows = representatives(inputs, y, 120)
    gaps = np.sqrt(((inputs.knobs[:, None] - inputs.knobs[None, rows]) ** 2).sum(2).min(1))
    assert gaps.max() < 0.75  # of a space of side 2 in three dimensions


def test_what_is_alone_has_no_training():
    inputs, y = curves(50, np.random.default_rng(5), rungs=1)
    alone = Inputs(
        inputs.knobs, inputs.groups, inputs.lines, inputs.curves, inputs.rung, np.full(len(y), NOT_BEGUN)
    )
    assert len(representatives(alone, y, 20)) == 20


def test_of_511_points_both_rungs_are_fitted_on(monkeypatch):
    seen = []
    real = surrogate._posterior_mode

    def found(inputs, *args):
        seen.append(np.bincount(inputs.rungs(2), minlength=2))
        return real(inputs, *args)

    monkeypatch.setattr(surrogate, "_posterior_mode", found)
    inputs, y = curves(256, np.random.default_rng(6), stop=0.0)
    fit(inputs[slice(511)], np.clip(1 - np.exp(-y[:511]), 0, 1), 2)
    assert seen[0].min() > 100


def test_a_process_of_many_is_bounded_and_knows_the_training_asked_about(monkeypatch):
    monkeypatch.setattr(surrogate, "_MOST_LEARNED", 100)
    inputs, y = curves(300, np.random.default_rng(7))
    model = fit(inputs, np.clip(1 - np.exp(-y), 0, 1), 2)
    assert len(model.rows) <= 100
    left = next(i for i in range(len(y)) if i not in set(model.rows) and inputs.rung[i] == 0)
    asked = inputs[np.array([left])]
    assert left in model.with_trainings_of(asked).rows
    stopped = Inputs(asked.knobs, asked.groups, asked.lines, asked.curves, np.array([1]), asked.training)
    _, known = model.predict(stopped)
    fresh = Inputs(asked.knobs, asked.groups, asked.lines, asked.curves, np.array([1]), np.array([NOT_BEGUN]))
    _, unknown = model.predict(fresh)
    assert known[0] ** 2 < unknown[0] ** 2 + np.exp(2 * model.hyper[-1])
