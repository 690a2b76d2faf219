"""Probes: each is what one layer alone does to the logits."""

import numpy as np
import pytest
from builders import graphs

from hwsearch.compress.masks import prune_layers
from hwsearch.network.params import Ticket, initial_params
from hwsearch.predict.layer_sensitivity import LEVELS, EstimatorScope
from hwsearch.predict.probes import probe, untrained_logits
from hwsearch.tickets.fit import dense_masks


@pytest.fixture(scope="module")
def small():
    spec = graphs.spec("fc24-fc16", (1, 8, 8), 5, norm=True)
    x = np.random.default_rng(3).integers(0, 17, (192, 1, 8, 8)).astype(np.uint8)
    return spec, initial_params(spec, 2), x


def test_a_probe_is_the_difference_that_one_layer_makes(small):
    spec, dense, x = small
    probes = probe(spec, dense, x, EstimatorScope(("weight",), (2, 8), 8, 2))
    masks = tuple(prune_layers(spec.connections, dense.weights, "weight", [0.0, 0.7, 0.0]))
    alone = untrained_logits(spec, [Ticket(dense, masks, (8, 8, 8))], x, 2)[0]
    place = probes.levels.tolist().index(0.7)
    assert np.allclose(probes.pruned["weight"][1, place], alone - probes.logits, atol=1e-5)
    assert not probes.quantised[:, 1].any()  # 8 bits are the reference
    assert probes.quantised[0, 0].any()
    # the dense network, 6 sparsities and 2 bits (one of them the reference) of 3 layers
    assert probes.eval_steps == (1 + 3 * 6 + 3 * 1) * 192 * 2


def test_what_does_not_apply_to_a_layer_changes_nothing(small):
    spec, dense, x = small
    probes = probe(spec, dense, x[:16], EstimatorScope(("channel", "weight"), (4, 8), 4, 2))
    assert probes.levels.tolist() == [0.0, *LEVELS]
    assert not probes.pruned["channel"][2].any()  # the readout has no channel that could go
    assert not probes.pruned["weight"][:, 0].any()
    assert not probes.quantised[:, 0].any()  # 4 bits are the reference
    assert probes.quantised[:, 1].any()
    # the dense network, 6 sparsities of 3 layers by weights and of 2 by channels, and 8 bits in each of 3 layers
    assert probes.eval_steps == (1 + 6 * 3 + 6 * 2 + 3) * 16 * 2


def test_logits_of_a_ticket_do_not_depend_on_its_stack(small, monkeypatch):
    spec, dense, x = small
    tickets = [Ticket(dense, dense_masks(dense), (bits,) * 3) for bits in (2, 4, 8)]
    together = untrained_logits(spec, tickets, x[:20], 2)
    assert together.shape == (3, 20, 5)
    monkeypatch.setattr("hwsearch.predict.probes._STACK", 2)
    np.testing.assert_allclose(untrained_logits(spec, tickets, x[:20], 2), together, atol=1e-5)
