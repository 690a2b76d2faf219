"""The networks of published measurements: shapes, weights and events as a point states them."""

from hwsearch.hardware.validation.networks import dense_pass, fully_connected, packed_weights


def test_a_dense_pass_is_its_multiply_accumulates_by_kind():
    network = dense_pass(300, 700)
    assert [(c.kind, c.ops.nonzero) for c in network.connections] == [("fc", 300), ("conv", 700)]
    assert (network.macs, network.synaptic_ops, network.neuron_updates) == (1000, 0, 0)
    assert [c.kind for c in dense_pass(0, 700).connections] == ["conv"]


def test_packed_weights_are_two_a_byte():
    (layer,) = packed_weights(100).connections
    assert layer.census.size * layer.weight_bits == 100 * 8
    assert layer.ops.dense == 0


def test_a_fully_connected_network_by_hand():
    network = fully_connected([10, 20, 5], [], bits=4, timesteps=8, rate=0.5)
    (first, last), (hidden, readout) = network.connections, network.populations
    assert (first.role, first.census.size, first.inputs, first.weight_bits) == ("input", 200, 10, 4)
    assert (last.role, last.census.size) == ("readout", 100)
    assert (hidden.neurons, readout.neurons, readout.spikes_out) == (20, 5, 0)
    assert first.spikes_in == 10 * 0.5 * 8
    assert hidden.spikes_out == last.spikes_in == 20 * 0.5 * 8
    assert network.synaptic_ops == 40 * 20 + 80 * 5


def test_recurrent_weights_enter_their_own_population_a_timestep_later():
    plain = fully_connected([10, 20, 5], [], bits=4, timesteps=8, rate=0.5)
    network = fully_connected([10, 20, 5], [20], bits=4, timesteps=8, rate=0.5)
    _, recurrent, _ = network.connections
    assert (recurrent.source, recurrent.target, recurrent.delay) == (0, 0, 1)
    assert (recurrent.role, recurrent.census.size) == ("hidden", 400)
    assert network.neuron_updates == plain.neuron_updates
    assert network.synaptic_ops == plain.synaptic_ops + 80 * 20
