"""The one owner of Optuna: it proposes candidates, keeps what became of them, and learns.

How each outcome is told follows what the samplers of Optuna 5 learn from (TPE: pruned trials with constraints;
NSGA-II and GP: complete ones only), and every trial gets every constraint, since one without counts as feasible.
The k-th knob of ask number n is drawn by a sampler seeded with (seed, n, k): a search that was stopped anywhere, even
in the middle of an ask, proposes what an unbroken one would.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.samplers import (
    BaseSampler,
    GPSampler,
    GridSampler,
    NSGAIISampler,
    RandomSampler,
    TPESampler,
)
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from hwsearch.errors import Fault, InputError
from hwsearch.space.candidate import Candidate
from hwsearch.space.space import SearchSpace, Setting

_RECORD, _DIGEST = "hwsearch:record", "hwsearch:study_digest"
LEARNS_FROM_PRUNED = {"tpe"}
_ONE_SEARCH = Fault("--storage", "only one search at a time may use a storage", "another one")
_STARTUP = 16  # random trials before a sampler learns; the population of NSGA-II


@dataclass(frozen=True)
class Proposal:
    """A candidate that was asked for, by the number of its trial."""

    number: int
    candidate: Candidate


@dataclass(frozen=True)
class Verdict:
    """What the sampler is told of a trial.

    Attributes:
        state: ``complete``, ``pruned`` or ``fail``.
        values: Objectives, minimised; None unless complete.
        constraints: Need over budget, minus 1, by budget: at most 0 is feasible.
    """

    state: str
    values: tuple[float, ...] | None
    constraints: Mapping[str, float]


class Proposer:
    """An Optuna study of one hwsearch study."""

    def __init__(
        self,
        storage: str | None,
        name: str,
        study_digest: str,
        space: SearchSpace,
        sampler: str,
        seed: int,
        n_objectives: int,
    ) -> None:
        """Open the storage, or create it; None: in memory.

        Raises:
            InputError: The storage holds a search of another study.
        """
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._space, self._sampler, self._seed = space, sampler, seed
        self._study = optuna.create_study(
            storage=storage,
            study_name=name,
            directions=["minimize"] * n_objectives,
            load_if_exists=True,
            sampler=RandomSampler(seed),
        )
        kept = self._study.user_attrs.get(_DIGEST)
        if kept is None:
            self._study.set_user_attr(_DIGEST, study_digest)
        elif kept != study_digest:
            fault = Fault(
                "", "a run folder holds one study, and this one has changed since", f"{study_digest}, kept is {kept}",
                "choose another --out, or put the study back", Path((storage or "").removeprefix("sqlite:///")),
            )  # fmt: skip
            raise InputError([fault])

    def suggestions(self, first: int, count: int) -> list[Setting]:
        """Return what the sampler suggests for the trials from ``first`` on, without asking for any."""
        trials = [t for t in self._study.get_trials(deepcopy=False)[:first] if t.state.is_finished()]
        scratch = optuna.create_study(directions=self._study.directions)
        scratch.add_trials(trials)
        settings: list[Setting] = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            for number in range(first, first + count):
                scratch.sampler = self._new_sampler(number, 0)
                trial = scratch.ask()
                self._draw(scratch, trial, number)
                settings.append(dict(trial.params))
        return settings

    def proposals(
        self, first: int, end: int, settings: Callable[[], Sequence[Setting]] | None = None
    ) -> list[Proposal]:
        """Return the proposals numbered first to end - 1, asking for those that were never asked.

        Args:
            first: Number of the first.
            end: One more than the number of the last.
            settings: What gives the setting of each, if the sampler is not to choose.
        """
        trials = self._study.get_trials(deepcopy=False)
        whole = [number < len(trials) and self._is_whole(trials[number]) for number in range(first, end)]
        chosen = [] if settings is None or all(whole) else settings()[len(trials) - first :]
        for own in chosen:  # one transaction each, not one a knob
            self._study.add_trial(
                create_trial(state=TrialState.RUNNING, params=dict(own), distributions=self._distributions)
            )
        for number in range(first, end - len(chosen)):
            self._study.sampler = self._new_sampler(number, 0)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                if number >= len(trials):
                    self._suggest(self._study.ask(), number)
                elif not self._is_whole(trials[number]):
                    # the search was killed in the middle of this ask
                    self._suggest(Trial(self._study, trials[number]._trial_id), number)
        trials = self._study.get_trials(deepcopy=False)
        if chosen and len(trials) != end:
            raise InputError([_ONE_SEARCH])
        return [Proposal(t.number, self._candidate(t)) for t in trials[first:end]]

    def tell(self, number: int, verdict: Verdict, record: str) -> None:
        """Keep a trial's record and tell the sampler its verdict; a trial that was told stays as it is."""
        frozen = self._study.get_trials(deepcopy=False)[number]
        if frozen.state.is_finished():
            return
        trial = Trial(self._study, frozen._trial_id)
        trial.set_user_attr(_RECORD, record)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            for name, value in verdict.constraints.items():
                if name not in frozen.constraints:
                    trial.set_constraint(name, value)
        state = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "fail": TrialState.FAIL}[
            verdict.state
        ]
        self._study.tell(number, values=verdict.values, state=state)

    def records(self) -> dict[int, str]:
        """Return the record of every finished trial."""
        return _records(self._study)

    @property
    def count(self) -> int:
        """How many trials were asked for, those without an outcome included."""
        return len(self._study.get_trials(deepcopy=False))

    def _suggest(self, trial: Trial, number: int) -> None:
        """Draw every knob that the trial does not have yet."""
        if trial.number != number:
            raise InputError([_ONE_SEARCH])
        self._draw(self._study, trial, number)

    def _draw(self, study: optuna.Study, trial: Trial, number: int) -> None:
        for index, (name, choices) in enumerate(self._space.knobs.items(), start=1):
            study.sampler = self._new_sampler(number, index)
            if isinstance(choices, int):
                trial.suggest_int(name, 0, choices - 1)
            else:
                trial.suggest_categorical(name, choices)

    @property
    def _distributions(self) -> dict[str, BaseDistribution]:
        return {
            name: IntDistribution(0, choices - 1)
            if isinstance(choices, int)
            else CategoricalDistribution(choices)
            for name, choices in self._space.knobs.items()
        }

    def _is_whole(self, trial: FrozenTrial) -> bool:
        return set(trial.params) == set(self._space.knobs)

    def _candidate(self, trial: FrozenTrial) -> Candidate:
        return self._space.candidate(trial.params)

    def _new_sampler(self, number: int, index: int) -> BaseSampler:
        seed = int(np.random.SeedSequence([self._seed, number, index]).generate_state(1)[0])
        if self._sampler == "grid":
            # the grid's order must be one for all asks
            return GridSampler(
                {n: list(range(c)) if isinstance(c, int) else list(c) for n, c in self._space.knobs.items()},
                self._seed,
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            if self._sampler == "tpe":
                return TPESampler(seed=seed, n_startup_trials=_STARTUP)
            if self._sampler == "nsga2":
                return NSGAIISampler(seed=seed, population_size=_STARTUP)
            if self._sampler == "gp":
                return GPSampler(seed=seed, n_startup_trials=_STARTUP)
            return RandomSampler(seed=seed)


def read_records(storage: str, name: str) -> dict[int, str]:
    """Return the record of every finished trial of a stored search, by trial number.

    Raises:
        InputError: The storage does not hold it.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        study = optuna.load_study(study_name=name, storage=storage)
    except KeyError:
        raise InputError(
            [Fault("--storage", "the storage must hold the search", f"no {name} in {storage}")]
        ) from None
    return _records(study)


def _records(study: optuna.Study) -> dict[int, str]:
    trials = study.get_trials(deepcopy=False)
    return {
        t.number: t.user_attrs[_RECORD] for t in trials if t.state.is_finished() and _RECORD in t.user_attrs
    }
