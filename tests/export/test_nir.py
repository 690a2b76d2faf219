"""NIR out: the same spikes in three frameworks, and the same network when it is read back."""

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

pytest.importorskip("nir", reason="nir is not installed")
import nir
from builders.drawn_integers import drawn_integers
from builders.random_networks import networks
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as budget

from hwsearch.data.frames import timestep_inputs
from hwsearch.errors import InputError
from hwsearch.export.nir import nir_graph, read_nir, write_nir
from hwsearch.graph.graph import Readout
from hwsearch.network.integer import run_integer
from hwsearch.network.nir.importer import import_nir
from hwsearch.network.nir.run import run_floats
from hwsearch.network.store import network_digest

readers = None
if all(find_spec(name) for name in ("snntorch", "norse", "spikingjelly", "nirtorch")):
    from builders import nir_readers as readers

KINDS = {
    "fully connected": ("fc20-fc16", {}),
    "convolutions": ("8c3s2-4c3x1-fc16", {}),
    "depthwise": ("8c3-dw3-fc16", {}),
    "max pooling": ("8c3-p2-fc16", {}),
    "mean pooling": ("8c3-p2x1-fc16", {"pool": "sum"}),
    "global pooling": ("8c3-gap-fc16", {}),
    "residual identity": ("8c3-res(8c3-8c3)-fc16", {}),
    "residual matrix": ("fc20-res(fc36-fc16)-fc8", {}),
    "recurrent": ("fc12-r20-fc8", {}),
    "sequences": ("r20-fc16", {"frames": 8, "input_max": 1}),
}
UNABLE = {("norse", "residual identity"), ("norse", "residual matrix")}
"""Norse runs what follows one branch before the other branch: a join has not all its inputs yet."""


@pytest.mark.parametrize("kind", KINDS)
def test_an_export_reads_back_as_the_same_network(kind, tmp_path):
    spelling, settings = KINDS[kind]
    network = drawn_integers(spelling, **settings, readout=Readout(last=3, leak_shift=2))
    write_nir(network, tmp_path / "network.nir")
    back = read_nir(tmp_path / "network.nir")
    assert network_digest(back) == network_digest(network)
    imported = import_nir(tmp_path / "network.nir")
    assert network_digest(imported.integers) == network_digest(network)
    assert imported.spec.readout == network.readout
    assert list(imported.spec.connections) == [c.shape for c in network.connections]


def frames_of(network, n, seed=1):
    """Return inputs as the integer machine takes them, and as frames [T, N, ...]."""
    rng, data = np.random.default_rng(seed), network.input
    time = () if data.still else (data.frames,)
    x = rng.integers(0, data.max + 1, (n, *time, *data.shape))
    shown = np.broadcast_to(x, (network.timesteps, *x.shape)) if data.still else x.swapaxes(0, 1)
    return x, shown.astype(np.float32)


def spikes_of(network, x):
    """Return [T, N, neurons] spikes that a readout of spikes counted."""
    run = run_integer(network, x, trace=True)
    return np.diff(run.membranes[-1], axis=0, prepend=0)


def as_another_framework_writes(graph):
    """Return a graph without what this project noted in it."""
    metadata = {name: value for name, value in graph.metadata.items() if name != "hwsearch"}
    return nir.NIRGraph(graph.nodes, graph.edges, metadata, type_check=False)


