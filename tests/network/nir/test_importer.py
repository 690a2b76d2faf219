"""Networks of other frameworks come in: by hand, as their own frameworks run them, and what cannot is refused."""

import contextlib
from importlib.util import find_spec

import numpy as np
import pytest
import torch

pytest.importorskip("nir", reason="nir is not installed")
import nir
from builders.nir_graphs import chain, conv, fc, lif, mlp

from hwsearch.errors import InputError
from hwsearch.graph.graph import Input
from hwsearch.network.fold import fold
from hwsearch.network.integer import run_integer
from hwsearch.network.integers import Widths
from hwsearch.network.nir.importer import NirOptions, import_nir
from hwsearch.network.nir.run import run_floats
from hwsearch.network.params import Ticket
from hwsearch.network.stack import Stack

frameworks = None
if all(find_spec(name) for name in ("snntorch", "norse", "spikingjelly", "nirtorch")):
    from builders import nir_frameworks as frameworks
CASES = {} if frameworks is None else frameworks.CASES


def faults(graph, data=None):
    with pytest.raises(InputError) as caught:
        import_nir(graph, data)
    return [str(fault) for fault in caught.value.faults]


def test_full_scale_goes_into_what_reads_the_input():
    data = Input((1, 1, 4), 255, 8)
    scaled = import_nir(mlp(), data, NirOptions(full_scale=255.0))
    assert scaled.params.weights[0] == pytest.approx(255 * import_nir(mlp()).params.weights[0])
    assert scaled.params.weights[1] == pytest.approx(import_nir(mlp()).params.weights[1])
    assert scaled.spec.input == data
    assert scaled.spec.connections[0].fan_columns == 4


def test_data_of_another_shape_are_refused():
    assert (
        "an Input must have the shape of the data; got [4], the data have [1, 1, 5]"
        in faults(mlp(), Input((1, 1, 5), 1, 1))[0]
    )


def test_an_input_without_a_shape():
    graph = mlp()
    graph.nodes["input"].input_type = {"input": None}
    assert "an Input must say its shape" in faults(graph)[0]
    assert import_nir(graph, Input((4, 1, 1), 1, 1)).spec.input.shape == (4, 1, 1)


def edited(edit):
    graph = mlp()
    edit(graph)
    return graph


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (
            lambda g: g.nodes.update(more=nir.Output(np.array([2]))) or g.edges.append(("d", "more")),
            "one Output; got output, more",
        ),
        (
            lambda g: g.nodes.update(more=nir.Input(np.array([4]))) or g.edges.append(("more", "a")),
            "one Input; got input, more",
        ),
        (lambda g: g.nodes.pop("output") and g.edges.remove(("d", "output")), "one Output; got none"),
        (
            lambda g: g.edges.remove(("b", "c")),
            "node 'c': a node must lie on a way from the input to the output; got nothing leads to it",
        ),
        (
            lambda g: g.nodes.update(x=fc(3, 3)) or g.edges.append(("b", "x")),
            "node 'x': a node must lie on a way",
        ),
        (
            lambda g: g.nodes.update(x=fc(3, 3)) or g.edges.extend([("a", "x"), ("x", "a")]),
            "a circle must pass through a spiking neuron; got a to x to a",
        ),
        (
            lambda g: g.nodes.update(d=lif(5)),
            "node 'd' (LIF): v_threshold must be one number, one a channel or one a neuron; got 5 for",
        ),
    ],
)
def test_broken_graphs_are_refused(edit, expected):
    found = faults(edited(edit))
    assert any(expected in fault for fault in found), found


def test_a_file_reads_as_the_graph_in_memory(tmp_path):
    nir.write(tmp_path / "net.nir", mlp())
    from_file, from_memory = import_nir(tmp_path / "net.nir"), import_nir(mlp())
    assert from_file.spec == from_memory.spec
    for a, b in zip(from_file.params.weights, from_memory.params.weights, strict=True):
        assert np.array_equal(a, b)


def test_faults_name_the_file(tmp_path):
    graph = mlp()
    graph.nodes["b"].v_threshold = -np.ones(3)
    nir.write(tmp_path / "net.nir", graph)
    assert faults(tmp_path / "net.nir")[0].startswith(f"{tmp_path / 'net.nir'}: node 'b' (LIF): ")


ODD = [
    None, "x", b"same", np.nan, -1, 0, 1e300, np.inf, 1j, [], [[1, 2], [3]], np.ones((2, 2, 2, 2, 2)), np.ones(7),
    object(), {"a": 1}, True, 2**70, np.array(["a"]), (1, 2, 3),
]  # fmt: skip


