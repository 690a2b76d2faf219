"""What nodes mean, by hand; and the faults of each, with its name, law, value and what to do."""

import numpy as np
import pytest

pytest.importorskip("nir", reason="nir is not installed")
import nir
from builders.nir_graphs import DT, chain, conv, fc, lif, mlp, pool

from hwsearch.errors import InputError
from hwsearch.network.nir.importer import NirOptions, import_nir

PLAIN = NirOptions()


def faults(graph, options=PLAIN):
    with pytest.raises(InputError) as caught:
        import_nir(graph, None, options)
    return [str(fault) for fault in caught.value.faults]


def one(*nodes, shape=(4,), classes=2, options=PLAIN, **settings):
    """Return the one fault of a chain."""
    found = faults(chain(*nodes, shape=list(shape), classes=classes, **settings), options)
    assert len(found) == 1, found
    return found[0]


def behind(*nodes, n=3):
    """Return a chain's nodes with a matrix and neurons behind them."""
    return (*nodes, fc(2, n, seed=1), lif(2))


def cuba(n, tau_syn):
    ones = np.ones(n)
    return nir.CubaLIF(tau_syn * ones, 2 * DT * ones, 2 * ones, 0 * ones, ones, 0 * ones, w_in=1.5)


FAULTY = {
    "negative threshold": (
        behind(fc(3, 4), lif(3, threshold=[1, -0.5, 1])),
        "node 'b' (LIF): v_threshold must be above v_reset",
    ),
    "threshold below the reset": (behind(fc(3, 4), lif(3, v_reset=2.0)), "got -1 above it in 3 of 3 neurons"),
    "time constants far apart": (
        behind(fc(3, 4), lif(3, leak=[0.5, 0.25, 0.06])),
        "must be near one 2**-k for all neurons",
    ),
    "time constant of a step": (behind(fc(3, 4), lif(3, leak=1.0)), "got 1, of which 3 of 3"),
    "negative time constant": (behind(fc(3, 4), lif(3, leak=-0.5)), "tau must be positive; got -0.0002"),
    "no resistance": (behind(fc(3, 4), lif(3, gain=0.0)), "r must not be 0"),
    "a synapse with memory": (
        behind(fc(3, 4), cuba(3, 5 * DT)),
        "a synapse must be without memory: tau_syn = dt, or 0; got 0.0005",
    ),
    "NaN weights": (
        behind(nir.Linear(np.full((3, 4), np.nan)), lif(3)),
        "node 'a' (Linear): weight must be finite numbers; got 12 of 12",
    ),
    "infinite bias": (behind(fc(3, 4, [np.inf, 0, 0]), lif(3)), "bias must be finite numbers"),
    "words for weights": (behind(nir.Linear(np.full((3, 4), "x")), lif(3)), "weight must be numbers"),
    "a matrix of three axes": (
        behind(nir.Linear(np.ones((1, 3, 4))), lif(3)),
        "weight must be [out, in]; got the shape [1, 3, 4]",
    ),
    "an unknown node": (
        behind(fc(3, 4), nir.Threshold(np.ones(3))),
        "node 'b' (Threshold): a node must be one of Affine",
    ),
    "a long delay": (
        behind(nir.Delay(np.full(4, 3 * DT)), fc(3, 4), lif(3)),
        "a delay must be 0 or 1 timesteps, one for all; got 3 to 3 steps",
    ),
    "delays that differ": (
        behind(nir.Delay(np.array([0, 0, DT, 0])), fc(3, 4), lif(3)),
        "a delay must be 0 or 1 timesteps, one for all",
    ),
    "parameters of two shapes": (
        behind(fc(3, 4), nir.LIF(np.full(3, 2 * DT), np.ones(3), np.zeros(3), np.ones(3), np.zeros(3))),
        None,
    ),
    "a reset of no name": (
        behind(fc(3, 4), lif(3, metadata={"reset": "slowly"})),
        "reset must be one of zero, subtract, subtract_next; got 'slowly'",
    ),
    "a subtracting neuron that rests elsewhere": (
        behind(fc(3, 4), lif(3, v_leak=0.1, metadata={"reset": "subtract"})),
        "v_leak must be 0 where the reset subtracts; got 0.1",
    ),
}
del FAULTY["parameters of two shapes"]  # nir itself refuses it in memory; see below


