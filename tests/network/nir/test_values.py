"""Parameters of nodes: numbers, pairs, shapes."""

import numpy as np
import pytest

pytest.importorskip("h5py", reason="h5py, with which NIR files are read, is not installed")
from hwsearch.network.nir.file import RawNode
from hwsearch.network.nir.time import TimeStep
from hwsearch.network.nir.values import Reading, squeezed


def reading(**values):
    return Reading("a", RawNode("LIF", values, {}), TimeStep(1e-4, "given"))


def test_numbers_and_defaults():
    r = reading(tau=[1, 2])
    assert r.array("tau").tolist() == [1.0, 2.0]
    assert r.array("r", 3.0).item() == 3.0
    assert r.faults == []


@pytest.mark.parametrize(
    ("value", "law"),
    [
        (None, "tau must be numbers; got nothing"),
        ("soon", "tau must be numbers; got 'soon'"),
        ([], "tau must be finite numbers; got none"),
        ([1.0, np.nan], "tau must be finite numbers; got 1 of 2"),
    ],
)
def test_what_is_no_number_is_a_fault(value, law):
    r = reading(tau=value)
    assert r.array("tau").size
    r.array("tau")
    assert [law in str(fault) for fault in r.faults] == [True]  # once
    assert "node 'a' (LIF)" in str(r.faults[0])


def test_pairs_of_whole_numbers():
    r = reading(one=3, two=(1, 2), three=(1, 2, 3), part=1.5)
    assert (r.pair("one"), r.pair("two"), r.pair("none", 1)) == ((3, 3), (1, 2), (1, 1))
    assert r.faults == []
    r.pair("three")
    r.pair("part")
    assert len(r.faults) == 2


def test_a_batch_of_one_is_left_out():
    assert [squeezed(s) for s in [(1, 4), (1, 1, 2, 3), (1, 2, 3), (1,)]] == [
        (4,),
        (1, 2, 3),
        (1, 2, 3),
        (1,),
    ]
