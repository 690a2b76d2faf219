"""Measured candidates come back as they were; what is damaged or another plan's is not there."""

from dataclasses import fields, replace

import numpy as np
import pytest
from builders.finders import params_of

from hwsearch.measure.answers import Answers
from hwsearch.measure.measured import Measured
from hwsearch.network.store import save_tensors
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


@pytest.mark.parametrize("environment", ["key", ""])
def test_what_is_damaged_is_told_thrown_away_and_not_there(tmp_path, environment):
    told = []
    cache = Cache(tmp_path, "plan", environment=environment, tell=told.append)
    path = cache.path("trained", "digest")
    assert cache.load(path) is None
    assert told == []  # what is not there is not damaged
    cache.save(path, MEASURED)
    path.write_bytes(path.read_bytes()[:-1])
    assert cache.load(path) is None
    assert not path.exists()
    (words,) = told
    assert path.name in words
    assert "thrown away" in words


def test_damaged_floats_are_told_as_well(tmp_path):
    told = []
    cache = Cache(tmp_path, "plan", environment="key", tell=told.append)
    path = cache.path("rung", "digest", 0)
    cache.save(path, replace(MEASURED, params=params_of(np.full((2, 3), 0.5))))
    floats = path.with_name(path.stem + "-floats.safetensors")
    floats.write_bytes(floats.read_bytes().replace(b"F32", b"I32"))
    assert cache.load(path) is not None
    assert cache.load(path, with_params=True) is None
    assert told
    assert floats.name in told[0]


def test_both_files_of_a_rung_are_told_where_both_are_damaged(tmp_path):
    told = []
    cache = Cache(tmp_path, "plan", environment="key", tell=told.append)
    path = cache.path("rung", "digest", 0)
    cache.save(path, replace(MEASURED, params=params_of(np.full((2, 3), 0.5))))
    names = sorted(file.name for file in tmp_path.iterdir())
    for file in tmp_path.iterdir():
        file.write_bytes(file.read_bytes()[:-1])
    assert cache.load(path, with_params=True) is None
    assert sorted(text.split()[0] for text in told) == names


def test_a_swapped_file_is_not_believed(tmp_path):
    told = []
    cache = Cache(tmp_path, "plan", environment="key", tell=told.append)
    first, second = cache.path("trained", "a"), cache.path("trained", "b")
    cache.save(first, MEASURED)
    cache.save(second, replace(MEASURED, accuracy_val=0.1))
    second.write_bytes(first.read_bytes())
    assert cache.load(second) is None
    assert first.name in told[0]
    assert cache.load(first) is not None


def test_a_file_of_an_earlier_version_is_read_in_its_own_run_only(tmp_path):
    cache = Cache(tmp_path, "plan")
    path = cache.path("rung", "a", 0)
    values = {name: getattr(MEASURED, name) for name in ("accuracy_val", "accuracy_test", "failure")}
    missing = [f.name for f in fields(Measured) if f.name not in ("network", "workload", "params", *values)]
    values |= {
        name: None if name.startswith(("loss", "answers")) else getattr(MEASURED, name) for name in missing
    }
    save_tensors(path, {}, values)
    assert cache.load(path).accuracy_val == 0.9
    assert Cache(tmp_path, "plan", environment="key", tell=lambda text: None).load(path) is None


def test_shared_work_of_another_environment_has_another_name(tmp_path):
    names = {Cache(tmp_path, "plan", environment=key).shared_path("bird", 1) for key in ("", "a", "b")}
    assert len(names) == 3
    own = {Cache(tmp_path, "plan", environment=key).path("trained", 1) for key in ("", "a", "b")}
    assert len(own) == 1  # a run's own files are guarded by its record, and are found after an upgrade


def test_a_file_is_named_by_all_that_it_depends_on(tmp_path, cache):
    candidate = Candidate((0.5,), "weight", (4,), 2)
    paths = [
        cache.path("trained", "a"), cache.path("trained", "b"), cache.path("rung", "a"), cache.final_path((), 1),
        cache.final_path((1,), 1),
        cache.final_path(candidate, 1), cache.final_path(candidate, 2), Cache(tmp_path, "other").path("trained", "a"),
    ]  # fmt: skip
    assert len(set(paths)) == len(paths)
    assert Cache(tmp_path, "other").shared_path("bird", 1) == cache.shared_path("bird", 1)
