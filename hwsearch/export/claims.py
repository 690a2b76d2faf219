"""Whether a device computes as a network does, whose populations may have several laws."""

from __future__ import annotations

from collections.abc import Iterable

from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.hardware.arithmetic import Claim, arithmetic_claim
from hwsearch.hardware.device import HardwareProfile


def claim_of(profile: HardwareProfile, laws: Iterable[NeuronLaw]) -> Claim:
    """Return the claim for the laws together: the first that a device computes otherwise, else one it does not tell."""
    claims = [arithmetic_claim(profile, law.leak_shift, law.reset) for law in laws]
    return min(claims, key=lambda claim: (claim.as_device is not False, claim.as_device is not None))
