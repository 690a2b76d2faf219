import numpy as np
import pytest

from benchmarks.replay.noise import Noise
from benchmarks.replay.response import accuracy_of, y_of
from benchmarks.replay.world import EARLY_TIME, World, load_world, read_table
from hwsearch.space.candidate import Candidate

CANDIDATE = Candidate((0.9,), "weight", (4,), 2)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return load_world("digits/grid", tmp_path_factory.mktemp("work"))


def test_a_contestant_sees_one_training_of_the_table(world: World) -> None:
    table = read_table("digits")
    rows = table[table["key"].str.startswith(CANDIDATE.digest)]
    curves = {tuple(row) for row in rows[["val_1", "val_4", "val_16"]].to_numpy().tolist()}
    seen = {tuple(world.observe(CANDIDATE, rung, seed) for rung in range(3)) for seed in range(40)}
    assert seen == curves
    assert world.truth([CANDIDATE], 2)[0] == pytest.approx(rows["val_16"].mean())
    assert world.price([CANDIDATE])[0] == pytest.approx(rows["memory_bytes"].mean())


def test_the_rungs_of_one_training_cost_its_epochs(world: World) -> None:
    steps = [world.steps(CANDIDATE, rung) for rung in range(3)]
    n = len(world.plan.data.y_train)
    assert steps == [2 * n, 6 * n, 24 * n]
    assert world.full_steps == 2 * sum(steps)  # T = 4 against T = 2
    assert [world.steps(CANDIDATE, rung) for rung in EARLY_TIME] == [n, 3 * n, 24 * n]


def test_no_cells_beat_the_reference(world: World) -> None:
    everything = world.hypervolume(world.cells.accuracy[:, 2], world.cells.measured)
    assert world.reference == pytest.approx(everything)
    assert world.hypervolume(np.array([0.0]), np.array([1000.0])) == 0.0


def test_the_target_holds_the_floor(world: World) -> None:
    found = world.holds(world.cells.accuracy[:, 2], world.cells.measured)
    assert found.any()
    assert world.cells.measured[found].max() <= 1.1 * world.least_bytes


def test_noise_keeps_the_mean_error() -> None:
    noise = Noise(np.array([0.0, 5.0]), np.array([0.2, 0.2]), np.eye(3))
    rng, accuracy = np.random.default_rng(0), np.array([0.5, 0.8, 0.9])
    drawn = np.mean([noise.draw(accuracy, rng) for _ in range(4000)], 0)
    np.testing.assert_allclose(1.01 - drawn, 1.01 - accuracy, rtol=0.02)
    np.testing.assert_allclose(accuracy_of(y_of(accuracy)), accuracy)
