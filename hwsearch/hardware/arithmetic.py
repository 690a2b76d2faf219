"""Whether the integer model computes as the neurons of a device do.

The integer model (`hwsearch.network.integer`) does, once a timestep::

    v = v - floor(v / 2^k) + a          (k None: no leak)
    s = v >= threshold                  then v = 0, or v - threshold

Not for widths: what is too narrow is counted where a network is folded to integers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.neurons import Arithmetic, Firing, Leak

_LEAKS: dict[Leak, str] = {
    "floor": "its leak is rounded down",
    "floor_unless_fired": "a neuron that has fired does not leak in that timestep",
    "floor_at_least_one": "its leak takes at least 1 from a membrane above zero",
    "toward_zero": "its leak is rounded towards zero, not down",
    "away_from_zero": "its leak is rounded away from zero, not down",
    "nearest": "its leak is rounded to the nearest integer, not down",
    "constant": "its leak is a constant, not a share of the membrane",
    "none": "it has no leak",
}
_FIRINGS: dict[Firing, str] = {
    "once": "a neuron fires at most once a timestep",
    "several": "a neuron may fire several times in a timestep",
    "each_event": "a neuron compares after each event, not once a timestep",
}


@dataclass(frozen=True)
class Claim:
    """Whether the integer model computes as a device does.

    Attributes:
        as_device: Whether it does, by what the profile states; None: the profile does not tell.
        words: The same as one sentence, with the reason.
    """

    as_device: bool | None
    words: str

    @property
    def fields(self) -> dict[str, bool | str | None]:
        """The claim as plain values, for records."""
        return {"as_device": self.as_device, "words": self.words}


def arithmetic_claim(profile: HardwareProfile, leak_shift: int | None, reset: str) -> Claim:
    """Return whether the integer model computes as a device does.

    In integers v >= th is v > th - 1: a device that fires at v > threshold computes the same if it is given th - 1,
    unless it also subtracts that threshold when it fires. A leak that rounds in another way cannot be converted. A
    neuron that is reset to zero fires once at most.

    Args:
        profile: The device.
        leak_shift: k of the network's leak; None: it has none.
        reset: Of the network, ``zero`` or ``subtract``.
    """
    stated = profile.arithmetic
    differs, unknown = [], []
    if stated.comparison is None:
        unknown.append("whether a neuron fires at v >= threshold or at v > threshold")
    elif stated.comparison == ">" and reset == "subtract":
        differs.append("a neuron fires at v > threshold and then subtracts the same threshold")
    if stated.firing is None:
        unknown.append("whether a neuron compares once a timestep")
    elif stated.firing == "each_event" or (stated.firing == "several" and reset == "subtract"):
        differs.append(_FIRINGS[stated.firing])
    if leak_shift is not None:
        if stated.leak is None:
            unknown.append("how its leak rounds")
        elif stated.leak != "floor" and not (stated.leak == "floor_unless_fired" and reset == "zero"):
            differs.append(_LEAKS[stated.leak])
    if differs or unknown:
        return Claim(False if differs else None, _doubts(profile.id, differs, unknown))
    return Claim(True, _sameness(profile.id, stated, leak_shift))


def claim_of(profile: HardwareProfile, laws: Iterable[NeuronLaw]) -> Claim:
    """Return the claim for several laws together: one that a device computes otherwise, if any, or does not tell."""
    claims = [arithmetic_claim(profile, law.leak_shift, law.reset) for law in laws]
    return min(claims, key=lambda claim: (claim.as_device is not False, claim.as_device is not None))


def _sameness(ident: str, stated: Arithmetic, leak_shift: int | None) -> str:
    less = " (give it each threshold less 1)" if stated.comparison == ">" else ""
    leak = "" if leak_shift is None else f", and {_LEAKS['floor']}"
    fires = f"a neuron fires at v {stated.comparison} threshold{less}, at most once a timestep"
    return f"By its profile {ident} computes as the integer model does: {fires}{leak}. No device was run."


def _doubts(ident: str, differs: list[str], unknown: list[str]) -> str:
    accuracies = "Accuracies are the integer model's"
    if not differs:
        return f"On {ident} it is not known {', nor '.join(unknown)}. {accuracies}; the device's may differ."
    more = f"; it is not known {', nor '.join(unknown)}" if unknown else ""
    reasons = "; ".join(differs) + more
    return f"{ident} does not compute as the integer model does: {reasons}. {accuracies}, not the device's."
