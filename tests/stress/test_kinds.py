"""The table of kinds: complete, weak to strong, and each applies somewhere."""

import pytest
from builders.integer_networks import one_neuron

from hwsearch.graph.graph import Input
from hwsearch.stress.kinds import KINDS, kind_of


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_levels_rise_and_one_thing_is_disturbed(kind):
    assert list(kind.levels) == sorted(set(kind.levels))
    assert (kind.of_inputs is None) != (kind.of_model is None)
    assert kind.what == ("input" if kind.of_inputs else "model")
    assert kind_of(kind.name) is kind


def test_a_still_image_of_one_channel_has_no_time_and_no_channel_to_lose():
    reasons = {kind.name: kind.why_not(one_neuron(timesteps=1, leak_shift=None)) for kind in KINDS}
    assert {name for name, reason in reasons.items() if reason} == {"jitter", "missing", "leak", "coarser"}


def test_at_least_one_channel_stays():
    assert kind_of("missing").levels_of(Input((4, 1, 1), 9, 4)) == (1, 2)
    assert kind_of("noise").levels_of(Input((4, 1, 1), 9, 4)) == kind_of("noise").levels