def disfigured(seed):
    """Return a graph with odd values in its nodes, missing nodes, and edges too many or too few."""
    rng = np.random.default_rng(seed)
    whole = [
        mlp(),
        chain(
            conv(3, 1),
            lif((3, 6, 6)),
            nir.Flatten(np.array([3, 6, 6]), 0),
            fc(2, 108),
            shape=[1, 6, 6],
            classes=2,
        ),
        chain(
            nir.Scale(np.ones(4)),
            fc(3, 4),
            lif(3),
            nir.Delay(np.full(3, 1e-4)),
            fc(2, 3),
            shape=[4],
            classes=2,
        ),
    ]
    graph = whole[rng.integers(len(whole))]
    for _ in range(rng.integers(1, 4)):
        names = list(graph.nodes)
        name = names[rng.integers(len(names))]
        what = rng.choice(["value", "value", "value", "edge", "no edge", "node"])
        fields = list(getattr(graph.nodes[name], "__dict__", ()))
        if what == "value" and fields:
            setattr(graph.nodes[name], fields[rng.integers(len(fields))], ODD[rng.integers(len(ODD))])
        elif what == "edge":
            graph.edges.append((name, names[rng.integers(len(names))]))
        elif what == "no edge" and graph.edges:
            graph.edges.pop(rng.integers(len(graph.edges)))
        elif what == "node":
            graph.nodes[name] = [None, 3, graph, nir.Output(np.array([2])), lif(3)][rng.integers(5)]
    return graph


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(20))
def test_graphs_that_are_disfigured_are_read_or_refused(seed):
    for part in range(15):
        with contextlib.suppress(InputError):  # and nothing else is raised
            assert import_nir(disfigured(15 * seed + part)).spec.connections


def came_in(name, framework):
    """Return what a framework's own loop gives on 256 inputs, and what the imported network gives."""
    case = CASES[name]
    try:
        built = frameworks.build(framework, case)
    except NotImplementedError as error:
        pytest.skip(f"{framework}: {error}")
    x = frameworks.frames(case, 256, 12)
    try:
        graph = built.written()
    except Exception as error:  # whatever a framework's own export raises: then there is nothing to read
        pytest.skip(f"{framework} does not write it: {error!r:.80}")
    imported = import_nir(graph, None, built.options)
    seen = x.reshape(*x.shape[:2], *imported.spec.input.shape).astype(np.float64)
    return built.run(x), run_floats(imported.spec, imported.params, seen)


# snnTorch writes a join of its networks as two inputs, and Norse nothing for Conv1d and pooling: both are refused
REFUSED = {("residual", "snntorch"), ("Conv1d", "norse"), ("AvgPool2d", "norse")}
# snnTorch subtracts a second threshold in the next timestep where one was not enough: no other simulator does
OTHER = {("LIF, reset by subtraction", "snntorch"), ("IF, reset by subtraction", "snntorch")}


@pytest.mark.skipif(frameworks is None, reason="snntorch, norse or spikingjelly is not installed")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("framework", ["snntorch", "norse", "spikingjelly"])
@pytest.mark.parametrize("name", CASES)
def test_networks_predict_as_in_their_framework(name, framework):
    if (name, framework) in REFUSED:
        with pytest.raises(InputError):
            came_in(name, framework)
        return
    theirs, ours = came_in(name, framework)
    spiking = isinstance(CASES[name].layers[-1], frameworks.Neurons)
    if (name, framework) in OTHER:
        assert 0 < (theirs != ours.spikes[-1].reshape(theirs.shape)).mean() < 0.15
        return
    if spiking:
        differ = int((theirs != ours.spikes[-1].reshape(theirs.shape)).sum())
        assert differ <= ours.ties, f"{differ} of {theirs.size} spikes differ, {ours.ties} ties"
    totals = theirs[-1] if name == "ends in a leaky integrator" else theirs.sum(0)
    assert (totals.argmax(1) == ours.predictions).all()


@pytest.mark.skipif(frameworks is None, reason="snntorch, norse or spikingjelly is not installed")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "framework"),
    [
        ("LIF, subtracted in the next timestep", "snntorch"),
        ("recurrent", "snntorch"),
        ("ends in a leaky integrator", "norse"),
        ("Conv2d, stride 2", "norse"),
        ("residual", "spikingjelly"),
        ("AvgPool2d", "spikingjelly"),
    ],
)
def test_the_machine_of_integers_and_the_stack_predict_as_the_framework(name, framework):
    case = CASES[name]
    built = frameworks.build(framework, case)
    x = frameworks.frames(case, 256, 12)
    shape = (*case.shape, 1, 1)[:3]
    imported = import_nir(built.written(), Input(shape, 16, 5, frames=12), built.options)
    counts = np.round(x * 16).astype(np.int64).swapaxes(0, 1).reshape(256, 12, *shape)
    theirs = built.run(x)
    expected = (theirs[-1] if name == "ends in a leaky integrator" else theirs.sum(0)).argmax(1)
    masks = tuple(np.ones(weight.shape, np.float32) for weight in imported.params.weights)
    bits = (16,) * len(masks)
    integers = fold(imported.spec, imported.params, masks, bits, 12, Widths())
    assert (run_integer(integers, counts).predictions == expected).all()
    stack = Stack(imported.spec, [Ticket(imported.params, masks, bits)]).eval()
    with torch.no_grad():
        logits = stack(torch.from_numpy(counts / np.float32(16)).float(), 12)[0]
    assert (logits.argmax(1).numpy() == expected).all()