@pytest.mark.skipif(readers is None, reason="snntorch, norse or spikingjelly is not installed")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("framework", ["snntorch", "norse", "spikingjelly"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_spike_without_a_leak_is_the_integers(kind, framework):
    spelling, settings = KINDS[kind]
    network = readers.spikes_read_out(drawn_integers(spelling, leak_shift=None, **settings))
    x, frames = frames_of(network, 24)
    expected = spikes_of(network, x)
    assert 0.05 < expected.mean() < 0.6
    run = readers.read_by(framework, nir_graph(network))
    if (framework, kind) in UNABLE:
        assert run(frames).shape != expected.shape
        return
    assert np.array_equal(run(frames), expected)


@pytest.mark.skipif(readers is None, reason="snntorch, norse or spikingjelly is not installed")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("framework", ["snntorch", "norse", "spikingjelly"])
@pytest.mark.parametrize("leak_shift", [1, 3, 5])
@pytest.mark.parametrize("kind", ["fully connected", "max pooling", "recurrent"])
def test_every_spike_with_a_leak_is_that_of_floats(kind, leak_shift, framework):
    spelling, settings = KINDS[kind]
    network = readers.spikes_read_out(drawn_integers(spelling, leak_shift=leak_shift, **settings))
    graph = nir_graph(network)
    imported = import_nir(as_another_framework_writes(graph))
    x, frames = frames_of(network, 24)
    floats = (
        run_floats(imported.spec, imported.params, frames.astype(np.float64)).spikes[-1].reshape(8, 24, -1)
    )
    assert np.array_equal(readers.read_by(framework, graph)(frames), floats)
    # a shift of integers rounds, a leak of floats does not
    assert (floats != spikes_of(network, x)).mean() < 0.03


def test_units_and_what_nir_cannot_say_are_noted():
    network = drawn_integers("fc4", leak_shift=2, reset="subtract", readout=Readout(last=3))
    graph = nir_graph(network)
    assert (graph.metadata["dt"], graph.metadata["dt_unit"], graph.metadata["timesteps"]) == (1e-4, "s", 8)
    assert graph.metadata["input_unit"] == "integers of 0 to 16"
    assert "over the last 3 timesteps, leak: none" in graph.metadata["readout"]
    assert graph.nodes["fc1"].metadata["reset"] == "subtract"
    assert graph.nodes["fc1"].metadata["leak_shift"] == 2
    assert graph.nodes["fc1_weights"].metadata["bits"] == 6
    assert graph.nodes["fc1_weights"].metadata["fraction_bits"] == 2
    assert graph.nodes["fc1"].tau == pytest.approx(4e-4)
    assert (graph.nodes["fc1"].v_threshold == 1).all()
    assert {"input", "output"} <= set(graph.nodes)


def faults(call, *args):
    with pytest.raises(InputError) as caught:
        call(*args)
    return [str(fault) for fault in caught.value.faults]


def test_what_nir_cannot_say_is_refused():
    network = drawn_integers("fc4")
    silent = replace(network.populations[0], threshold=np.array([1, 0, 1, 1], np.int32))
    negative = replace(network, populations=(silent, network.populations[1]))
    assert "--format nir: fc1: a threshold must be positive" in faults(nir_graph, negative)[0]
    assert (
        "no pooling by the largest value; got inputs of 0 to 16"
        in faults(nir_graph, drawn_integers("p2-fc4"))[0]
    )


def test_a_folder_that_is_not_there(tmp_path):
    assert (
        "a folder that can be written"
        in faults(write_nir, drawn_integers("fc4"), tmp_path / "no" / "x.nir")[0]
    )


def test_another_frameworks_file_is_no_export(tmp_path):
    nir.write(tmp_path / "x.nir", as_another_framework_writes(nir_graph(drawn_integers("fc4"))))
    assert "a NIR export must have the metadata 'hwsearch'" in faults(read_nir, tmp_path / "x.nir")[0]
    assert import_nir(tmp_path / "x.nir").integers is None


def with_integrators(network):
    """Return a network whose populations have no leak and reset to zero: floats can run it exactly."""
    populations = tuple(
        replace(
            p,
            shape=replace(p.shape, law=p.shape.law and replace(p.shape.law, leak_shift=None, reset="zero")),
            threshold=None if p.threshold is None else np.maximum(np.abs(p.threshold), 1),
        )
        for p in network.populations
    )
    connections = tuple(replace(c, fraction_bits=abs(c.fraction_bits)) for c in network.connections)
    return replace(
        network,
        populations=populations,
        connections=connections,
        state_bits=32,
        accumulator_bits=32,
        readout=Readout(),
    )


def test_a_circle_over_two_populations_has_a_delay():
    network = drawn_integers("r6-fc5")
    back = next(c for c in network.connections if c.shape.delay)
    over_two = replace(back, shape=replace(back.shape, source=1, in_channels=5), weight=back.weight[:, :5])
    graph = nir_graph(
        replace(network, connections=tuple(over_two if c is back else c for c in network.connections))
    )
    assert isinstance(graph.nodes["rec1_back_delay"], nir.Delay)
    assert not any(isinstance(node, nir.Delay) for node in nir_graph(network).nodes.values())


@given(networks())
@budget(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_random_networks_go_out_and_come_back(drawn):
    network, x = drawn
    network = with_integrators(network)
    try:
        graph = nir_graph(network)
    except InputError as error:
        assume("no pooling by the largest value" not in str(error))  # of inputs
        raise
    assert network_digest(import_nir(graph).integers) == network_digest(network)
    try:
        imported = import_nir(as_another_framework_writes(graph))
    except InputError as error:
        dead = ["it leads nowhere" in str(fault) for fault in error.faults]  # populations that nothing reads
        assume(not all(dead))
        raise
    frames = np.moveaxis(np.asarray(timestep_inputs(x, network.input, network.timesteps), np.float64), 1, 0)
    shown = np.broadcast_to(frames, (network.timesteps, *frames.shape[1:]))
    run = run_floats(
        imported.spec, imported.params, shown.reshape(*shown.shape[:2], *imported.spec.input.shape)
    )
    assert run.readout == pytest.approx(run_integer(network, x).readout, rel=1e-5, abs=1e-3)
