"""Ticket similarity: what a trained network's candidates really do, and what calibrating on some of them adds."""

from dataclasses import dataclass

import numpy as np
import pytest
from builders import graphs
from scipy.stats import spearmanr

from hwsearch.compress.masks import prune_layers
from hwsearch.data.datasets import load_dataset
from hwsearch.graph.graph import NetworkSpec
from hwsearch.network.params import Params, Ticket, initial_params
from hwsearch.predict.flip_rate import flip_rate
from hwsearch.predict.joint import Joint
from hwsearch.predict.layer_sensitivity import EstimatorScope
from hwsearch.predict.margin_gradient import margin_gradient
from hwsearch.predict.probe_and_add import probe_and_add
from hwsearch.predict.probes import probe, untrained_logits
from hwsearch.predict.similarity import calibrated
from hwsearch.study.data_section import NamedData
from hwsearch.tickets.fit import dense_masks
from hwsearch.train.loop import Schedule, train_stack

NAMES, BITS, INPUTS = ("block:4", "channel", "weight"), (2, 3, 4, 8), 128
SCOPE = EstimatorScope(NAMES, BITS, 8, 2)
ESTIMATORS = {
    "probe_and_add": lambda spec, dense, x: probe_and_add(probe(spec, dense, x, SCOPE)),
    "margin_gradient": lambda spec, dense, x: margin_gradient(spec, dense, x, SCOPE),
    "flip_rate": lambda spec, dense, x: flip_rate(spec, dense, x, SCOPE),
}
RANKS = {"probe_and_add": 0.9, "margin_gradient": 0.7, "flip_rate": 0.75}


@dataclass(frozen=True)
class Constant:
    """An estimator that tells nothing apart."""

    granularities: tuple[str, ...] = ("weight",)
    eval_steps: int = 10

    def expected(self, joint):
        return np.full(len(joint), 0.9)


@dataclass(frozen=True)
class Trained:
    """A dense network of three layers, candidates cut from it, and whether each agrees with it on other inputs."""

    spec: NetworkSpec
    dense: Params
    x: np.ndarray
    joint: Joint
    settled: np.ndarray
    measured: np.ndarray


@pytest.fixture(scope="module")
def digits():
    data = load_dataset(NamedData(name="digits"), None)
    spec = graphs.spec("fc48-fc32", (1, 8, 8), 10, norm=True, input_max=data.input_max)
    params = initial_params(spec, 2)
    whole = Ticket(params, dense_masks(params), (8, 8, 8))
    (trained,) = train_stack(
        spec, [whole], data.x_train, data.y_train, timesteps=2, schedule=Schedule(10, 64, 0.01), seed=0
    )
    dense, rng = trained.params, np.random.default_rng(5)
    sparsity = rng.choice([0.0, 0.3, 0.5, 0.7, 0.9], (224, 3))
    granularity, bits = rng.choice(NAMES, 224), rng.choice(BITS, (224, 3))
    tickets = [Ticket(dense, whole.masks, (8, 8, 8))] + [
        Ticket(dense, tuple(prune_layers(spec.connections, dense.weights, g, list(s))), tuple(map(int, b)))
        for g, s, b in zip(granularity, sparsity, bits, strict=True)
    ]
    agree = []
    for x in (data.x_val[:INPUTS], data.x_val[INPUTS:]):
        predicted = untrained_logits(spec, tickets, x, 2).argmax(-1)
        agree.append((predicted[1:] == predicted[0]).mean(1))
    joint = Joint(sparsity, np.repeat(granularity[:, None], 3, 1), bits, (-1, 0, 1))
    return Trained(spec, dense, data.x_val[:INPUTS], joint, *agree)


@pytest.fixture(scope="module", params=list(ESTIMATORS))
def estimator(request, digits):
    return request.param, ESTIMATORS[request.param](digits.spec, digits.dense, digits.x)


def alone(sparsity, bits=8, granularity="weight"):
    sparsity = np.atleast_2d(sparsity)
    feeders = tuple(range(-1, sparsity.shape[1] - 1))
    return Joint(sparsity, np.full(sparsity.shape, granularity), np.full(sparsity.shape, bits), feeders)


def test_more_compression_agrees_less(estimator):
    _, similarity = estimator
    for layer in range(3):
        for granularity in NAMES if layer < 2 else ("weight",):
            sparsity = np.zeros((4, 3))
            sparsity[:, layer] = [0.0, 0.5, 0.85, 0.99]
            expected = similarity.expected(alone(sparsity, granularity=granularity))
            assert (np.diff(expected) < 1e-6).all()
            assert expected[-1] < expected[0] - 0.02
    bits = np.array([similarity.expected(alone([0.0, 0.0, 0.0], b))[0] for b in BITS])
    assert (np.diff(bits) > -0.01).all()
    assert bits[0] < bits[-1] - 0.005


def test_it_ranks_joint_candidates_before_it_is_calibrated(estimator, digits):
    name, similarity = estimator
    assert spearmanr(similarity.expected(digits.joint), digits.measured).statistic > RANKS[name]


def test_calibrated_it_predicts_held_out_candidates_and_inputs(estimator, digits):
    _, similarity = estimator
    fitted = calibrated(similarity, digits.joint[slice(0, 144)], digits.settled[:144], 7)
    predicted, measured = fitted.agreement(digits.joint[slice(144, None)]), digits.measured[144:]
    assert spearmanr(predicted, measured).statistic > 0.93
    assert np.abs(predicted - measured).mean() < 0.05
    assert fitted.eval_steps == similarity.eval_steps + 7


def test_calibrating_learns_what_layers_do_to_each_other():
    sparsity = np.random.default_rng(6).uniform(0, 0.95, (250, 2))
    both = alone(sparsity)
    truth = 0.95 - 0.8 * sparsity.prod(1)
    fitted = calibrated(Constant(), both[slice(0, 150)], truth[:150], 7)
    assert np.abs(fitted.agreement(both[slice(150, None)]) - truth[150:]).mean() < 0.02
