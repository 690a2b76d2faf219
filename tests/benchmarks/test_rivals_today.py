"""What is ours of the rivals of today: knobs, epochs and objectives as they are told. Their packages are not needed."""

from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.replay.rivals_today import candidate_of, centers, rung_of, told, up_to
from benchmarks.replay.trainings import Trainings
from benchmarks.replay.world import load_world
from hwsearch.space.space import SearchSpace

LAYERS = SearchSpace((0.0, 0.5, 0.9), ("weight", "channel"), (2, 4, 8), (4,), per_layer=2)


@pytest.fixture(scope="module")
def grid(tmp_path_factory):
    return load_world("digits/grid", tmp_path_factory.mktemp("work"))


def test_levels_become_a_candidate_and_a_knob_of_one_level_may_be_left_out():
    config = {"granularity": "channel", "sparsity_1": 1, "sparsity_2": 2, "weight_bits_1": 0}
    found = candidate_of(SimpleNamespace(space=LAYERS), config | {"weight_bits_2": 2, "epochs": 16})
    assert (found.sparsity, found.granularity, found.weight_bits, found.timesteps) == (
        (0.5, 0.9),
        "channel",
        (2, 8),
        4,
    )


def test_epochs_are_those_after_a_rung():
    world = SimpleNamespace(cycles=(1, 3, 12))
    assert [rung_of(world, epochs) for epochs in (1, 4, 16)] == [0, 1, 2]
    with pytest.raises(ValueError, match="5"):
        rung_of(world, 5)


def test_priors_are_levels_of_each_layer():
    said = centers(SimpleNamespace(space=LAYERS))
    assert said["error"] == {"sparsity_1": 1, "weight_bits_1": 2, "sparsity_2": 1, "weight_bits_2": 2}
    assert said["memory_bytes"] == {"sparsity_1": 2, "weight_bits_1": 1, "sparsity_2": 2, "weight_bits_2": 1}


def test_a_promotion_is_charged_for_what_is_missing(grid):
    own, config = (
        Trainings(grid, 0),
        {"granularity": "weight", "sparsity": 4, "weight_bits": 3, "timesteps": 1},
    )
    candidate = candidate_of(grid, config)
    assert [step.rung for step in up_to(own, candidate, 0)] == [0]
    assert [step.rung for step in up_to(own, candidate, 2)] == [1, 2]
    assert list(up_to(own, candidate, 1)) == []


def test_both_objectives_are_told_in_shares_of_what_counts(grid):
    config = {"granularity": "weight", "sparsity": 0, "weight_bits": 5, "timesteps": 1}
    error, size = told(grid, 3, dense := candidate_of(grid, config), 2)
    assert error == pytest.approx((1 - grid.observe(dense, 2, 3)) / 0.15)
    assert size == pytest.approx(1, abs=0.02)  # bytes after training, between prices before
    error, size = told(grid, 3, small := candidate_of(grid, config | {"sparsity": 13, "weight_bits": 0}), 0)
    assert error == pytest.approx((1 - grid.observe(small, 0, 3)) / 0.15)
    assert 0 <= size < 0.3
    assert np.isfinite(size)
