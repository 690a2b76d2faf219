"""The surrogate: closed forms, and a prior that data outvote."""

from dataclasses import replace

import numpy as np
import pytest

from hwsearch.predict import surrogate as module
from hwsearch.predict.process import NOT_BEGUN, Inputs
from hwsearch.predict.surrogate import accuracy_of, fit, transform


def inputs(x, basis=None):
    x = np.asarray(x, float).reshape(-1, 1)
    known = np.zeros((len(x), 0)) if basis is None else np.asarray(basis, float).reshape(-1, 1)
    return Inputs(x, np.zeros(1, int), np.zeros((len(x), 0)), known)


def test_transform_by_hand_and_back():
    assert transform(np.array([0.99])) == pytest.approx(-np.log(0.02))
    assert accuracy_of(transform(np.array([0.3, 0.9, 1.0]))) == pytest.approx([0.3, 0.9, 1.0])
    assert accuracy_of(np.array([20.0])) == [1.0]


def test_prediction_equals_the_textbook_formula():
    x, seen = np.array([0.0, 0.4, 1.0]), inputs([0.0, 0.4, 1.0])
    model = fit(seen, np.array([0.9, 0.93, 0.97]))
    amplitude, noise, length = np.exp(model.hyper)
    # the two that lie below the 0.9 quantile of y are noisier
    below = np.quantile(model.y, 0.9) - model.y
    spread = np.maximum(np.exp(0.5 * below), 1.0)
    assert spread[0] > spread[1] > spread[2] == 1.0

    def matern(a, b):
        d = np.sqrt(5) * np.abs(a[:, None] - b[None, :]) / length
        return amplitude**2 * (1 + d + d**2 / 3) * np.exp(-d)

    at = np.array([0.2, 3.0])
    gram = matern(x, x) + np.diag((noise * spread) ** 2 + 1e-6)
    mean = model.y.mean() + matern(at, x) @ np.linalg.solve(gram, model.y - model.y.mean())
    variance = amplitude**2 - np.einsum("ij,ji->i", matern(at, x), np.linalg.solve(gram, matern(x, at)))
    got = model.predict(inputs(at))
    assert got[0] == pytest.approx(mean, abs=1e-5)
    assert got[1] == pytest.approx(np.sqrt(variance), abs=1e-4)


def test_the_mean_alone_is_the_same_mean(monkeypatch):
    monkeypatch.setattr(module, "_CHUNK", 3)
    model = fit(inputs([0.0, 0.4, 1.0], [0.1, 0.5, 0.2]), np.array([0.9, 0.93, 0.97]))
    at = inputs(np.linspace(-1, 2, 8), np.linspace(0, 1, 8))
    assert model.mean(at) == pytest.approx(model.predict(at)[0])


@pytest.mark.parametrize("size", [1, 2, 3, 7, 40])
def test_what_is_told_of_a_candidate_does_not_depend_on_who_is_asked_about_beside_it(size):
    rng = np.random.default_rng(0)
    model = fit(inputs(rng.uniform(0, 2, 200)), rng.uniform(0.5, 0.99, 200))
    asked = inputs(rng.uniform(0, 2, 280))
    together = model.mean(asked)
    parts = [model.mean(asked[slice(i, i + size)]) for i in range(0, 280, size)]
    assert np.array_equal(
        np.concatenate(parts), together
    )  # to the last digit: a resumed run prices others beside it


def test_draws_have_the_mean_and_spread_of_predictions_and_go_together():
    model = fit(inputs([0.0, 0.4, 1.0]), np.array([0.9, 0.93, 0.97]))
    at = inputs([0.2, 2.0, 2.0, 9.0])
    mean, sd = model.predict(at)
    draws = model.draws(at, 20_000, np.random.default_rng(0))
    assert draws.mean(0) == pytest.approx(mean, abs=0.02)
    assert draws.std(0) == pytest.approx(sd, abs=0.02)
    together = np.corrcoef(draws.T)
    assert together[1, 2] > 0.99
    assert abs(together[0, 3]) < 0.3


def test_hyper_parameters_can_be_taken_over():
    first = fit(inputs([0.0, 0.4, 1.0]), np.array([0.9, 0.93, 0.97]))
    x, accuracy = [0.0, 0.4, 1.0, 2.0], np.array([0.9, 0.93, 0.97, 0.9])
    later = fit(inputs(x), accuracy, like=first)
    assert (later.hyper == first.hyper).all()
    assert later.predict(inputs([2.0]))[0] < first.predict(inputs([2.0]))[0]


