"""Exports that are read back: as the same floats, or refused where they were changed."""

import json

import numpy as np
import pytest

pytest.importorskip("nir", reason="nir is not installed")
import nir
from builders.drawn_integers import drawn_integers

from hwsearch.errors import InputError
from hwsearch.export.nir import nir_graph, read_nir
from hwsearch.graph.graph import Input
from hwsearch.network.integer import run_integer
from hwsearch.network.nir.exported import as_floats
from hwsearch.network.nir.importer import import_nir
from hwsearch.network.nir.run import run_floats


def faults(call, *args):
    with pytest.raises(InputError) as caught:
        call(*args)
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize("spelling", ["fc12-fc8", "8c3-p2-fc8", "8c3-gap-fc8", "r12"])
def test_floats_of_integers_fire_as_they_do(spelling):
    network = drawn_integers(spelling, leak_shift=None, pool="sum")
    spec, params = as_floats(network, quantise_first=True)
    assert all(law.threshold == 1.0 for law in spec.laws)
    x = np.random.default_rng(0).integers(0, 17, (20, 1, 6, 6))
    frames = np.broadcast_to(x / 16, (8, *x.shape))
    run = run_floats(spec, params, frames)
    assert np.array_equal(run.predictions, run_integer(network, x).predictions)


def test_data_of_another_shape_are_refused():
    graph = nir_graph(drawn_integers("fc4"))
    assert "an Input must have the shape of the data" in faults(import_nir, graph, Input((1, 5, 5), 16, 5))[0]


def test_an_export_that_was_changed_is_refused(tmp_path):
    graph = nir_graph(drawn_integers("fc4"))
    graph.nodes["fc1_weights"].weight[0, 0] *= 1.01
    nir.write(tmp_path / "x.nir", graph)
    assert (
        "node 'fc1_weights': weight must be what the integers in the metadata say"
        in faults(read_nir, tmp_path / "x.nir")[0]
    )


@pytest.mark.parametrize("damage", ["{", "{}", json.dumps({"populations": 3})])
def test_metadata_that_are_damaged_are_refused(damage, tmp_path):
    graph = nir_graph(drawn_integers("fc4"))
    graph.metadata["hwsearch"] = damage
    nir.write(tmp_path / "x.nir", graph)
    assert "the metadata 'hwsearch' must describe a whole network" in faults(read_nir, tmp_path / "x.nir")[0]


def test_integers_of_another_shape_are_refused():
    graph = nir_graph(drawn_integers("fc4"))
    graph.nodes["fc1"].metadata["fc1.bias"] = np.zeros(3, np.int32)
    assert (
        "must describe a whole network; got fc1.bias: it must be whole numbers"
        in faults(import_nir, graph)[0]
    )
