"""Measured candidates come back as they were; what is damaged or another plan's is not there."""

from dataclasses import fields, replace

import numpy as np
import pytest
from builders.finders import params_of

from hwsearch.measure.answers import Answers
from hwsearch.measure.measured import Measured
from hwsearch.network.width_loss import WidthLoss
from hwsearch.search.store.cache import Cache
from hwsearch.space.candidate import Candidate

ANSWERS = Answers((20, 0, 10), (18, 2, 10), (18, 0, 10), 3, 0, ("fc1",), 1)
MEASURED = Measured(
    failure="", network=None, workload=None, accuracy_val=0.9, accuracy_val_float=0.91, accuracy_test=None,
    sparsity_effective=0.5, accumulator_bits=17, membrane_bits=12, params=None, train_steps=300, eval_steps=40,
    wall_s=0.25, loss=WidthLoss(weights_zeroed=2), answers_val=ANSWERS, only_float_right=3,
)  # fmt: skip


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path, "plan")


def test_it_comes_back_as_it_was(cache):
    path = cache.path("trained", "digest")
    cache.save(path, MEASURED)
    back = cache.load(path)
    assert all(getattr(back, field.name) == getattr(MEASURED, field.name) for field in fields(Measured))


def test_floats_are_loaded_where_they_are_asked_for(cache):
    params = params_of(np.full((2, 3), 0.5))
    path = cache.path("rung", "digest", 0)
    cache.save(path, replace(MEASURED, params=params))
    assert cache.load(path).params is None
    (weight,) = cache.load(path, with_params=True).params.weights
    assert (weight == params.weights[0]).all()
    cache.save(cache.path("rung", "other", 0), MEASURED)  # without any: not whole for who needs them
    assert cache.load(cache.path("rung", "other", 0), with_params=True) is None


def test_what_is_damaged_is_not_there(cache):
    path = cache.path("trained", "digest")
    cache.save(path, MEASURED)
    path.write_bytes(path.read_bytes()[:-1])
    assert cache.load(path) is None


def test_a_file_is_named_by_all_that_it_depends_on(tmp_path, cache):
    candidate = Candidate((0.5,), "weight", (4,), 2)
    paths = [
        cache.path("trained", "a"), cache.path("trained", "b"), cache.path("rung", "a"), cache.final_path((), 1),
        cache.final_path((1,), 1),
        cache.final_path(candidate, 1), cache.final_path(candidate, 2), Cache(tmp_path, "other").path("trained", "a"),
    ]  # fmt: skip
    assert len(set(paths)) == len(paths)
    assert Cache(tmp_path, "other").shared_path("bird", 1) == cache.shared_path("bird", 1)
