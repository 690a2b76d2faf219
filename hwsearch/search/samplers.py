"""What each sampler suggests: settings for the trials of a batch, from those that finished before it.

A suggestion depends on the finished trials before its batch, on the study's seed and on its number, on nothing else: a
search that was stopped anywhere is suggested what an unbroken one would be. Samplers of Optuna see those trials in a
study of their own, in memory; nothing that is suggested there is ever evaluated there. TPE and GP, whose time grows
with what they see, see of more than `SHOWN_WHOLE` trials some that stand for all (`memory.standing_for`), and those
since, and draw all knobs of a trial together: TPE sorts what it sees once a draw. NSGA-II takes every 16 complete
trials, whoever proposed them, for a generation, so that it also breeds from what ranking chose. A grid is arithmetic:
the n-th candidate of the space is worked out, and the order is a permutation that is worked out too.

Source: Luby and Rackoff 1988 (a Feistel network is a permutation); Black and Rogaway 2002, section 5 (of any number of
things: what falls outside is permuted again).
"""

from __future__ import annotations

import copy
import hashlib
import warnings
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.samplers import BaseSampler, GPSampler, NSGAIISampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState

from hwsearch.search.decide.memory import STEP, standing_for
from hwsearch.space.candidate import Candidate
from hwsearch.space.space import SearchSpace, Setting
from hwsearch.study.digest import digest

LEARNS_FROM_PRUNED = {"tpe"}
POPULATION = 16
"""Trials of a generation of NSGA-II; those that TPE and GP draw at random before they learn."""
SHOWN_WHOLE = 512
"""Trials up to which samplers see all of them."""
_SHOWN = 192  # that stand for more
_GENERATION = "NSGAIISampler:generation"  # Optuna's mark of a trial (optuna/samplers/_ga/_base.py)
_SEE_LESS = ("tpe", "gp")
_ROUNDS = 4  # of a Feistel network


class Suggester(Protocol):
    """What suggests settings."""

    def suggest(self, trials: Sequence[FrozenTrial], numbers: range) -> list[Setting]:
        """Return a setting for each number, or fewer where the space has no more.

        Args:
            trials: All before the first of the numbers.
            numbers: Of the trials to come.
        """


def suggester(sampler: str, space: SearchSpace, seed: int, n_objectives: int) -> Suggester:
    """Return what suggests in the name of a sampler: ``tpe``, ``nsga2``, ``gp``, ``random`` or ``grid``."""
    return Grid(space, seed) if sampler == "grid" else OptunaSuggester(sampler, space, seed, n_objectives)


def distributions(space: SearchSpace) -> dict[str, BaseDistribution]:
    """Return each knob as Optuna spells it."""
    return {
        name: IntDistribution(0, choices - 1)
        if isinstance(choices, int)
        else CategoricalDistribution(choices)
        for name, choices in space.knobs.items()
    }


class _Shown(FrozenTrial):
    """A finished trial as a study in memory has it: nobody changes it, so a copy need not be deep."""

    def __deepcopy__(self, memo: dict[int, object]) -> FrozenTrial:
        return copy.copy(self)


class _TogetherTPE(TPESampler):
    """TPE that draws all knobs of a trial together: those of the space, which need not be gathered from every trial."""

    def __init__(self, knobs: Mapping[str, BaseDistribution], seed: int) -> None:
        super().__init__(seed=seed, n_startup_trials=POPULATION, multivariate=True)
        self._knobs = {name: knob for name, knob in sorted(knobs.items()) if not knob.single()}

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return dict(self._knobs)


