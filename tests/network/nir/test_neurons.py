"""What neurons of NIR mean, by hand."""

import numpy as np
import pytest

pytest.importorskip("nir", reason="nir is not installed")
import nir
from builders.nir_graphs import DT, chain, fc, if_, lif

from hwsearch.network.nir.importer import import_nir


def neuron(graph):
    """Return the law of the first population, its bias, and its weights over those written."""
    imported = import_nir(graph)
    return imported.spec.populations[0].law, imported.params.biases[0], imported.params.weights[0]


def cuba(n, tau_syn):
    ones = np.ones(n)
    return nir.CubaLIF(tau_syn * ones, 2 * DT * ones, 2 * ones, 0 * ones, ones, 0 * ones, w_in=1.5)


def test_a_gain_and_a_threshold_go_into_the_weights():
    law, bias, weight = neuron(
        chain(
            fc(3, 4, [1, 2, 3]), lif(3, 0.25, gain=0.5, threshold=[1, 2, 4]), fc(2, 3), shape=[4], classes=2
        )
    )
    assert (law.leak_shift, law.threshold, law.reset) == (2, 1.0, "zero")
    assert bias.tolist() == [0.5, 0.5, 0.375]
    assert weight[1] == pytest.approx(fc(3, 4).weight[1] * 0.25)


def test_the_reset_potential_is_the_origin():
    # from v_reset = 0.5 to a threshold of 1.5 is 1; at rest v goes on to 1.0, by a quarter of 0.5 a step
    law, bias, _ = neuron(
        chain(fc(3, 4), lif(3, 0.25, threshold=1.5, v_leak=1.0, v_reset=0.5), fc(2, 3), shape=[4], classes=2)
    )
    assert law.threshold == 1.0
    assert bias == pytest.approx([0.125] * 3)


def test_an_integrator_adds_up_r_dt_i():
    law, _, weight = neuron(chain(fc(3, 4), if_(3, gain=0.5), fc(2, 3), shape=[4], classes=2))
    assert law.leak_shift is None
    assert weight == pytest.approx(fc(3, 4).weight * 0.5)


def test_an_integrator_of_r_1_adds_up_i():
    graph = chain(fc(3, 4), nir.IF(np.ones(3), np.ones(3)), fc(2, 3), shape=[4], classes=2)
    assert neuron(graph)[2] == pytest.approx(fc(3, 4).weight)
    assert any("R = 1 without a leak" in note for note in import_nir(graph).notes)


def test_a_synapse_without_memory_is_a_factor():
    law, _, weight = neuron(chain(fc(3, 4), cuba(3, DT), fc(2, 3), shape=[4], classes=2))
    assert law.leak_shift == 1
    assert weight == pytest.approx(fc(3, 4).weight * 1.5)


def test_infinite_time_constants_as_snntorch_writes_them():
    ends = np.full(3, np.inf)
    graph = chain(fc(3, 4), nir.LIF(ends, ends, np.zeros(3), np.ones(3)), fc(2, 3), shape=[4], classes=2)
    law, _, weight = neuron(graph)
    assert law.leak_shift is None
    assert weight == pytest.approx(fc(3, 4).weight)
