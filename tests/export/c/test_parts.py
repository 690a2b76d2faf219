"""Members of a state have bytes, by their role."""

from builders.integer_networks import fc, network

from hwsearch.export.c.model import c_model
from hwsearch.export.c.parts import Member


def test_a_member_has_the_bytes_of_its_elements():
    assert Member("fc1", "i16", 5, "", "state").n_bytes == 10
    assert Member("spikes_fc1", "bits", 2, "", "buffer").n_bytes == 2  # of up to 16 spikes
    assert Member("spikes_fc1", "bits", 2, "", "buffer").type == "uint8_t"


def test_a_program_has_the_bytes_of_its_members():
    layers = [fc([[1]] * 9, [0] * 9, [5] * 9), fc([[1] * 9], [0], name="readout")]
    made = c_model(network(layers, timesteps=2, state_bits=16), ["dense", "dense"], 16).program
    assert made.n_bytes("state") == 9 * 2 + 4
    # the image's current, nine spikes, an input
    assert made.n_bytes("buffer") == 9 * 4 + 2 + 1
    assert made.n_bytes("control") == 2
