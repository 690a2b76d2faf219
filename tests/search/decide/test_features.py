"""Records as the surrogate sees them."""

from dataclasses import replace

import numpy as np
import pytest
from builders.records import plan_of_three_rungs, record

from hwsearch.plan.plan import make_plan
from hwsearch.predict.process import NOT_BEGUN
from hwsearch.search.decide.features import (
    KnownBefore,
    dense_lead,
    inputs_of,
    similarity_logits,
    training_name,
)
from hwsearch.study.model import load_study


@pytest.fixture
def plan(tmp_path, tiny_text):
    return plan_of_three_rungs(tmp_path, tiny_text)


def test_a_training_is_named_by_its_first_trial():
    assert training_name(record(7, 0.5, (0.9,), 1.0)) == 7
    assert training_name(replace(record(9, 0.5, (0.9,), 1.0), began=7)) == 7
    assert training_name(record(7, 0.5, (), 1.0)) == NOT_BEGUN


def test_similarities_count_as_logits_and_an_unknown_one_says_nothing():
    rows = [replace(record(0, 0.5, (), 1.0), similarity=s) for s in (None, 0.5, 0.9, 1.0)]
    # ln(0.9 / 0.1) = 2.1972; 1 counts as 0.99: ln(99) = 4.5951
    assert similarity_logits(rows) == pytest.approx([0.0, 0.0, 2.1972, 4.5951], abs=1e-4)


def test_similarity_is_an_input_only_where_it_is_trusted(plan):
    rows = [record(i, 0.3 * i, (0.9,), 1000.0) for i in range(3)]
    assert inputs_of(plan, KnownBefore(True), rows).curves.shape == (3, 1)
    assert inputs_of(plan, KnownBefore(False), rows).curves.shape == (3, 0)


@pytest.fixture
def plan_of_two(tmp_path, tiny_text):
    text = tiny_text.replace("layers: fc24-fc16", "layers: [fc24-fc16, fc8]")
    path = tmp_path / "study.yaml"
    path.write_text(text.replace("timesteps: [2, 3]", "timesteps: [2, 3]\n  state_bits: [8, 16, 32]"))
    return make_plan(load_study(path), path)


def on(network, state_bits=None, sparsities=(0.5, 0.5, 0.5)):
    base = record(0, 0.5, (0.9,), 1000.0)
    candidate = replace(base.candidate, network=network, state_bits=state_bits)
    return replace(base, candidate=candidate, layer_sparsity=sparsities)


def test_the_surrogate_sees_which_network_and_how_wide_membranes_are(plan_of_two):
    rows = [on(0, 8), on(1, None, (0.5, 0.5)), on(1, 32, (0.5, 0.5))]
    inputs = inputs_of(plan_of_two, KnownBefore(False, (0.1, 0.02)), rows)
    # the device's own width is 16: log2 less 4
    assert inputs.knobs[:, -3].tolist() == [-1.0, 0.0, 1.0]
    assert inputs.knobs[:, -2:].tolist() == [[1, 0], [0, 1], [0, 1]]
    assert inputs.groups[-3:].tolist() == [4, 5, 5]
    # ln(0.11) - ln(0.03): the first network is dense by so much worse than the second
    assert inputs.lines[:, 1] == pytest.approx([np.log(0.03 / 0.11), 0.0, 0.0])


def test_networks_of_other_depths_are_alike_where_their_layers_are_by_depth(plan_of_two):
    before = KnownBefore(False, (0.1, 0.1))
    same = inputs_of(plan_of_two, before, [on(0), on(1, None, (0.5, 0.5))])
    assert np.allclose(same.knobs[0, :6], same.knobs[1, :6])
    other = inputs_of(plan_of_two, before, [on(0, None, (0.2, 0.5, 0.8)), on(1, None, (0.2, 0.8))])
    # the first and the last layer stay; what lies between is in proportion
    assert other.knobs[0, [0, 2]] == pytest.approx(other.knobs[1, [0, 2]])
    assert other.knobs[1, 1] == pytest.approx(other.knobs[1, [0, 2]].mean())


def test_nothing_is_taken_from_what_the_best_dense_network_makes_expect():
    assert dense_lead((0.05,), [on(0)]).tolist() == [0.0]
    assert dense_lead((0.05, 0.2), [on(0), on(1)]) == pytest.approx([0.0, np.log(0.06 / 0.21)])
