"""A study to begin with, sized to samples and to a device: what its asker has not said.

Rules of thumb, no search: a network of a few layers that the device connects, the granularities and weight bits that
pay on it, and as many epochs as take minutes on two cores. Not for what is certain (`plan` checks a study).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from hwsearch.data.samples import Samples
from hwsearch.graph.graph import Input
from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.graph.spelling import has_conv, read_spelling
from hwsearch.hardware.device import HardwareProfile

_GRANULARITIES = {
    "weight": "weight",
    "nm:4": "nm",
    "block:4": "block",
    "kernel": "kernel",
    "channel": "channel",
}
"""What is proposed to search, each with the class of zeros that must pay on the device."""
_BITS = (1, 2, 3, 4, 6, 8)
_STEPS, _WORK = 600, 4e9
"""Steps of the optimiser that the dense network's training should have, and multiplications that it may take."""
_OVERHEAD = 20_000
"""Multiplications that take as long as a sample's timestep takes anyway."""


@dataclass(frozen=True)
class Sample:
    """What a proposal must know of the samples.

    Attributes:
        count: How many there are, all parts together.
        input: What a network reads.
        classes: How many.
        step_labels: Whether there is a label a frame.
    """

    count: int
    input: Input
    classes: int
    step_labels: bool = False

    @classmethod
    def unknown(cls) -> Sample:
        """Return what stands for samples that cannot be read, so that all else that is said can be checked."""
        return cls(1000, Input((1, 8, 8), 255, 8), 2)

    @classmethod
    def of(cls, samples: Samples) -> Sample:
        """Return it of samples as a reader gives them; measured values become 8 bits."""
        shape = samples.x.shape
        frames = shape[1] if len(shape) == 5 else None
        most = 255 if samples.input_max is None else samples.input_max
        read = Input((shape[-3], shape[-2], shape[-1]), most, most.bit_length(), frames, samples.binning)
        return cls(shape[0], read, samples.classes, samples.y.ndim == 2)


def proposed(
    sample: Sample, profile: HardwareProfile, layers: str | None = None
) -> dict[str, dict[str, Any]]:
    """Return the sections of a study that its asker need not write: network, space, train, search, final.

    Args:
        sample: What is to be told apart.
        profile: The device.
        layers: The network, where it is given; None: it is proposed too.

    Returns:
        Sections as a study's YAML has them.
    """
    network = layers or layers_for(sample, profile)
    timesteps = _timesteps(sample.input)
    section: dict[str, Any] = {"layers": network, "batch_norm": True}
    if "lif" not in profile.neuron_models:
        section["neuron"] = "if"
    if "zero" not in profile.resets:
        section["reset"] = profile.resets[0]
    if sample.step_labels:
        section["readout"] = {"labels": "step"}
    return {
        "network": section,
        "space": {
            "sparsity": {"low": 0.0, "high": 0.95, "step": 0.05},
            "granularity": _granularities(profile, has_conv(network)),
            "weight_bits": [b for b in _BITS if b in profile.weight_bits] or sorted(profile.weight_bits),
            "timesteps": timesteps,
        },
        "train": _training(sample, network, max(timesteps)),
        "search": {"candidates": 64},
        "final": {"seeds": 2, "adds": 0.005},
    }


def objectives(profile: HardwareProfile) -> list[str]:
    """Return the error, the energy or else the latency where the device can tell one, and the memory."""
    told = [name for name in ("energy_j", "latency_s") if profile.tells(name)]
    return ["error", *told[:1], "memory_bytes"]


def layers_for(sample: Sample, profile: HardwareProfile) -> str:
    """Return a network of a few layers by the shape of the input, of what the device can connect."""
    channels, height, width = sample.input.shape
    can, size = profile.connectivity, channels * height * width
    if min(height, width) > 8:
        # early strides keep the maps, and with them the membranes, small
        first = "8c3s2" if max(height, width) > 16 and can.strided else "8c3-p2"
        return f"{first}-16c3-p2-fc64"
    if max(height, width) >= 32 and min(height, width) == 1 and can.rectangular:
        along = ("5x1", "2x1") if width == 1 else ("1x5", "1x2")
        return f"16c{along[0]}-p{along[1]}-16c{along[0]}-p{along[1]}-fc32"
    units = 32 if size <= 16 and sample.classes <= 4 else 64 if size <= 64 else 128
    if sample.input.frames is not None and can.recurrence:
        return f"r{units}-fc{units // 2}"
    return f"fc{units}-fc{units}"


def _timesteps(read: Input) -> list[int]:
    """Return how often a still image is shown, or the numbers of bins that frames are added up to."""
    if read.frames is None:
        return [4]
    return sorted({min(read.frames, most) for most in (8, 16)})


def _granularities(profile: HardwareProfile, conv: bool) -> list[str]:
    """Return the granularities whose zeros are worth something on the device; those that it has, where none is."""
    pays = {*profile.skips_storage, *profile.skips_cycles, *profile.skips_energy}
    found = [
        name
        for name, kind in _GRANULARITIES.items()
        if name in profile.granularities and kind in pays and (conv or name != "kernel")
    ]
    return found or list(profile.granularities[:1])


def _training(sample: Sample, layers: str, timesteps: int) -> dict[str, Any]:
    """Return epochs and rates: enough steps for little data, and minutes for much."""
    n = max(1, round(0.6 * sample.count))
    batch = 64 if n >= 1000 else 32
    work = n * timesteps * (_multiplications(sample, layers) + _OVERHEAD)
    wanted = math.ceil(_STEPS * batch / n)
    epochs = max(4, min(max(wanted, 20), 50, int(_WORK / work)))
    # the fewer the steps, the longer each must be
    rate = 0.01 if n < 1000 else 0.005
    return {
        "dense_epochs": epochs, "epochs": max(3, round(0.7 * epochs)), "batch_size": batch,
        "dense_learning_rate": rate, "learning_rate": rate,
    }  # fmt: skip


def _multiplications(sample: Sample, layers: str) -> int:
    """Return the multiplications of one timestep; 0 where the string does not go with the input (a plan says so)."""
    try:
        _, connections = read_spelling(layers, sample.input, sample.classes, NeuronLaw(1, 1.0, "zero"))
    except ValueError:
        return 0
    return sum(c.n_weights * (1 if c.kind == "fc" else math.prod(c.out_size)) for c in connections)
