"""The search space: knobs and their levels, and the one spelling of each candidate.

What the device does not support or the network does not have is left out, and a note says so. Two spellings of one
network (sparsity 0 at any granularity; n:m between its steps) are one candidate.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hwsearch.hardware.profile import HardwareProfile
from hwsearch.space.candidate import Candidate, snap
from hwsearch.study.sections import Space

Setting = dict[str, str | int]
"""A choice for every knob: a granularity's name, levels by index."""


@dataclass(frozen=True)
class SearchSpace:
    """Levels of every knob.

    Attributes:
        sparsity, granularity, weight_bits, timesteps: Levels, numbers rising.
        per_layer: Number of layers with knobs of their own; 0: one choice for the network.
        notes: What was left out, and why.
    """

    sparsity: tuple[float, ...]
    granularity: tuple[str, ...]
    weight_bits: tuple[int, ...]
    timesteps: tuple[int, ...]
    per_layer: int
    notes: tuple[str, ...] = ()

    @property
    def knobs(self) -> dict[str, tuple[str, ...] | int]:
        """Each knob's choices, or the number of its ordered levels."""
        knobs: dict[str, tuple[str, ...] | int] = {"granularity": self.granularity}
        for layer in range(max(1, self.per_layer)):
            suffix = f"_{layer + 1}" if self.per_layer else ""
            knobs[f"sparsity{suffix}"] = len(self.sparsity)
            knobs[f"weight_bits{suffix}"] = len(self.weight_bits)
        knobs["timesteps"] = len(self.timesteps)
        return knobs

    @property
    def size(self) -> int:
        """Number of settings of the knobs."""
        return math.prod(n if isinstance(n, int) else len(n) for n in self.knobs.values())

    def candidate(self, setting: Mapping[str, str | int]) -> Candidate:
        """Return the candidate of a setting of the knobs (levels by index)."""
        n = max(1, self.per_layer)
        suffixes = [f"_{layer + 1}" if self.per_layer else "" for layer in range(n)]
        granularity = str(setting["granularity"])
        sparsity = tuple(self.sparsity[int(setting[f"sparsity{s}"])] for s in suffixes)
        bits = tuple(self.weight_bits[int(setting[f"weight_bits{s}"])] for s in suffixes)
        timesteps = self.timesteps[int(setting["timesteps"])]
        return canonical(Candidate(sparsity, granularity, bits, timesteps))

    def setting(self, candidate: Candidate) -> Setting:
        """Return the setting of a candidate of this space (the nearest level where a granularity has snapped it)."""
        n = max(1, self.per_layer)
        sparsity, bits = candidate.sparsity, candidate.weight_bits
        setting: Setting = {"granularity": candidate.granularity}
        for layer in range(n):
            suffix = f"_{layer + 1}" if self.per_layer else ""
            own = sparsity[layer if len(sparsity) > 1 else 0]
            gaps = [abs(own - level) for level in self.sparsity]
            setting[f"sparsity{suffix}"] = gaps.index(min(gaps))
            setting[f"weight_bits{suffix}"] = self.weight_bits.index(bits[layer if len(bits) > 1 else 0])
        setting["timesteps"] = self.timesteps.index(candidate.timesteps)
        if candidate.granularity not in self.granularity:
            # an unpruned one: its one spelling is that of weights
            setting["granularity"] = self.granularity[0]
        return setting

    def draw(self, rng: np.random.Generator) -> Setting:
        """Return a setting drawn evenly over the knobs."""
        return {
            name: int(rng.integers(choices)) if isinstance(choices, int) else str(rng.choice(choices))
            for name, choices in self.knobs.items()
        }

    def neighbour(self, setting: Setting, rng: np.random.Generator) -> Setting:
        """Return a setting with one knob or two moved: by one or two levels, or to another granularity."""
        moved, knobs = dict(setting), self.knobs
        for name in rng.choice(list(knobs), int(rng.integers(1, 3)), replace=False):
            choices = knobs[str(name)]
            if isinstance(choices, int):
                step = int(rng.choice([-2, -1, 1, 2]))
                moved[str(name)] = min(max(int(setting[str(name)]) + step, 0), choices - 1)
            else:
                moved[str(name)] = str(rng.choice(choices))
        return moved


def canonical(candidate: Candidate) -> Candidate:
    """Return the one spelling of a candidate."""
    sparsity = tuple(round(snap(candidate.granularity, s), 12) for s in candidate.sparsity)
    granularity = candidate.granularity if any(sparsity) else "weight"
    if len(set(sparsity)) == 1 and len(sparsity) > 1 and not any(sparsity):
        sparsity = sparsity[:1]
    bits = candidate.weight_bits
    return Candidate(sparsity, granularity, bits, candidate.timesteps)


def search_space(space: Space, profile: HardwareProfile, *, has_conv: bool, n_layers: int) -> SearchSpace:
    """Return what can be searched of a study's space on a device.

    Args:
        space: The study's section.
        profile: The device.
        has_conv: Whether the network has a conv layer.
        n_layers: Layers with weights.
    """
    notes = []
    granularity = list(space.granularity)
    if "kernel" in granularity and not has_conv:
        granularity.remove("kernel")
        notes.append("granularity kernel is not searched: the network has no conv layer")
    unsupported = [g for g in granularity if g not in profile.granularities]
    if unsupported:
        notes.append(
            f"granularity {', '.join(unsupported)} is not searched: {profile.id} does not support it"
        )
    bits_out = [b for b in space.weight_bits if b not in profile.weight_bits]
    if bits_out:
        listed = ", ".join(map(str, bits_out))
        notes.append(f"weight_bits {listed} is not searched: {profile.id} does not store it")
    return SearchSpace(
        sparsity=tuple(sorted(space.sparsity_levels)),
        granularity=tuple(g for g in granularity if g not in unsupported),
        weight_bits=tuple(sorted(b for b in space.weight_bits if b not in bits_out)),
        timesteps=tuple(sorted(space.timesteps)),
        per_layer=n_layers if space.per_layer else 0,
        notes=tuple(notes),
    )
