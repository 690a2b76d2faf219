"""Whether the integer model computes as a device: by the profile's words, and by running both laws."""

from dataclasses import replace

import numpy as np
import pytest
from builders.devices import IDS, profile

from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.hardware.arithmetic import arithmetic_claim, claim_of
from hwsearch.hardware.neurons import Arithmetic

MICROBIT = profile("nrf51822_microbit")

DEVICES = [
    ("microcontroller", Arithmetic(">=", "floor", "once")),
    ("strict", Arithmetic(">", "floor", "once")),
    ("loihi", Arithmetic(">", "away_from_zero", "once")),
    ("spiker", Arithmetic(">", "floor_unless_fired", "once")),
    ("xylo", Arithmetic(">=", "floor_at_least_one", "several")),
    ("toward_zero", Arithmetic(">=", "toward_zero", "once")),
    ("nearest", Arithmetic(">=", "nearest", "once")),
    ("constant", Arithmetic(">=", "constant", "once")),
    ("several", Arithmetic(">=", "floor", "several")),
    ("each_event", Arithmetic(">=", "floor", "each_event")),
]


def claim(stated, leak_shift=1, reset="zero"):
    return arithmetic_claim(replace(MICROBIT, arithmetic=stated), leak_shift, reset)


def leaked(v, k, law, fired):
    """Return what a leak of a device takes from a membrane."""
    return {
        "floor": v >> k,
        "floor_unless_fired": 0 if fired else v >> k,
        "floor_at_least_one": max(v >> k, 1) if v > 0 else v >> k,
        "toward_zero": int(v / 2**k),
        "away_from_zero": v - int(v * (1 - 2.0**-k)),
        "nearest": round(v / 2**k),
        "constant": 1,
    }[law]


def trace(stated, events, threshold, k, reset):
    """Return a neuron's spikes and membranes; ``events`` [T, inputs] are what each event adds, integer."""
    v, fired, seen = 0, 0, []
    for step in events:
        v -= 0 if k is None else leaked(v, k, stated.leak, fired)
        fired = 0
        for added in step if stated.firing == "each_event" else [sum(step)]:
            v += int(added)
            while v > threshold or (v == threshold and stated.comparison == ">="):
                fired += 1
                v = 0 if reset == "zero" else v - threshold
                if stated.firing != "several" or reset == "zero":
                    break
        seen.append((fired, v))
    return seen


@pytest.mark.parametrize("reset", ["zero", "subtract"])
@pytest.mark.parametrize("k", [None, 1, 3])
@pytest.mark.parametrize(("name", "stated"), DEVICES, ids=[name for name, _ in DEVICES])
def test_the_claim_is_what_both_laws_compute(name, stated, k, reset):
    model = Arithmetic(">=", "floor", "once")
    rng = np.random.default_rng(0)
    runs = rng.integers(-9, 14, (200, 12, 3))
    given = 10 - (stated.comparison == ">")
    same = all(
        trace(stated, events, given, k, reset) == trace(model, events, 10, k, reset) for events in runs
    )
    assert claim(stated, k, reset).as_device is same


def test_one_unknown_word_leaves_the_claim_unknown_and_a_difference_does_not():
    for missing in ("comparison", "leak", "firing"):
        assert claim(replace(Arithmetic(">=", "floor", "once"), **{missing: None})).as_device is None
    assert claim(Arithmetic(">=", None, "once"), leak_shift=None).as_device is True
    assert claim(Arithmetic(None, None, "each_event")).as_device is False
    assert claim(Arithmetic()).as_device is None


def test_the_words_say_what_differs_what_is_unknown_and_how_to_convert():
    assert claim(Arithmetic(">", "floor", "once")).words == (
        "By its profile nrf51822_microbit computes as the integer model does: a neuron fires at v > threshold "
        "(give it each threshold less 1), at most once a timestep, and its leak is rounded down. No device was run."
    )
    text = claim(Arithmetic(None, "constant", "once")).words
    assert text.startswith(
        "nrf51822_microbit does not compute as the integer model does: its leak is a constant"
    )
    assert "it is not known whether a neuron fires at v >= threshold or at v > threshold" in text
    text = claim(Arithmetic(">=", None, None)).words
    assert "not known whether a neuron compares once a timestep, nor how its leak rounds" in text
    assert "may differ" in text


def test_what_is_claimed_of_shipped_devices():
    devices = [profile(ident) for ident in IDS]
    claims = {
        (device.id, neuron): arithmetic_claim(
            device, 1 if neuron == "lif" else None, device.resets[0]
        ).as_device
        for device in devices
        for neuron in device.neuron_models
    }
    software = [device.id for device in devices if device.family in ("mcu", "gpu", "generic")]
    assert len(software) == 11
    assert all(claims[ident, "lif"] for ident in software)
    # Lava's bit-accurate LIF: v > threshold, which converts, and a decay towards zero, which does not
    assert (claims["loihi1", "lif"], claims["loihi1", "if"]) == (False, True)
    assert (claims["odin", "lif"], claims["speck2f", "if"], claims["xylo_imu", "if"]) == (False, False, False)
    assert (claims["spinnaker2", "lif"], claims["artix7_35t", "if"], claims["xylo_audio3", "if"]) == (
        None,
        None,
        None,
    )


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
