"""What enters each population: biases once, joins, late signals; shapes that do not fit are named."""

import numpy as np
import pytest

pytest.importorskip("nir", reason="nir is not installed")
import nir
from builders.nir_graphs import DT, chain, conv, fc, graph, lif, pool

from hwsearch.errors import InputError
from hwsearch.network.nir.importer import import_nir


def faults(net):
    with pytest.raises(InputError) as caught:
        import_nir(net)
    return [str(fault) for fault in caught.value.faults]


def joined(second=None, **more):
    """Return two populations, the second entered by a matrix and by ``second``'s edges."""
    nodes = {
        "input": nir.Input(np.array([4])),
        "a": fc(3, 4, [1, 2, 3]),
        "n": lif(3),
        "b": fc(3, 3, [4, 5, 6]),
        "m": lif(3),
        "c": fc(2, 3),
        "output": nir.Output(np.array([2])),
        **more,
    }
    edges = [("input", "a"), ("a", "n"), ("n", "b"), ("b", "m"), ("m", "c"), ("c", "output")]
    return graph(nodes, edges + [tuple(e.split(">")) for e in second or []])


def test_an_identity_joins_a_matrix():
    imported = import_nir(joined(["n>m"]))
    names = [(c.name, c.source, c.target, c.prunable) for c in imported.spec.connections]
    assert names == [
        ("fc1", -1, 0, True),
        ("fc2", 0, 1, True),
        ("fc2.skip", 0, 1, False),
        ("readout", 1, 2, True),
    ]
    assert imported.params.weights[2].shape == (3, 1, 1, 1)
    assert (imported.params.weights[2] == 1).all()


def test_biases_add_up_once():
    # two matrices into one population: 4, 5, 6 and 1, 1, 1
    imported = import_nir(joined(["input>d", "d>m"], d=fc(3, 4, [1, 1, 1])))
    assert imported.params.biases[1].tolist() == [5, 6, 7]


def test_a_matrix_that_reads_two_populations_is_two_connections_and_one_bias():
    imported = import_nir(joined(["m>e", "n>e", "e>output"], e=fc(2, 3, [7, 7], seed=3)))
    readout = [c for c in imported.spec.connections if c.readout]
    assert sorted(c.source for c in readout) == [0, 1, 1]
    assert imported.params.biases[-1].tolist() == [7, 7]


def test_a_circle_over_two_populations_is_late_and_its_bias_is_not():
    imported = import_nir(joined(["m>r", "r>n"], r=fc(3, 3, [1, 1, 1])))
    back = next(c for c in imported.spec.connections if c.delay)
    assert (back.source, back.target, back.name) == (1, 0, "fc1.back")
    assert imported.params.biases[0].tolist() == [2, 3, 4]
    assert any("closes a circle" in note for note in imported.notes)


def test_a_circle_into_a_matrix_comes_through_it():
    imported = import_nir(joined(["m>b"]))
    back = next(c for c in imported.spec.connections if c.delay)
    assert (back.source, back.target) == (1, 1)
    assert np.array_equal(imported.params.weights[2], imported.params.weights[1])


def test_a_delay_in_a_circle_makes_the_order():
    nodes = {
        "input": nir.Input(np.array([4])),
        "a": fc(3, 4),
        "n": lif(3),
        "late": nir.Delay(np.full(3, DT)),
        "b": fc(3, 3),
        "m": lif(3),
        "back": fc(3, 3),
        "c": fc(2, 3),
        "output": nir.Output(np.array([2])),
    }
    edges = ["input>a", "a>n", "n>late", "late>b", "b>m", "m>back", "back>n", "n>c", "c>output"]
    imported = import_nir(graph(nodes, [tuple(e.split(">")) for e in edges]))
    # m reads what n was and is computed first; n reads what m is
    found = {(c.source, c.target, c.delay) for c in imported.spec.connections}
    assert found == {(-1, 1, 0), (1, 0, 1), (0, 1, 0), (1, 2, 0)}


def test_a_delay_on_the_way_is_a_delay():
    imported = import_nir(chain(fc(3, 4), lif(3), nir.Delay(np.full(3, DT)), fc(2, 3), shape=[4], classes=2))
    assert [c.delay for c in imported.spec.connections] == [0, 1]


@pytest.mark.parametrize(
    ("net", "expected"),
    [
        (
            joined(["input>d", "d>m"], d=fc(2, 4)),
            "node 'm' (LIF): what enters a population must have one shape; got 'n' [3, 1, 1], 'input' [2, 1, 1]",
        ),
        (joined(["m>r", "r>n"], r=fc(2, 3)), "node 'n' (LIF): what enters a population must have one shape"),
        (
            chain(fc(3, 5), lif(3), fc(2, 3), shape=[4], classes=2),
            "node 'a' (Affine): a matrix must read one axis",
        ),
        (
            chain(fc(3, 4), fc(3, 3), lif(3), fc(2, 3), shape=[4], classes=2),
            "one matrix or filter bank at most",
        ),
        (
            chain(
                conv(3, 1),
                pool(nir.AvgPool2d, (2, 2)),
                lif((3, 3, 3)),
                nir.Flatten(np.array([3, 3, 3]), 0),
                fc(2, 27),
                shape=[1, 6, 6],
                classes=2,
            ),
            "a pooling must stand behind neurons",
        ),
        (
            chain(
                conv(3, 1, (5, 5), padding=(0, 0)),
                lif((3, 2, 2)),
                nir.Flatten(np.array([3, 2, 2]), 0),
                fc(2, 12),
                shape=[1, 6, 6],
                classes=2,
            ),
            "padding must be kernel // 2 of odd sides, or 'same'; got padding (0, 0), filters of 5 x 5 (train with",
        ),
        (
            joined(["n>late", "late>d", "d>n"], late=nir.Delay(np.full(3, DT)), d=nir.Delay(np.full(3, DT))),
            "0 or 1 timesteps in all; got 2",
        ),
    ],
)
def test_what_does_not_fit_is_named(net, expected):
    found = faults(net)
    assert any(expected in fault for fault in found), found
