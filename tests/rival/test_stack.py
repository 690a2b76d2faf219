"""A stack of plain networks is trained and measured by itself."""

import pickle

import numpy as np
import pytest

from hwsearch.data.datasets import resplit
from hwsearch.plan.plan import make_plan
from hwsearch.rival.network import Setting, Shape, masks_of
from hwsearch.rival.stack import Split, Stack, train_stack
from hwsearch.rival.training import Schedule, Start, initial
from hwsearch.study.model import load_study

SETTING = Setting(Shape(0, 6), 4, "weight", 0.5)


@pytest.fixture
def data(tiny):
    return make_plan(load_study(tiny), tiny).data


def stack_of(data, *splits, net=None, settings=True):
    start = initial(64, 6, data.classes, 1) if net is None else net
    masks = masks_of(initial(64, 6, data.classes, 1), SETTING)
    starts = tuple(Start(start, masks, 4, place) for place in range(len(splits)))
    measured = (SETTING,) * len(splits) if settings else ()
    return Stack(starts, measured, splits, len(data.y_train), 0, Schedule(2, 32, 0.01))


def test_a_fresh_split_is_drawn_anew_and_its_test_part_looked_at(data):
    own, fresh = train_stack(data, stack_of(data, Split(3), Split(3, fresh=True)))
    assert (own.answers_test, fresh.answers_test.n) == (None, len(data.y_test))
    assert own.answers_val.n == fresh.answers_val.n == len(data.y_val)
    drawn = resplit(data, 3)
    assert np.array_equal(Split(3, fresh=True).of(data).x_val, drawn.x_val)
    assert Split(3).of(data) is data


def test_another_process_makes_the_same_of_it(data):
    stack = stack_of(data, Split(0))
    (here,), (there,) = train_stack(data, stack), train_stack(data, pickle.loads(pickle.dumps(stack)))
    assert all(np.array_equal(a, b) for a, b in zip(here.net.weights, there.net.weights, strict=True))
    assert here.answers_val == there.answers_val
    assert stack.steps == 2 * len(data.y_train)


def test_what_has_no_numbers_is_not_measured(data):
    broken = initial(64, 6, data.classes, 1)
    broken.weights[0][:] = np.nan
    (outcome,) = train_stack(data, stack_of(data, Split(0), net=broken))
    assert (outcome.answers_val, outcome.workload, outcome.net.finite) == (None, None, False)


def test_without_settings_floats_are_trained_and_not_measured(data):
    (outcome,) = train_stack(data, stack_of(data, Split(0), settings=False))
    assert (outcome.answers_val, outcome.workload, outcome.net.finite) == (None, None, True)
