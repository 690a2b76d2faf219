"""The networks of published measurements: shapes, weights and events as a point states them."""

from hwsearch.hardware.validation.networks import dense_pass, fully_connected, packed_weights


def test_a_dense_pass_is_its_multiply_accumulates_by_kind():
    network = dense_pass(300, 700)
    assert [(layer.kind, layer.ops.nonzero) for layer in network.layers] == [("fc", 300), ("conv", 700)]
    assert (network.macs, network.synaptic_ops, network.neuron_updates) == (1000, 0, 0)
    assert [layer.kind for layer in dense_pass(0, 700).layers] == ["conv"]


def test_packed_weights_are_two_a_byte():
    (layer,) = packed_weights(100).layers
    assert layer.census.size * layer.weight_bits == 100 * 8
    assert layer.ops.dense == 0


def test_a_fully_connected_network_by_hand():
    network = fully_connected([10, 20, 5], [], bits=4, timesteps=8, rate=0.5)
    first, last = network.layers
    assert (first.role, first.census.size, first.neurons, first.inputs, first.weight_bits) == (
        "input",
        200,
        20,
        10,
        4,
    )
    assert (last.role, last.census.size, last.neurons, last.spikes_out) == ("readout", 100, 5, 0)
    assert first.spikes_in == 10 * 0.5 * 8
    assert first.spikes_out == last.spikes_in == 20 * 0.5 * 8
    assert network.synaptic_ops == 40 * 20 + 80 * 5


def test_recurrent_weights_are_a_layer_without_neurons_of_its_own():
    plain = fully_connected([10, 20, 5], [], bits=4, timesteps=8, rate=0.5)
    network = fully_connected([10, 20, 5], [20], bits=4, timesteps=8, rate=0.5)
    *_, recurrent = network.layers
    assert (recurrent.role, recurrent.census.size, recurrent.neurons, recurrent.spikes_out) == (
        "hidden",
        400,
        0,
        0,
    )
    assert network.neuron_updates == plain.neuron_updates
    assert network.synaptic_ops == plain.synaptic_ops + 80 * 20
