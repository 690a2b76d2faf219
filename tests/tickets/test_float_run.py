"""The float network run as it is: what the stack computes on the same weights, and recurrence by hand."""

import numpy as np
import pytest
import torch
from builders.finders import X, params_of, scaled, spec

from hwsearch.graph.graph import Readout
from hwsearch.network.params import Ticket, initial_params
from hwsearch.network.stack import Stack
from hwsearch.tickets.fit import dense_masks
from hwsearch.tickets.float_run import float_run
from hwsearch.tickets.observe import readings
from hwsearch.train.inputs import as_input

SEQUENCES = np.random.default_rng(3).integers(0, 4, (20, 6, 2, 6, 6)).astype(np.uint8)
KINDS = {
    "chain": ("4c3-p2-6c3-fc8", {}),
    "residual": ("4c3s2-dw3-res(6c3-4c3)-fc8", {}),
    "joined by 1 x 1": ("4c3-res(6c3-5c3s2)-gap", {"pool": "sum"}),
    "recurrent": ("r8-fc5", {"norm": False}),
    "sequence": ("4c3x1-p2x1-r6", {"shape": (2, 6, 6), "frames": 6}),
    "leaky readout": ("fc8", {"readout": Readout(leak_shift=2)}),
    "last steps": ("res(fc8-fc12)-fc6", {"readout": Readout(last=2), "reset": "subtract"}),
    "labels a timestep": ("fc8", {"shape": (2, 6, 6), "frames": 6, "readout": Readout(labels="step")}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_readout_is_that_of_the_stack_on_the_same_weights(kind, monkeypatch):
    spelling, settings = KINDS[kind]
    network = spec(spelling, **settings)
    params = scaled(initial_params(network, 0), 3)
    x = X[:20] if network.input.still else SEQUENCES
    monkeypatch.setattr(Stack, "_quantised", lambda stack: list(stack.weights))
    stack = Stack(network, [Ticket(params, dense_masks(params), (8,) * len(params.weights))]).eval()
    with torch.no_grad():
        expected = stack(as_input(x, network.input, 4), 4)[0]
        *_, (place, observed) = float_run(network, params, x, 4)
    assert place == len(network.populations) - 1
    got = readings(observed.current, network.readout, 4)
    if network.readout.labels == "sample":
        expected = expected.unsqueeze(1)
    assert got.transpose(0, 1).numpy() == pytest.approx(expected.numpy(), abs=1e-5)


def test_a_neuron_that_feeds_itself_by_hand():
    # current 1 at every step, decay 1, threshold 1.5, its own spike brings -1 a step later
    network = spec("r1", (1, 1, 1), 2, leak_shift=None, threshold=1.5, norm=False, input_max=1)
    params = params_of([[1.0]], [[-1.0]], [[1.0], [0.0]])
    params = type(params)(params.weights, params.biases[1:], params.norms[1:])
    x = np.ones((1, 1, 1, 1), np.uint8)
    runs = dict(float_run(network, params, x, 5))
    # membranes 1, 2 (fires), 0 + 1 - 1, 1, 2 (fires)
    assert runs[0].membrane.flatten().tolist() == [1.0, 2.0, 0.0, 1.0, 2.0]
    assert runs[0].inputs[1].flatten().tolist() == [0.0, 0.0, 1.0, 0.0, 0.0]
    assert runs[1].inputs[2].flatten().tolist() == [0.0, 1.0, 0.0, 0.0, 1.0]


def test_what_two_connections_bring_is_added_before_the_norm():
    network = spec("res(fc2-fc4)", (4, 1, 1), 2)
    params = initial_params(network, 0)
    runs = dict(float_run(network, params, X[:3].reshape(3, -1)[:, :4, None, None], 2))
    joined, (own, skip) = runs[1], (1, 2)
    weights = [torch.from_numpy(w) for w in params.weights]
    sums = joined.inputs[own] @ weights[own].t() + joined.inputs[skip].flatten(2) * weights[skip].flatten()
    assert joined.current.numpy() == pytest.approx((sums * joined.gain).numpy(), abs=1e-5)
