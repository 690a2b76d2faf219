"""The time step of a graph: given, noted or the convention; and Norse's time constants."""

import numpy as np
import pytest

pytest.importorskip("nir", reason="nir is not installed")
import nir
from builders.nir_graphs import chain, fc, mlp

from hwsearch.errors import InputError
from hwsearch.network.nir.importer import NirOptions, import_nir


def faults(graph, options=None):
    with pytest.raises(InputError) as caught:
        import_nir(graph, None, options or NirOptions())
    return [str(fault) for fault in caught.value.faults]


def test_the_time_step_is_given_or_written_or_the_convention():
    assert import_nir(mlp()).time.dt == 1e-4
    slow = mlp(metadata={"dt": 2e-4})
    for name in "bd":
        slow.nodes[name].tau = slow.nodes[name].tau * 2
    assert import_nir(slow).spec.populations[0].law.leak_shift == 1
    assert import_nir(mlp(), None, NirOptions(dt=5e-5)).spec.populations[0].law.leak_shift == 2
    assert "the file says 0.0002 s" in faults(slow, NirOptions(dt=1e-3))[0]
    assert "a time step must be a positive number of seconds" in faults(mlp(metadata={"dt": "soon"}))[0]


def test_time_constants_as_norse_writes_them():
    tau, one_, zero = np.float32(1e-6 / 0.25), np.float32(1), np.float32(0)  # dt tau = 1e-3 * 4e-3
    cell = nir.LIF(tau, one_, zero, one_)
    imported = import_nir(chain(fc(3, 4), cell, fc(2, 3), shape=[4], classes=2))
    assert imported.spec.populations[0].law.leak_shift == 2
    assert "that of Norse" in imported.notes[0]
    given = import_nir(chain(fc(3, 4), cell, fc(2, 3), shape=[4], classes=2), None, NirOptions(dt=1e-3))
    assert given.spec.populations[0].law.leak_shift == 2
