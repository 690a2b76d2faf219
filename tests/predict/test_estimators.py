"""What every estimator of similarity holds to, on a small network of large random weights: it need not be trained."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from builders.finders import X, scaled, spec

from hwsearch.graph.graph import Readout
from hwsearch.network.params import initial_params
from hwsearch.predict.estimators import ESTIMATORS
from hwsearch.predict.joint import Joint, feeders
from hwsearch.predict.layer_sensitivity import EstimatorScope
from hwsearch.study.search_sections import Search

NAMES, BITS = ("channel", "nm:4", "weight"), (1, 2, 4, 8)
SCOPE = EstimatorScope(NAMES, BITS, 8, 2)
NETWORK = spec("fc24-fc16")
DENSE = scaled(initial_params(NETWORK, 0), 6)

FEEDERS = feeders(NETWORK.connections)


def made(name):
    return ESTIMATORS[name](NETWORK, DENSE, X[:64], SCOPE)


@pytest.fixture(scope="module", params=list(ESTIMATORS))
def name(request):
    return request.param


@pytest.fixture(scope="module")
def estimator(name):
    return made(name)


def alike_in_all(sparsity, granularity="weight", bits=8):
    """Return one candidate a sparsity, which all its layers have."""
    sparsity = np.repeat(np.atleast_1d(sparsity)[:, None], 3, 1)
    return Joint(sparsity, np.full(sparsity.shape, granularity), np.full(sparsity.shape, bits), FEEDERS)


def drawn(count, seed):
    rng = np.random.default_rng(seed)
    names = np.repeat(rng.choice(NAMES, (count, 1)), 3, 1)
    return Joint(rng.uniform(0, 0.98, (count, 3)), names, rng.choice(BITS, (count, 3)), FEEDERS)


def test_it_tells_of_the_granularities_it_was_made_for_and_counts_its_steps(estimator):
    assert estimator.granularities == NAMES
    assert estimator.eval_steps >= 64 * 2


def test_agreements_are_probabilities(estimator):
    expected = estimator.expected(drawn(60, 0))
    assert expected.shape == (60,)
    assert ((expected >= 0) & (expected <= 1)).all()
    alike = estimator.alike(drawn(60, 0), drawn(60, 1))
    assert ((alike >= 0) & (alike <= 1)).all()


@pytest.mark.parametrize("granularity", NAMES)
def test_the_dense_network_agrees_with_itself(estimator, granularity):
    assert estimator.expected(alike_in_all(0.0, granularity)) == pytest.approx([1.0], abs=0.02)


@pytest.mark.parametrize("granularity", NAMES)
def test_more_sparsity_agrees_less(estimator, granularity):
    expected = estimator.expected(alike_in_all([0.0, 0.3, 0.6, 0.9], granularity))
    assert (np.diff(expected) < 0.01).all()
    assert expected[-1] < expected[0] - 0.1


def test_in_the_mean_of_many_candidates_it_falls_with_sparsity_and_with_fewer_bits(estimator):
    heavy = replace(drawn(200, 2), bits=np.full((200, 3), 8))
    light = replace(heavy, sparsity=heavy.sparsity * 0.3)
    assert estimator.expected(heavy).mean() < estimator.expected(light).mean() - 0.05
    coarse, fine = (replace(light, bits=np.full((200, 3), bits)) for bits in (1, 8))
    assert estimator.expected(coarse).mean() < estimator.expected(fine).mean() - 0.01


def test_a_candidate_is_alike_to_itself(estimator):
    candidates = drawn(40, 3)
    assert estimator.alike(candidates, candidates) == pytest.approx(np.ones(40), abs=0.02)
    assert estimator.alike(candidates, drawn(40, 4)).mean() < 0.95


def test_the_same_inputs_give_the_same_result(name, estimator):
    candidates = drawn(40, 5)
    assert np.array_equal(made(name).expected(candidates), estimator.expected(candidates))


def test_a_candidate_is_judged_by_itself(estimator):
    candidates = drawn(40, 6)
    alone = np.concatenate([estimator.expected(candidates[slice(i, i + 1)]) for i in range(40)])
    assert alone == pytest.approx(estimator.expected(candidates), abs=1e-6)


def test_every_name_of_the_study_has_an_estimator():
    assert set(ESTIMATORS) == set(get_args(Search.model_fields["similarity"].annotation))


SEQUENCES = np.random.default_rng(2).integers(0, 17, (48, 5, 2, 6, 6)).astype(np.uint8)
GRAPHS = {
    "residual": (spec("fc24-res(fc16-fc24)-fc12"), 6.0),
    "residual of filters": (spec("4c3-res(4c3-4c3)-p2-fc8"), 4.0),
    "recurrent": (spec("fc16-r16-fc8", (2, 6, 6), norm=False, frames=5, readout=Readout(leak_shift=2)), 2.0),
    "labels a timestep": (
        spec("r16-fc8", (2, 6, 6), norm=False, frames=5, readout=Readout(labels="step")),
        2.0,
    ),
}


@pytest.fixture(scope="module", params=[(name, kind) for name in ESTIMATORS for kind in GRAPHS], ids="-".join)
def on_graph(request):
    name, kind = request.param
    network, factor = GRAPHS[kind]
    x = X[:48] if network.input.still else SEQUENCES
    dense = scaled(initial_params(network, 0), factor)
    return network, ESTIMATORS[name](network, dense, x, EstimatorScope(NAMES, BITS, 8, 3))


def joint_on(network, sparsity, name="weight"):
    rows = np.repeat(np.atleast_1d(sparsity)[:, None], len(network.prunable), 1)
    return Joint(rows, np.full(rows.shape, name), np.full(rows.shape, 8), feeders(network.connections))


@pytest.mark.parametrize("granularity", NAMES)
def test_on_a_graph_what_is_pruned_agrees_less_than_the_dense_network(on_graph, granularity):
    network, estimator = on_graph
    expected = estimator.expected(joint_on(network, [0.0, 0.3, 0.6, 0.9], granularity))
    assert ((expected >= 0) & (expected <= 1)).all()
    assert expected[0] == pytest.approx(1.0, abs=0.03)
    # of an untrained recurrent network most predictions are the readout's bias, and agree whatever is removed
    assert expected[-1] <= expected[0]
    if network is GRAPHS["residual"][0]:
        assert (expected[1:] < expected[0] - 0.02).all()
        assert expected[-1] < expected[0] - 0.1


def test_on_a_graph_candidates_may_mix_granularities(on_graph):
    network, estimator = on_graph
    rng, shape = np.random.default_rng(0), (20, len(network.prunable))
    mixed = Joint(
        rng.uniform(0, 0.95, shape),
        rng.choice(NAMES, shape),
        rng.choice(BITS, shape),
        feeders(network.connections),
    )
    alike = estimator.alike(mixed, mixed)
    assert alike == pytest.approx(np.ones(20), abs=0.03)
    assert ((estimator.expected(mixed) >= 0) & (estimator.expected(mixed) <= 1)).all()
