"""Energies of a replayed world: parts that sum up to the product's price, and what the table says of its model."""

from itertools import islice

import numpy as np
import pandas as pd
import pytest

from benchmarks.replay.baselines import CONTESTANTS
from benchmarks.replay.energies import Energies, features, log_ratio, price_settings
from benchmarks.replay.energy_error import rows
from benchmarks.replay.mixes import effective
from benchmarks.replay.response import fit
from benchmarks.replay.world import load_world, read_table
from benchmarks.tabular.build import lab_of
from hwsearch.plan.pricing import price_on_device
from hwsearch.predict.cost import predict_workload
from hwsearch.search.stages.tickets import ticket_of
from hwsearch.space.candidate import Candidate


def test_energies_are_of_each_layer_at_its_own_bits():
    own = Energies(np.arange(12.0).reshape(2, 2, 3), np.array([100.0, 200.0]))
    parts = own.parts(np.array([1, 0]), np.array([[2, 0], [1, 1]]))
    np.testing.assert_allclose(parts, [[200, 8, 9], [100, 1, 4]])
    known = features(np.array([[7.0], [7.0]]), parts)
    np.testing.assert_allclose(known[0], [7, np.log(217), 8 / 217, 9 / 217])


def test_a_network_may_take_more_after_training():
    inputs = np.random.default_rng(0).uniform(size=(60, 2))
    model = fit(inputs, np.column_stack([inputs[:, 0], 0.5 - inputs[:, 1]]))
    told = log_ratio(model, inputs)
    np.testing.assert_allclose(told, 0.5 - inputs[:, 1], atol=0.1)
    assert told.max() > 0.3


def test_errors_are_of_the_mean_over_a_mix():
    frame = pd.DataFrame(
        {
            "cell": ["a", "a", "a", "b"],
            "val_16": [0.9, 0.9, 0.9, 0.5],
            "energy_j": [1.0, 1.0, 1.0, 2.0],
            "energy_j_measured": np.exp([0.0, 0.1, 0.2, np.log(2.0)]),
            "told": [0.3, 0.3, 0.3, 0.0],
        }
    )
    everything, good = (row.split(" | ") for row in rows(frame))
    assert everything[:3] == ["all", "2", f"{0.2 / np.sqrt(2):.3f}"]
    assert good[:3] == ["over 0.85", "1", "0.200"]
    assert good[-2:] == ["0.100", "0.100"]  # the price; and 0.0, 0.1, 0.2 have this standard deviation


def test_a_frugal_world_counts_the_tables_energy(tmp_path):
    world = load_world("digits/grid", tmp_path, "frugal")
    candidate, table = Candidate((0.9,), "weight", (4,), 2), read_table("digits")
    own = table[table["key"].str.startswith(candidate.digest)]
    (before,), (after,) = (world.costs([candidate], trained=trained) for trained in (False, True))
    assert before["energy_j"] == pytest.approx(own["energy_j"].mean())
    assert after["energy_j"] == pytest.approx(own["energy_j_measured"].mean())
    assert after["memory_bytes"] == pytest.approx(own["memory_bytes_measured"].mean())
    assert world.cost_truth([candidate])[0] == after["energy_j"]
    good = world.cells.accuracy[:, 2] >= 0.95
    assert world.least_cost(0.95) == world.cells.energy_j[good, 1].min()
    for step in islice(CONTESTANTS["tpe"](world, 0), 6):
        assert step.cost == world.cost_truth([step.candidate])[0]
    assert load_world("digits/grid", tmp_path).cost_truth([candidate])[0] == after["memory_bytes"]


@pytest.mark.slow
def test_parts_sum_up_to_the_products_price(tmp_path):
    context = lab_of("digits", 0, tmp_path)
    plan, levels = context.plan, (1, 4, 8)
    bits, timesteps = (4, 8, 1), context.plan.dense_timesteps
    for granularity, sparsity in (
        ("weight", (0.9, 0.5, 0.0)),
        ("block:4", (0.3, 0.97, 0.7)),
        ("channel", (0.6, 0.6, 0.9)),
    ):
        ticket = ticket_of(context, Candidate(sparsity, granularity, bits, timesteps))
        dense = context.yardstick.dense.runs[timesteps]
        workload = predict_workload(plan.spec, ticket.masks, ticket.bits, timesteps, dense)
        parts = price_settings(context, [effective(granularity, sparsity)], levels).parts(
            np.array([0]), np.array([[levels.index(b) for b in bits]])
        )
        assert parts.sum() == pytest.approx(price_on_device(plan, workload).fields["energy_j"], rel=1e-12)
        assert (parts > 0).all()
