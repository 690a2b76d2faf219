"""The words for how neurons compute: a profile may say each, and a claim has a sentence for each."""

from dataclasses import replace
from typing import get_args

import pytest
from builders.devices import profile

from hwsearch.hardware.arithmetic import arithmetic_claim
from hwsearch.hardware.neurons import Arithmetic, Comparison, Firing, Leak

SAME = Arithmetic(">=", "floor", "once")


def test_nothing_is_known_unless_it_is_stated():
    assert Arithmetic() == Arithmetic(None, None, None)


@pytest.mark.parametrize(
    ("field", "word"),
    [
        *(("comparison", word) for word in get_args(Comparison)),
        *(("leak", word) for word in get_args(Leak)),
        *(("firing", word) for word in get_args(Firing)),
    ],
)
def test_a_claim_can_be_made_of_each_word(field, word):
    device = replace(profile("nrf51822_microbit"), arithmetic=replace(SAME, **{field: word}))
    claim = arithmetic_claim(device, 1, "subtract")
    assert claim.as_device is (word in (">=", "floor", "once"))
    assert claim.fields == {"as_device": claim.as_device, "words": claim.words}
