"""What one step keeps of a membrane."""

import pytest

from hwsearch.graph.neuron_law import NeuronLaw


@pytest.mark.parametrize(("leak_shift", "decay"), [(None, 1.0), (0, 0.0), (1, 0.5), (3, 0.875)])
def test_decay_by_hand(leak_shift, decay):
    assert NeuronLaw(leak_shift, 1.0, "zero").decay == decay
