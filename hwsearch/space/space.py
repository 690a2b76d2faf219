"""The search space: knobs and their levels, and the one spelling of each candidate.

Two spellings of one network (sparsity 0 at any granularity; n:m between its steps) are one candidate. Not for which
levels a device supports: `supported`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

import numpy as np

from hwsearch.space.candidate import Candidate, canonical, rounded_snap
from hwsearch.study.sections import KNOBS

T = TypeVar("T")
Setting = dict[str, str | int]
"""A choice for every knob: a granularity's name, levels by index."""
Cut = tuple[str, int]
"""A granularity and a level of sparsity."""


@dataclass(frozen=True)
class NetworkChoice:
    """One of the networks to choose from.

    Attributes:
        number: Its place in the study's list.
        name: Its spelling there; empty where there is no choice.
        has_planes: Whether it has a conv layer: without one the granularity ``kernel`` prunes nothing; it is spelled as
            the first one that does.
    """

    number: int = 0
    name: str = ""
    has_planes: bool = True


@dataclass(frozen=True)
class SearchSpace:
    """Levels of every knob.

    Attributes:
        sparsity, granularity, weight_bits, timesteps: Levels, numbers rising.
        per_layer: Number of layers, where each has knobs of its own; 0: one choice for the network.
        notes: What was dropped, and why.
        apart: The knobs of which each layer has its own, where any has: ``granularity`` only with ``sparsity``.
        granularity_of: Of each layer, the granularities that it can have, where each has its own.
        networks: The networks to choose from.
        state_bits: Widths of membranes as a candidate has them, rising; None: the device's own.
    """

    sparsity: tuple[float, ...]
    granularity: tuple[str, ...]
    weight_bits: tuple[int, ...]
    timesteps: tuple[int, ...]
    per_layer: int
    notes: tuple[str, ...] = ()
    apart: tuple[str, ...] = KNOBS[:2]
    granularity_of: tuple[tuple[str, ...], ...] = ()
    networks: tuple[NetworkChoice, ...] = (NetworkChoice(),)
    state_bits: tuple[int | None, ...] = (None,)

    def at(self, network: int) -> SearchSpace:
        """Return the part of the space that is of one network."""
        if len(self.networks) == 1:
            return self
        choice = next(choice for choice in self.networks if choice.number == network)
        applying = tuple(name for name in self.granularity if choice.has_planes or name != "kernel")
        return replace(self, networks=(choice,), granularity=applying or self.granularity)

    @cached_property
    def knobs(self) -> Mapping[str, tuple[str, ...] | int]:
        """Each knob's choices, or the number of its ordered levels."""
        granularities = self._granularity_of if self._apart("granularity") else (self.granularity,)
        choices: dict[str, tuple[str, ...] | int] = {}
        for name, names in zip(self._names("granularity"), granularities, strict=True):
            choices[name] = names
        choices |= dict.fromkeys(self._names("sparsity"), len(self.sparsity))
        choices |= dict.fromkeys(self._names("weight_bits"), len(self.weight_bits))
        # what is one for the network comes first, then layer by layer
        layers = [
            f"{knob}_{layer + 1}" for layer in range(self.per_layer) for knob in _ORDER if self._apart(knob)
        ]
        order = [*(knob for knob in _ORDER if not self._apart(knob)), *layers]
        knobs = {name: choices[name] for name in order}
        knobs["timesteps"] = len(self.timesteps)
        if len(self.state_bits) > 1:
            knobs["state_bits"] = len(self.state_bits)
        if len(self.networks) > 1:
            knobs["network"] = tuple(choice.name for choice in self.networks)
        return knobs

    @property
    def size(self) -> int:
        """Number of different candidates (several settings may spell one)."""
        if len(self.networks) > 1:
            return sum(part.size for part in self._parts)
        return self._n_masks * self._n_bits * len(self.timesteps) * len(self.state_bits)

    def nth(self, index: int) -> Setting:
        """Return the setting of the index-th of the different candidates, worked out without listing them.

        Raises:
            ValueError: There are not so many.
        """
        if not 0 <= index < self.size:
            raise ValueError(f"the space has candidates 0 to {self.size - 1}; got {index}")
        for part in self._parts if len(self.networks) > 1 else ():
            if index < part.size:
                setting = part.nth(index) | {"network": part.networks[0].name}
                return {name: setting[name] for name in self.knobs}
            index -= part.size
        index, state_bits = divmod(index, len(self.state_bits))
        index, timesteps = divmod(index, len(self.timesteps))
        mask, bits = divmod(index, self._n_bits)
        setting = {"timesteps": timesteps, "state_bits": state_bits, **self._cuts_spelt(self._nth_mask(mask))}
        for name in self._names("weight_bits"):
            bits, setting[name] = divmod(bits, len(self.weight_bits))
        return {name: setting[name] for name in self.knobs}

    def _nth_mask(self, index: int) -> list[Cut]:
        """Return the cut of each choice: the unpruned first, then granularity by granularity."""
        if self._apart("granularity"):
            cuts = []
            for options in self._options:
                index, digit = divmod(index, len(options))
                cuts.append(options[digit])
            return cuts
        unpruned = [name for name, levels in self._steps.items() if 0.0 in levels]
        n = len(self._names("sparsity"))
        if unpruned and index == 0:
            return [(unpruned[0], self._steps[unpruned[0]][0.0])] * n
        index -= bool(unpruned)
        for granularity, levels in self._steps.items():
            whole = 0.0 in levels  # its first combination is the unpruned one
            count = _power(len(levels), n) - whole
            if index < count:
                digits, index = [], index + whole
                for _ in range(n):
                    index, digit = divmod(index, len(levels))
                    digits.append(digit)
                first_levels = list(levels.values())
                return [(granularity, first_levels[digit]) for digit in digits]
            index -= count
        raise ValueError("the space has not so many masks")

    def _cuts_spelt(self, cuts: Sequence[Cut]) -> Setting:
        """Return the settings of granularity and sparsity of a cut for each sparsity."""
        spelt: Setting = dict(zip(self._names("sparsity"), (level for _, level in cuts), strict=True))
        # where the granularity is one for the network, all cuts have it
        return spelt | dict(
            zip(self._names("granularity"), (granularity for granularity, _ in cuts), strict=False)
        )

    @cached_property
    def _parts(self) -> tuple[SearchSpace, ...]:
        """The parts of the space, one a network."""
        return tuple(self.at(choice.number) for choice in self.networks)

    @cached_property
    def _steps(self) -> dict[str, dict[float, int]]:
        """By granularity, the different sparsities that it can have, rising, and the first level that gives each."""
        steps: dict[str, dict[float, int]] = {granularity: {} for granularity in self.granularity}
        for granularity, levels in steps.items():
            for index, level in enumerate(self.sparsity):
                levels.setdefault(rounded_snap(granularity, level), index)
        return steps

    @cached_property
    def _options(self) -> list[list[Cut]]:
        """Of each layer, where each has its granularity, the different cuts: the unpruned first."""
        options = []
        for names in self._granularity_of:
            cuts = [(name, step, level) for name in names for step, level in self._steps[name].items()]
            unpruned = [(name, level) for name, step, level in cuts if step == 0.0][:1]
            options.append([*unpruned, *((name, level) for name, step, level in cuts if step > 0.0)])
        return options

    @property
    def _n_masks(self) -> int:
        if self._apart("granularity"):
            return math.prod(len(options) for options in self._options)
        n = len(self._names("sparsity"))
        counts = [_power(len(levels), n) - (0.0 in levels) for levels in self._steps.values()]
        return sum(counts) + any(0.0 in levels for levels in self._steps.values())

    @property
    def _n_bits(self) -> int:
        return _power(len(self.weight_bits), len(self._names("weight_bits")))

    @property
    def _granularity_of(self) -> tuple[tuple[str, ...], ...]:
        return self.granularity_of or (self.granularity,) * self.per_layer

    def _apart(self, knob: str) -> bool:
        """Return whether each layer has its own choice of a knob."""
        return self.per_layer > 0 and knob in self.apart

    def _names(self, knob: str) -> list[str]:
        """Return the names of a knob's choices, one a layer or one in all."""
        return [f"{knob}_{layer + 1}" for layer in range(self.per_layer)] if self._apart(knob) else [knob]

    def candidate(self, setting: Mapping[str, str | int]) -> Candidate:
        """Return the candidate of a setting of the knobs (levels by index)."""
        granularities = tuple(str(setting[name]) for name in self._names("granularity"))
        granularity = granularities if self._apart("granularity") else granularities[0]
        sparsity = tuple(self.sparsity[int(setting[name])] for name in self._names("sparsity"))
        bits = tuple(self.weight_bits[int(setting[name])] for name in self._names("weight_bits"))
        timesteps = self.timesteps[int(setting["timesteps"])]
        state_bits = self.state_bits[int(setting.get("state_bits", 0))]
        choice = self.networks[0]
        if len(self.networks) > 1:
            choice = next(choice for choice in self.networks if choice.name == setting["network"])
        if granularity == "kernel" and not choice.has_planes:
            granularity = self.at(choice.number).granularity[0]
        return canonical(Candidate(sparsity, granularity, bits, timesteps, choice.number, state_bits))

    def setting(self, candidate: Candidate) -> Setting:
        """Return a setting of a candidate of this space; of another's, the nearest one."""
        timesteps = self.timesteps.index(candidate.timesteps)
        setting: Setting = {"timesteps": timesteps, **self._cuts_spelt(self._nearest_cuts(candidate))}
        names = self._names("weight_bits")
        for name, width in zip(names, candidate.bits(len(names)), strict=True):
            setting[name] = self.weight_bits.index(width)
        names_of = {choice.number: choice.name for choice in self.networks}
        setting["network"] = names_of.get(candidate.network, self.networks[0].name)
        own = self.state_bits.index(None) if None in self.state_bits else 0
        setting["state_bits"] = (
            self.state_bits.index(candidate.state_bits) if candidate.state_bits in self.state_bits else own
        )
        return {name: setting[name] for name in self.knobs}

    def _nearest_cuts(self, candidate: Candidate) -> list[Cut]:
        """Return the cuts that come nearest to a candidate's."""
        n = len(self._names("sparsity"))
        wanted = candidate.sparsity * n if len(candidate.sparsity) == 1 else candidate.sparsity
        if self._apart("granularity"):
            layers = zip(self._granularity_of, candidate.granularities(n), wanted, strict=True)
            return [self._nearest(names, name, (step,))[0] for names, name, step in layers]
        granularity = candidate.granularity if isinstance(candidate.granularity, str) else ""
        return self._nearest(self.granularity, granularity, wanted)

    def _nearest(self, names: tuple[str, ...], wanted: str, sparsities: tuple[float, ...]) -> list[Cut]:
        """Return the cuts of one granularity that come nearest to these sparsities, of the wanted one if it can be."""
        found = []
        for name in (wanted,) if any(sparsities) and wanted in names else names:
            steps = self._steps[name]
            nearest = [min(steps, key=lambda step: abs(step - value)) for value in sparsities]
            gap = sum(abs(step - value) for step, value in zip(nearest, sparsities, strict=True))
            found.append((gap, [(name, steps[step]) for step in nearest]))
        return min(found, key=lambda gap_and_cuts: gap_and_cuts[0])[1]

    def uniform(self, sparsity: float, granularity: str, weight_bits: int, timesteps: int) -> Candidate:
        """Return the candidate that has one choice for all layers, of the first network, its membranes narrowest."""
        sparsities = (sparsity,) * len(self._names("sparsity"))
        bits = (weight_bits,) * len(self._names("weight_bits"))
        network, state_bits = self.networks[0].number, self.state_bits[0]
        return canonical(Candidate(sparsities, granularity, bits, timesteps, network, state_bits))

    def draw(self, rng: np.random.Generator) -> Setting:
        """Return a setting drawn evenly over the knobs."""
        return {
            name: int(rng.integers(choices)) if isinstance(choices, int) else _one_of(choices, rng)
            for name, choices in self.knobs.items()
        }

    def neighbour(self, setting: Setting, rng: np.random.Generator) -> Setting:
        """Return a setting with one knob or two moved: by one or two levels, or to another granularity."""
        moved, knobs = dict(setting), list(self.knobs.items())
        for place in rng.choice(len(knobs), int(rng.integers(1, 3)), replace=False):
            name, choices = knobs[place]
            if isinstance(choices, int):
                moved[name] = min(max(int(setting[name]) + _one_of(_STEPS, rng), 0), choices - 1)
            else:
                moved[name] = _one_of(choices, rng)
        return moved


_ORDER = ("granularity", "sparsity", "weight_bits")
_STEPS = (-2, -1, 1, 2)  # levels to a neighbour


def _one_of(choices: Sequence[T], rng: np.random.Generator) -> T:
    """Return one of some choices, drawn evenly: the one that ``rng.choice`` would draw, without an array of them."""
    return choices[int(rng.integers(len(choices)))]


def _power(base: int, exponent: int) -> int:
    return math.prod([base] * exponent)
