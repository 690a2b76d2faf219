"""What a device does of a network's laws: the worst of them is said."""

from builders.devices import profile

from hwsearch.export.claims import claim_of
from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.hardware.arithmetic import arithmetic_claim

LEAKY, PLAIN = NeuronLaw(1, 1.0, "zero"), NeuronLaw(None, 1.0, "zero")


def test_a_law_that_a_device_computes_otherwise_is_said_before_one_that_it_does_not():
    loihi = profile("loihi1")  # its leak is rounded away from zero
    assert arithmetic_claim(loihi, None, "zero").as_device is not False
    for laws in ([LEAKY, PLAIN], [PLAIN, LEAKY]):
        assert claim_of(loihi, laws) == arithmetic_claim(loihi, 1, "zero")
        assert claim_of(loihi, laws).as_device is False


def test_one_law_is_its_own_claim():
    board = profile("nrf51822_microbit")
    assert claim_of(board, [LEAKY]) == arithmetic_claim(board, 1, "zero")
    assert claim_of(board, [LEAKY, PLAIN]).as_device is True
