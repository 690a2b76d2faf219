"""Damaged and foreign files: refused with the file, the law and what to do."""

import contextlib

import pytest

pytest.importorskip("nir", reason="nir is not installed")
import h5py
import nir
import numpy as np
from builders.nir_graphs import fc, graph, lif, mlp

from hwsearch.errors import InputError
from hwsearch.network.nir.file import PASS, read_raw


@pytest.fixture
def path(tmp_path):
    nir.write(tmp_path / "net.nir", mlp())
    return tmp_path / "net.nir"


def faults(source):
    with pytest.raises(InputError) as caught:
        read_raw(source)
    return [str(fault) for fault in caught.value.faults]


def edited(path, edit):
    with h5py.File(path, "r+") as file:
        edit(file)
    return faults(path)


def test_a_file_is_what_the_graph_is(path):
    from_file, from_memory = read_raw(path), read_raw(mlp())
    assert {n: v.type for n, v in from_file.nodes.items()} == {
        n: v.type for n, v in from_memory.nodes.items()
    }
    assert set(from_file.edges) == set(from_memory.edges)


def test_a_text_file_is_no_network(tmp_path):
    file = tmp_path / "net.nir"
    file.write_text("fc64-fc32")
    (fault,) = faults(file)
    assert fault.startswith(f"{file}: a NIR file must be a whole HDF5 file")
    assert "write the network again" in fault


def test_a_missing_file_is_named(tmp_path):
    assert "No such file" in faults(tmp_path / "none.nir")[0]


@pytest.mark.parametrize("share", [0.01, 0.3, 0.7, 0.99])
def test_a_truncated_file_is_refused(path, share):
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    assert "must be a whole HDF5 file" in faults(path)[0]


@pytest.mark.parametrize("seed", range(30))
def test_a_damaged_file_is_read_or_refused(path, seed):
    rng = np.random.default_rng(seed)
    damaged = bytearray(path.read_bytes())
    for place in rng.integers(0, len(damaged), 40):
        damaged[place] = rng.integers(0, 256)
    path.write_bytes(bytes(damaged))
    with contextlib.suppress(InputError):  # and nothing else is raised
        assert read_raw(path).nodes


def test_a_file_of_something_else(tmp_path):
    with h5py.File(tmp_path / "x.nir", "w") as file:
        file["weights"] = [1.0]
    assert "the groups ['weights']" in faults(tmp_path / "x.nir")[0]


def test_a_link_out_of_the_file_is_not_followed(path, tmp_path):
    def link(file):
        del file["node/nodes/a/weight"]
        file["node/nodes/a/weight"] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "/w")

    assert "a link out of its place at '/node/nodes/a/weight'" in edited(path, link)[0]


def test_an_array_in_another_file_is_not_read(path, tmp_path):
    (tmp_path / "raw").write_bytes(b"\0" * 96)

    def outside(file):
        del file["node/nodes/a/weight"]
        file["node/nodes/a"].create_dataset("weight", (3, 4), "f8", external=[(str(tmp_path / "raw"), 0, 96)])

    assert "stored in another file" in edited(path, outside)[0]


def test_a_group_in_itself_ends(path):
    def loop(file):
        file["node/nodes/a/again"] = file["node/nodes"]

    assert "groups within each other" in edited(path, loop)[0]


def test_a_huge_array_is_not_read(path):
    def huge(file):
        del file["node/nodes/a/weight"]
        file["node/nodes/a"].create_dataset("weight", (2**20, 2**20), "f4", chunks=(1024, 1024))

    assert "an array of 1099511627776 values" in edited(path, huge)[0]


def test_edges_must_be_there_and_join_nodes(path):
    def none(file):
        del file["node/edges"]

    assert "a graph must have edges" in edited(path, none)[0]
    (fault,) = faults(graph(mlp().nodes, [*mlp().edges, ("aa", "b")]))
    assert "an edge must join nodes of its graph; got 'aa' to 'b' (did you mean 'a'?)" in fault


def test_a_node_without_a_type(path):
    def untyped(file):
        del file["node/nodes/b/type"]

    assert "b: a node must say its type" in edited(path, untyped)[0]


def test_a_number_is_no_network():
    assert "a NIR file, an nir.NIRGraph or a network string; got int" in faults(3)[0]


def test_subgraphs_are_laid_flat():
    inner = graph(
        {"input": nir.Input([3]), "lif": lif(3), "w": fc(3, 3), "output": nir.Output([3])},
        [("input", "lif"), ("lif", "w"), ("w", "lif"), ("lif", "output")],
    )
    nodes = {"input": nir.Input([4]), "a": fc(3, 4), "rnn": inner, "b": fc(2, 3), "output": nir.Output([2])}
    raw = read_raw(graph(nodes, [("input", "a"), ("a", "rnn"), ("rnn", "b"), ("b", "output")]))
    assert raw.nodes["rnn.input"].type == raw.nodes["rnn.output"].type == PASS
    assert ("a", "rnn.input") in raw.edges
    assert ("rnn.output", "b") in raw.edges
    assert ("rnn.w", "rnn.lif") in raw.edges


def test_a_subgraph_has_one_output():
    inner = graph({"input": nir.Input([3]), "lif": lif(3)}, [("input", "lif")])
    nodes = {"input": nir.Input([3]), "rnn": inner, "output": nir.Output([3])}
    assert "rnn: a subgraph must have one node Output; got 0" in faults(
        graph(nodes, [("input", "rnn"), ("rnn", "output")])
    )
