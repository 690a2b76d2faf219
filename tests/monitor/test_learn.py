"""Limits keep the stated chance, drifts are noticed; groups left out say what may be promised of new ones."""

import numpy as np
import pytest

from hwsearch.errors import InputError
from hwsearch.monitor.learn import LeftOut, Part, learn
from hwsearch.monitor.limits import CHANCE, INFERENCES
from hwsearch.monitor.quantities import Quantity, Seen
from hwsearch.monitor.rule import Rule, alarms, peaks, scores

QUANTITIES = (Quantity("input", "input"), Quantity("margin", "margin"))


def world(n, rng, shift=0.0):
    """Return inferences of two classes; the margin of the second is twice as large."""
    classes = rng.integers(0, 2, n)
    inputs = rng.normal(300 + 20 * shift, 20, n)
    margin = rng.normal(40 * (1 + classes) - 8 * shift, 8, n)
    return Seen(np.maximum(np.rint(np.stack([inputs, margin], 1)), 0).astype(np.int64), classes)


def alone(what, seed=0):
    """Return a monitor of samples of which each stands alone."""
    return learn(QUANTITIES, Part(what), None, 2, seed)


def test_the_same_seed_gives_the_same_monitor():
    what = world(100, np.random.default_rng(1))
    one, two = (alone(what, 4) for _ in range(2))
    assert one == two
    assert (one.samples, one.units) == (100, 100)
    assert one.left_out is None
    assert one.rule != alone(what, 5).rule


def test_a_drift_is_noticed_and_a_clean_stream_is_not():
    rng = np.random.default_rng(2)
    monitor = alone(world(400, rng), 0)
    assert alarms(monitor.rule, world(500, rng)) == []
    first = alarms(monitor.rule, world(100, rng, shift=1.5))[0]
    assert first.inference < 30
    # inputs have risen, or the margin has fallen
    assert first.above == (0,) or first.below == (1,)


def test_a_stream_of_one_class_is_no_drift():
    rng = np.random.default_rng(3)
    monitor = alone(world(400, rng), 0)
    stream = world(1000, rng)
    assert alarms(monitor.rule, stream[np.flatnonzero(stream.classes == 1)]) == []


def apart(n, rng, differ):
    """Return n runs of 10 inferences whose sums differ among each other by so many spreads, and the runs."""
    what, groups = world(10 * n, rng), np.repeat(np.arange(n), 10)
    shift = np.rint(rng.normal(0, 20 * differ, n))[groups, None].astype(np.int64)
    return Part(Seen(what.values + shift * [1, 0], what.classes), groups)


@pytest.mark.slow
def test_runs_that_differ_among_each_other_raise_the_limit_and_bound_what_is_promised():
    part = apart(40, np.random.default_rng(4), differ=1)
    each, whole = alone(part.what), learn(QUANTITIES, part, None, 2, 0)
    assert (each.units, whole.units) == (400, 40)
    assert whole.rule.limits[0] > each.rule.limits[0]
    assert whole.left_out.groups == 40
    # none of 40: 1 - 0.05 ** (1 / 40)
    assert LeftOut(40, 0).most == pytest.approx(0.0722, abs=1e-4)
    assert whole.left_out.most >= LeftOut(40, 0).most
    assert LeftOut(40, 40).most == 1


@pytest.mark.slow
def test_a_run_of_training_unlike_the_others_raises_the_limit_of_what_it_differs_in():
    rng = np.random.default_rng(5)
    validation, training = apart(20, rng, 0.5), apart(40, rng, 0.5)
    far = training.what.values + 120 * (training.groups < 4)[:, None] * [1, 0]
    unlike = Part(Seen(far, training.what.classes), training.groups)
    usual, without = (learn(QUANTITIES, validation, each, 2, 0) for each in (unlike, training))
    assert usual.left_out.groups == without.left_out.groups == 60
    assert usual.rule.limits[0][0] > 1.5 * without.rule.limits[0][0]
    # margins are as usual, and so is what lies below
    assert usual.rule.limits[1] < (1.5 * without.rule.limits[1][0],) * 2


@pytest.mark.slow
def test_spikes_and_margins_of_training_are_moved_to_what_validation_has():
    rng = np.random.default_rng(6)
    validation, training = apart(20, rng, 0), apart(40, rng, 0)
    margins = np.array([0, 40])
    surer = Part(Seen(training.what.values + margins, training.what.classes), training.groups)
    plain, moved = (learn(QUANTITIES, validation, each, 2, 0) for each in (training, surer))
    assert plain.rule == moved.rule


def test_too_few_groups_say_nothing_of_new_ones():
    part = apart(7, np.random.default_rng(7), 0)
    monitor = learn(QUANTITIES, part, part, 2, 0)
    assert (monitor.units, monitor.samples, monitor.left_out) == (7, 70, None)


def test_few_samples_are_refused():
    with pytest.raises(InputError, match=r"learned on 20 validation samples at least; got 19"):
        alone(world(19, np.random.default_rng(0)))


@pytest.mark.slow
def test_fresh_streams_raise_no_more_false_alarms_than_stated():
    rng, shares = np.random.default_rng(7), []
    for seed in range(12):
        monitor = alone(world(200, rng), seed)
        fresh = world(20_000, rng)
        streams = rng.integers(0, len(fresh), (100, INFERENCES))
        found = peaks(scores(monitor.rule.watches, fresh), streams)
        shares.append(float((found > np.array(monitor.rule.limits).T.ravel()).any(1).mean()))
    # nine of ten are to keep the chance, whatever was learned by luck
    assert np.quantile(shares, 0.9, method="lower") <= CHANCE


def test_an_alarm_begins_anew():
    what = Seen(np.full((100, 2), 10**6), np.zeros(100, np.int64))
    monitor = alone(world(100, np.random.default_rng(0)))
    found = alarms(Rule(monitor.rule.watches, ((100, 100),) * 2), what)
    assert [alarm.inference for alarm in found[:3]] == [1, 3, 5]