@pytest.mark.parametrize("name", FAULTY)
def test_faulty_neurons_and_matrices(name):
    nodes, expected = FAULTY[name]
    fault = one(*nodes)
    assert expected in fault
    assert fault.endswith(")")
    assert "node" in fault


def test_parameters_of_two_shapes():
    graph = mlp()
    graph.nodes["b"].r = np.ones(2)
    assert any("a neuron's parameters must have one shape; got [2], [3]" in f for f in faults(graph))


FILTERS = {
    "an even filter": (conv(3, 1, (2, 2), padding=(1, 1)), "a filter's sides must be odd; got 2 x 2"),
    "dilation": (conv(3, 1, dilation=(2, 2)), "dilation must be 1"),
    "groups of two": (conv(4, 4, groups=2), "groups must be 1, or one a channel"),
    "a stride of 0": (conv(3, 1, stride=(0, 1)), "stride must be at least 1"),
    "a wrong word": (
        conv(3, 1, padding=(1, 1)),
        "padding must be 'same', 'valid' or whole numbers; got 'full'",
    ),
    "'same' with a stride": (conv(3, 1, stride=(2, 2)), "padding 'same' must not stand with a stride"),
    "a stride that is none": (conv(3, 1), "stride must be one whole number, or two; got [1.5, 1.0]"),
    "pooling that overlaps": (
        pool(nir.AvgPool2d, (3, 3), (2, 2)),
        "a pooling's stride must be its window; got stride (2, 2), window (3, 3)",
    ),
    "pooling with padding": (pool(nir.SumPool2d, (2, 2), padding=(1, 1)), "a pooling must have no padding"),
    "a bias of too many": (conv(3, 1), "bias must be one number an output; got 5 for 3"),
}


@pytest.mark.parametrize("name", FILTERS)
def test_faulty_filters_and_poolings(name):
    node, expected = FILTERS[name]
    if name == "a wrong word":
        node.padding = "full"
    if name == "'same' with a stride":
        node.padding = "same"
    if name == "a stride that is none":
        node.stride = (1.5, 1.0)
    if name == "a bias of too many":
        node.bias = np.zeros(5)
    found = faults(
        chain(
            node, lif((3, 6, 6)), nir.Flatten(np.array([3, 6, 6]), 0), fc(2, 108), shape=[1, 6, 6], classes=2
        )
    )
    assert any(expected in fault and "node 'a'" in fault for fault in found), found


def test_all_faults_at_once():
    graph = mlp()
    graph.nodes["a"].weight = np.full((3, 4), np.nan)
    graph.nodes["b"].v_threshold = -np.ones(3)
    graph.nodes["d"].tau = np.zeros(2)
    assert len(faults(graph, NirOptions(reset="never"))) >= 4


@pytest.mark.parametrize("options", [NirOptions(dt=0.0), NirOptions(reset="no"), NirOptions(full_scale=-1.0)])
def test_options_are_checked(options):
    assert "must be" in faults(mlp(), options)[0]


def test_a_node_of_nothing_is_a_flatten_where_it_can_be_no_other():
    graph = chain(
        conv(3, 1),
        lif((3, 6, 6)),
        nir.Flatten(np.array([3, 6, 6]), 0),
        fc(2, 108),
        shape=[1, 6, 6],
        classes=2,
    )
    graph.nodes["c"] = None
    assert import_nir(graph).spec.populations[-1].channels == 2
    graph.nodes["a"] = None
    assert "Norse has no NIR for pooling" in faults(graph)[0]


@pytest.mark.parametrize(("value", "kind"), [(0.25, "mean"), (1.0, "sum"), (3.0, "scaled")])
def test_filters_that_pool_are_a_pooling(value, kind):
    filters = nir.Conv2d(
        None, np.eye(3)[:, :, None, None] * np.full((2, 2), value), (2, 2), 0, 1, 1, np.zeros(3)
    )
    nodes = (conv(3, 1), lif((3, 6, 6)), filters, nir.Flatten(np.array([3, 3, 3]), 0), fc(2, 27))
    imported = import_nir(chain(*nodes, shape=[1, 6, 6], classes=2))
    assert imported.spec.connections[-1].pooling == ((2, 2), "sum")
    assert imported.params.weights[-1] == pytest.approx(fc(2, 27).weight * value * 4)
