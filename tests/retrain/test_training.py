"""Which epoch is kept, and what is counted."""

from dataclasses import replace

import numpy as np
import pytest
from builders.integer_networks import fc, network

from hwsearch.data.samples import Dataset
from hwsearch.network.integer import run_integer
from hwsearch.network.integers import Widths
from hwsearch.network.store import network_digest
from hwsearch.retrain.training import Settings, retrain
from hwsearch.train.loop import Schedule

SETTINGS = Settings(Schedule(6, 8, 0.05), 0, "accuracy", "fused", Widths())


def parent():
    """Two neurons, one a pixel; the class is the brighter pixel."""
    layers = [
        fc([[64, -64], [-64, 64]], [0, 0], [512, 512], f=2),
        fc([[64, -64], [-64, 64]], [0, 0], name="readout"),
    ]
    return network(layers, timesteps=2, shape=(1, 1, 2), input_max=15, input_bits=4)


def samples(n, drifted, seed):
    """Two pixels of 0 .. 3, the class's with 6 more; drifted: the first one reads 5 more."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    x = rng.integers(0, 4, (n, 1, 1, 2)).astype(np.uint8)
    x[np.arange(n), 0, 0, y] += 6
    x[:, 0, 0, 0] += 5 * drifted
    return x, y.astype(np.int64)


def data(drifted=True):
    parts = [samples(n, drifted, seed) for seed, n in enumerate((64, 40, 48))]
    (x, y), (x_val, y_val), (x_test, y_test) = parts
    return Dataset("two", x, y, x_val, y_val, x_test, y_test, 15, 4, 2, (1, 1, 2))


def test_a_sensor_that_drifts_is_learned_anew():
    found = retrain(parent(), data(), SETTINGS)
    assert found.before.score_val < 0.8
    assert found.after.score_val == max(value for value in found.curve if value is not None) > 0.9
    # the last of equals
    assert found.epoch == max(i for i, value in enumerate(found.curve, 1) if value == found.after.score_val)
    right = run_integer(found.network, data().x_test).predictions == data().y_test
    assert found.after.score_test == pytest.approx(right.mean())


def test_every_step_is_counted():
    found = retrain(parent(), data(), SETTINGS)
    assert found.train_steps == 6 * 64 * 2
    # training once for the readout's unit; validation before, after 6 epochs and twice in the end; test twice
    assert found.eval_steps == (64 + 40 * (1 + 6 + 2) + 48 * 2) * 2


def test_where_nothing_has_changed_the_network_stays():
    found = retrain(parent(), data(drifted=False), SETTINGS)
    assert found.before.score_val == 1.0
    assert (found.network, found.epoch, found.after) == (None, None, None)


def test_the_same_seed_gives_the_same_network_and_another_one_another():
    first, again = (retrain(parent(), data(), SETTINGS) for _ in range(2))
    assert network_digest(first.network) == network_digest(again.network)
    assert first.curve == again.curve
    other = retrain(parent(), data(), replace(SETTINGS, seed=1))
    assert network_digest(other.network) != network_digest(first.network)


def test_the_test_split_settles_nothing():
    x, y = samples(48, False, 9)
    other = replace(data(), x_test=x, y_test=y)
    assert network_digest(retrain(parent(), other, SETTINGS).network) == network_digest(
        retrain(parent(), data(), SETTINGS).network
    )


def test_what_cannot_be_kept_is_left_out_and_said():
    said = []
    found = retrain(parent(), data(), SETTINGS, lambda network: "no room", said.append)
    assert found.network is None
    assert found.curve == (None,) * 6
    assert found.refused == ("no room",)
    assert said[-1] == "epoch 6 of 6: cannot be kept"


def test_a_training_that_diverges_ends_and_is_no_result():
    wild = replace(SETTINGS, schedule=Schedule(6, 8, 1e30))
    found = retrain(parent(), data(), wild)
    assert "training diverged" in found.refused
    assert len(found.curve) < 6
