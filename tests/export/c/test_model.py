"""What C cannot say is refused, all of it at once."""

import pytest
from builders.integer_networks import fc, network

from hwsearch.errors import InputError
from hwsearch.export.c.model import c_model


def test_everything_that_cannot_be_said_is_refused_at_once():
    layers = [fc([[2**20, 0]], [0], [1], f=4), fc([[1]], [0], name="readout")]
    net = network(layers, timesteps=1, shape=(1, 1, 2), weight_bits=24)
    with pytest.raises(InputError) as refused:
        c_model(net, ["csr", "dense"], 12)
    text = str(refused.value)
    assert "sums must stay below 2**31" in text
    assert "row pointers must have 16 or 32 bits" in text
    assert "a weight may have 16 bits at most" in text


def test_bytes_are_those_of_the_arrays():
    model = c_model(network([fc([[1, 0, 3]], [5], [9]), fc([[2]], [0], name="readout")], timesteps=1, shape=(1, 1, 3)),
                    ["bitmap", "dense"], 16)  # fmt: skip
    assert model.weight_bytes == 1 + 2 + 1
    assert model.param_bytes == 2 * 3  # two biases and a threshold, of 16 bits
