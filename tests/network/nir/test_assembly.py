"""Populations, connections and readouts of NIR graphs, by hand."""

import numpy as np
import pytest

pytest.importorskip("nir", reason="nir is not installed")
import nir
from builders.nir_graphs import chain, conv, fc, if_, lif

from hwsearch.errors import InputError
from hwsearch.network.nir.importer import NirOptions, import_nir


def faults(graph):
    with pytest.raises(InputError) as caught:
        import_nir(graph)
    return [str(fault) for fault in caught.value.faults]


def test_names_shapes_and_laws_of_a_chain():
    nodes = (
        conv(4, 1, stride=(2, 2)),
        lif((4, 3, 3), 0.25),
        nir.Flatten(np.array([4, 3, 3]), 0),
        fc(2, 36),
        if_(2),
    )
    imported = import_nir(chain(*nodes, shape=[1, 6, 6], classes=2))
    spec = imported.spec
    assert [(p.name, p.channels, p.size, p.flat) for p in spec.populations] == [
        ("conv1", 4, (3, 3), False),
        ("fc2", 2, (1, 1), True),
        ("readout", 2, (1, 1), True),
    ]
    assert [p.law and p.law.leak_shift for p in spec.populations] == [2, None, None]
    assert [(c.name, c.kind, c.fan_columns, c.prunable) for c in spec.connections] == [
        ("conv1", "conv", 1, True),
        ("fc2", "fc", 9, True),
        ("readout", "conv", 1, False),
    ]
    assert [w.dtype for w in imported.params.weights] == [np.float32] * 3
    assert imported.params.norms == (None,) * 3
    assert "their spikes are counted" in imported.notes[-1]


def test_what_snapping_took_is_shown_for_each_population():
    imported = import_nir(chain(fc(3, 4), lif(3, 0.1), fc(2, 3), lif(2, 0.5), shape=[4], classes=2))
    assert [(s.population, s.node, s.leak_shift) for s in imported.snaps] == [
        ("fc1", "b", 3),
        ("fc2", "d", 1),
    ]
    assert [s.error for s in imported.snaps] == [pytest.approx(0.2), 0.0]
    assert imported.exact_leaks[0] == pytest.approx([0.1] * 3)


def test_a_leaky_integrator_is_a_leaky_readout():
    readout = nir.LI(np.full(2, 4e-4), np.full(2, 4.0), np.zeros(2))
    spec = import_nir(chain(fc(3, 4), lif(3), fc(2, 3), readout, shape=[4], classes=2)).spec
    assert spec.readout.leak_shift == 2
    assert [p.name for p in spec.populations] == ["fc1", "readout"]


def test_an_integrator_is_a_readout_without_a_leak():
    spec = import_nir(chain(fc(3, 4), lif(3), fc(2, 3), nir.I(np.ones(2)), shape=[4], classes=2)).spec
    assert spec.readout.leak_shift is None
    assert len(spec.populations) == 2


def test_a_reset_of_the_next_timestep_is_a_weight_back():
    spec_params = import_nir(
        chain(fc(3, 4), lif(3, 0.25), fc(2, 3), shape=[4], classes=2), None, NirOptions(reset="subtract_next")
    )
    back = next(c for c in spec_params.spec.connections if c.name == "fc1.reset")
    assert (back.source, back.target, back.delay, back.prunable) == (0, 0, 1, False)
    assert (spec_params.params.weights[1] == -0.25).all()
    assert spec_params.spec.populations[0].law.reset == "subtract"


def test_thresholds_that_differ_within_a_map():
    threshold = np.linspace(1, 2, 108).reshape(3, 6, 6)
    graph = chain(
        conv(3, 1),
        lif((3, 6, 6), threshold=threshold),
        nir.Flatten(np.array([3, 6, 6]), 0),
        fc(2, 108),
        shape=[1, 6, 6],
        classes=2,
    )
    assert (
        "node 'b' (LIF): v_threshold must be one number a channel where neurons form a map; got 1 to 2"
        in faults(graph)[0]
    )


def test_outputs_that_are_a_map_or_one_class():
    assert (
        "an output must be one value a class, of two classes at least; got 3 x 6 x 6"
        in faults(chain(conv(3, 1), lif((3, 6, 6)), shape=[1, 6, 6], classes=3))[0]
    )
    assert "got 1 x 1 x 1" in faults(chain(fc(3, 4), lif(3), fc(1, 3), shape=[4], classes=1))[0]


def test_a_silent_neuron_in_the_middle_is_refused():
    silent = nir.LI(np.full(3, 2e-4), np.ones(3), np.zeros(3))
    assert (
        "node 'b' (LI): a neuron that does not fire must"
        in faults(chain(fc(3, 4), silent, fc(2, 3), lif(2), shape=[4], classes=2))[0]
    )