def test_good_ones_count_for_more_than_poor_ones_that_differ_from_training_to_training():
    x = np.repeat(np.linspace(0, 2, 12), 2)
    luck = np.tile([0.25, -0.25], 12) * np.where(x < 1, 1.0, 0.1)
    model = fit(inputs(x), accuracy_of(np.where(x < 1, 1.2, 3.2) + luck))
    assert model.noise < 0.15
    assert (model.spread[x < 1] > 2).all()
    assert (model.spread[x >= 1] < 1.2).all()


def test_it_is_surer_where_it_has_seen_something():
    model = fit(inputs([0.0, 0.1, 0.2, 0.3]), np.array([0.90, 0.91, 0.90, 0.91]))
    _, sd = model.predict(inputs([0.15, 9.0]))
    assert sd[0] < 0.5 * sd[1]


def test_with_few_trainings_similarity_speaks():
    rng = np.random.default_rng(0)
    similarity = np.array([-1.0, 0.0, 1.0, 0.5])
    model = fit(inputs(rng.uniform(0, 1, 4), similarity), accuracy_of(2.5 + similarity))
    mean, _ = model.predict(inputs([0.5, 0.5], [-1.0, 1.0]))
    assert mean[1] > mean[0] + 1.0


def test_a_similarity_that_says_nothing_is_outvoted():
    rng = np.random.default_rng(1)
    x, noise = rng.uniform(0, 2, 40), rng.normal(0, 1, 40)
    model = fit(inputs(x, noise), accuracy_of(2.0 + np.sin(3 * x)))
    at = np.linspace(0.2, 1.8, 9)
    mean, _ = model.predict(inputs(at, rng.normal(0, 1, 9)))
    assert np.abs(mean - (2.0 + np.sin(3 * at))).max() < 0.2


def at_rung(x, rung, training=None):
    number = None if training is None else np.asarray(training)
    return replace(inputs(x), rung=np.asarray(rung), training=number)


def test_early_rungs_tell_of_the_last_one():
    rng = np.random.default_rng(2)
    x = rng.uniform(0, 2, 24)
    early, late = 1.5 + np.sin(3 * x), 2.2 + np.sin(3 * x)
    seen = at_rung([*x, *x[:6]], [0] * 24 + [1] * 6, [*range(24), *range(6)])
    model = fit(seen, accuracy_of(np.concatenate([early, late[:6]])), rungs=2)
    at = np.linspace(0.2, 1.8, 9)
    mean, sd = model.predict(inputs(at))
    assert np.abs(mean - (2.2 + np.sin(3 * at))).max() < 0.35
    few = fit(inputs(x[:6]), accuracy_of(late[:6]))
    assert sd.mean() < few.predict(inputs(at))[1].mean()


def test_a_rung_that_nobody_has_reached_tells_no_more_apart_than_the_one_before():
    rng = np.random.default_rng(0)
    x, similarity = rng.uniform(0, 2, 40), rng.normal(0, 1, 40)
    y = 2.5 + 0.5 * similarity + 0.5 * np.sin(3 * x)
    twice = np.repeat(np.arange(40), 2)
    rung = np.tile([0, 1], 40)
    seen = replace(inputs(x[twice], similarity[twice]), rung=rung, training=twice)
    model = fit(seen, accuracy_of(y[twice] + 0.3 * rung + rng.normal(0, 0.05, 80)), rungs=3)
    second, last = (
        model.predict(replace(inputs(x, similarity), rung=np.full(40, rung)))[0] for rung in (1, 2)
    )
    assert np.corrcoef(second, last)[0, 1] > 0.99
    assert 0.9 * np.std(second) < np.std(last) < 1.1 * np.std(second)


def test_a_training_that_has_begun_keeps_its_luck_and_another_does_not():
    x = np.linspace(0, 2, 20)
    rows = at_rung([*x, *x], [0] * 20 + [1] * 20, [*range(20)] * 2)
    luck = np.random.default_rng(3).normal(0, 0.3, 20)
    model = fit(rows, accuracy_of(np.concatenate([1.5 + luck, 2.0 + luck])), rungs=2)
    lucky = int(luck.argmax())
    begun = model.predict(at_rung([x[lucky]], [1], [lucky]))[0]
    fresh = model.predict(at_rung([x[lucky]], [1], [NOT_BEGUN]))[0]
    assert begun[0] > fresh[0] + 0.1


@pytest.mark.parametrize("accuracy", [[0.5, 1.2], [0.5, float("nan")], [0.5]])
def test_what_is_no_accuracy_is_refused(accuracy):
    with pytest.raises(ValueError, match="accurac"):
        fit(inputs([0.0, 1.0]), np.array(accuracy))
