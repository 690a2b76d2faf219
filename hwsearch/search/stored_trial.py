"""How a trial is spelled in the storage: knobs by their values and objectives in their units, for whoever looks there.

Optuna's own tools (its dashboard, `trials_dataframe`) show what is stored. A sampler is shown something else: ordered
levels by their place, and objectives in units of the dense network's. Both spellings say the same to the last digit.
Searches of earlier versions are stored as samplers see them, and stay so.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial

from hwsearch.search.samplers import distributions
from hwsearch.space.space import SearchSpace, Setting

LISTED_CONSTRAINTS = "constraints"
"""Optuna's name for the constraints of a trial as a list, without their names; no sampler is to count them twice."""
Level = float | int | None
_OF_LAYER = re.compile(r"_\d+$")  # of a knob that each layer has for itself


@dataclass(frozen=True)
class Spelling:
    """The spelling of a search's trials.

    Attributes:
        space: Its space.
        by_value: Whether ordered levels are stored by their values; else, as earlier versions did, by their place.
    """

    space: SearchSpace
    by_value: bool = True

    @cached_property
    def distributions(self) -> dict[str, BaseDistribution]:
        """Each knob as it is stored."""
        if not self.by_value:
            return self._suggested
        return {
            name: _over(self._levels[name]) if name in self._levels else suggested
            for name, suggested in self._suggested.items()
        }

    def params(self, setting: Setting) -> dict[str, Any]:
        """Return a setting as it is stored."""
        if not self.by_value:
            return dict(setting)
        levels = self._levels
        return {
            name: levels[name][int(choice)] if name in levels else choice for name, choice in setting.items()
        }

    def setting(self, params: Mapping[str, Any]) -> Setting:
        """Return the setting of a stored trial."""
        if not self.by_value:
            return dict(params)
        levels = self._levels
        return {
            name: levels[name].index(value) if name in levels else value for name, value in params.items()
        }

    def for_sampler(self, trial: FrozenTrial, units: Sequence[float]) -> FrozenTrial:
        """Return a stored trial as a sampler is to see it.

        Args:
            trial: As stored.
            units: What each objective is counted in; empty: it is stored so.
        """
        if not self.by_value:
            return trial
        shown = copy.copy(trial)
        shown.params, shown.distributions = self.setting(trial.params), self._suggested
        shown.system_attrs = {
            name: value for name, value in trial.system_attrs.items() if name != LISTED_CONSTRAINTS
        }
        if trial.values is not None and units:
            shown.values = [float(value) for value in np.divide(trial.values, units)]
        return shown

    @cached_property
    def _suggested(self) -> dict[str, BaseDistribution]:
        """Each knob as samplers see it."""
        return distributions(self.space)

    @cached_property
    def _levels(self) -> dict[str, tuple[Level, ...]]:
        """The levels of each ordered knob."""
        return {
            name: getattr(self.space, _OF_LAYER.sub("", name))
            for name, choices in self.space.knobs.items()
            if isinstance(choices, int)
        }


def _over(levels: tuple[Level, ...]) -> BaseDistribution:
    """Return what can be each of some levels: a range, so that it is plotted as a number."""
    numbers = [level for level in levels if level is not None]
    if len(numbers) < len(levels):
        return CategoricalDistribution(levels)
    if all(isinstance(number, int) for number in numbers):
        return IntDistribution(int(min(numbers)), int(max(numbers)))
    return FloatDistribution(float(min(numbers)), float(max(numbers)))