class OptunaSuggester:
    """A sampler of Optuna, and the study in memory that it learns from."""

    def __init__(self, sampler: str, space: SearchSpace, seed: int, n_objectives: int) -> None:
        self._name, self._space, self._seed = sampler, space, seed
        self._n_objectives, self._knobs = n_objectives, distributions(space)
        self._stood_for: list[int] = []  # numbers of all trials that some stand for
        self._standing_rows = np.zeros(0, int)
        self._told: dict[int, tuple[tuple[float, ...], str]] = {}  # of finished trials by their numbers
        self._forget()

    def suggest(self, trials: Sequence[FrozenTrial], numbers: range) -> list[Setting]:
        """Return a setting for each number (see `Suggester`)."""
        finished = [t for t in trials if t.state in (TrialState.COMPLETE, TrialState.PRUNED)]
        many = self._name in _SEE_LESS and len(finished) > SHOWN_WHOLE
        self._learn(self._standing(finished) if many else finished)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            asked = [self._ask(number, together=many) for number in numbers]
            for trial in asked:  # no sampler learns from what failed
                self._study.tell(trial, state=TrialState.FAIL)
        return [dict(trial.params) for trial in asked]

    def _forget(self) -> None:
        self._study = optuna.create_study(directions=["minimize"] * self._n_objectives)
        self._learned: list[int] = []  # numbers of the trials that the study has
        self._complete = 0

    def _standing(self, finished: Sequence[FrozenTrial]) -> list[FrozenTrial]:
        """Return those that stand for all up to a multiple of `STEP`, and those since."""
        until = len(finished) // STEP * STEP
        numbers = [trial.number for trial in finished[:until]]
        if self._stood_for != numbers:
            told = [self._told_of(trial) for trial in finished[:until]]
            values, names = np.array([objectives for objectives, _ in told]), [name for _, name in told]
            self._stood_for, self._standing_rows = numbers, standing_for(values, names, _SHOWN)
        return [*(finished[row] for row in self._standing_rows), *finished[until:]]

    def _told_of(self, trial: FrozenTrial) -> tuple[tuple[float, ...], str]:
        """Return the objectives of a finished trial, infinite where it has none that count, and its digest.

        Both are worked out once: there are many, and few are new.
        """
        if trial.number not in self._told:
            feasible = all(over <= 0 for over in trial.constraints.values())
            counts = trial.state == TrialState.COMPLETE and feasible
            objectives = tuple(trial.values) if counts else (np.inf,) * self._n_objectives
            self._told[trial.number] = objectives, digest(trial.params)
        return self._told[trial.number]

    def _learn(self, trials: Sequence[FrozenTrial]) -> None:
        """Let the study have these trials, and no others."""
        numbers = [trial.number for trial in trials]
        if numbers[: len(self._learned)] != self._learned:
            self._forget()
        for trial in trials[len(self._learned) :]:
            copied = copy.copy(trial)
            copied.__class__ = _Shown
            copied.user_attrs = {}  # the record, which no sampler reads
            # a storage gives constraints in an order of its own, and GP's sums depend on it
            copied.system_attrs = dict(sorted(trial.system_attrs.items()))
            if trial.state == TrialState.COMPLETE:
                copied.system_attrs[_GENERATION] = self._complete // POPULATION
                self._complete += 1
            self._study.add_trial(copied)
        self._learned = numbers

    def _ask(self, number: int, *, together: bool) -> optuna.Trial:
        """Return a trial with every knob drawn: each by a seed of its own, or all together."""
        self._study.sampler = self._sampler(number, 0, together=together)
        if together:
            return self._study.ask(self._knobs)
        trial = self._study.ask()
        for index, (name, choices) in enumerate(self._space.knobs.items(), start=1):
            self._study.sampler = self._sampler(number, index)
            if isinstance(choices, int):
                trial.suggest_int(name, 0, choices - 1)
            else:
                trial.suggest_categorical(name, choices)
        return trial

    def _sampler(self, number: int, index: int, *, together: bool = False) -> BaseSampler:
        seed = int(np.random.SeedSequence([self._seed, number, index]).generate_state(1)[0])
        match self._name:
            case "tpe" if together:
                return _TogetherTPE(self._knobs, seed)
            case "tpe":
                return TPESampler(seed=seed, n_startup_trials=POPULATION)
            case "nsga2":
                return NSGAIISampler(seed=seed, population_size=POPULATION)
            case "gp":
                return GPSampler(seed=seed, n_startup_trials=POPULATION)
            case _:
                return RandomSampler(seed=seed)


class Grid:
    """Every candidate of a space once, in an order that the seed draws; nothing is listed."""

    def __init__(self, space: SearchSpace, seed: int) -> None:
        self._space, self._seed = space, seed
        self._asked: set[Candidate] = set()
        self._n_trials = 0
        self._first = 0  # place in the order before which all were asked

    def suggest(self, trials: Sequence[FrozenTrial], numbers: range) -> list[Setting]:
        """Return the next settings in order that no trial has (see `Suggester`)."""
        if len(trials) < self._n_trials:
            self._asked, self._n_trials, self._first = set(), 0, 0
        self._asked |= {self._space.candidate(trial.params) for trial in trials[self._n_trials :]}
        self._n_trials = len(trials)
        settings: list[Setting] = []
        for place in range(self._first, self._space.size):
            if len(settings) == len(numbers):
                break
            setting = self._space.nth(permuted(place, self._space.size, self._seed))
            if self._space.candidate(setting) not in self._asked:
                settings.append(setting)
            elif not settings:
                self._first = place + 1
        return settings


def permuted(index: int, n: int, seed: int) -> int:
    """Return the place of an index in a permutation of 0 .. n - 1 that the seed draws."""
    half = max(1, ((n - 1).bit_length() + 1) // 2)
    mask = (1 << half) - 1
    while True:
        high, low = index >> half, index & mask
        for step in range(_ROUNDS):
            text = f"{seed}/{n}/{step}/{low}".encode()
            drawn = int.from_bytes(hashlib.blake2b(text, digest_size=64).digest(), "big")
            high, low = low, high ^ (drawn & mask)
        index = (high << half) | low
        if index < n:
            return index
