"""The one owner of Optuna's storage: it asks for candidates and keeps what became of them.

How each outcome is told follows what the samplers of Optuna 5 learn from (TPE: pruned trials with constraints;
NSGA-II and GP: complete ones only), and every trial gets every constraint, since one without counts as feasible.
What is asked is what the sampler suggests (`samplers`), or what ranking chose instead (`choose`): a search that was
stopped anywhere, even in the middle of an ask, proposes what an unbroken one would.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import optuna
from optuna.samplers import RandomSampler
from optuna.trial import FrozenTrial, TrialState

from hwsearch.errors import Fault, InputError, RecordError
from hwsearch.records.files import damaged
from hwsearch.records.run_folder import RunFolder
from hwsearch.records.trials import TrialRecord
from hwsearch.search.samplers import suggester
from hwsearch.search.store.place import place_of
from hwsearch.search.store.storage import FORMAT, open_study, read_study
from hwsearch.search.store.trial_store import FinishedTrial, add_trials, finish_trials
from hwsearch.search.stored_trial import LISTED_CONSTRAINTS, Spelling
from hwsearch.space.candidate import Candidate
from hwsearch.space.space import SearchSpace, Setting
from hwsearch.study.model import Study

_RECORD = "hwsearch:record"
_UNITS = "hwsearch:units"
_CONSTRAINT = "constraints"
"""How Optuna's names of a trial's constraints begin (optuna/study/_constrained_optimization.py)."""
_STATES = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "fail": TrialState.FAIL}
_ONE_SEARCH = Fault("--storage", "only one search at a time may use a storage", "another one")


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
        values: Objectives, minimised, in units of their own; None unless complete.
        constraints: Need over budget, minus 1, by budget: at most 0 is feasible.
        units: What samplers count each objective in; empty: as it is.
        outcome: What became of the trial, for whoever looks into the storage; empty: not said.
    """

    state: str
    values: tuple[float, ...] | None
    constraints: Mapping[str, float]
    units: tuple[float, ...] = ()
    outcome: str = ""

    @property
    def scaled(self) -> tuple[float, ...] | None:
        """The objectives as samplers count them."""
        if self.values is None or not self.units:
            return self.values
        return tuple(float(value) for value in np.divide(self.values, self.units))


@dataclass(frozen=True)
class Told:
    """What became of a trial.

    Attributes:
        number: Of the trial.
        verdict: What the sampler learns from.
        record: All that is kept of it, as text.
    """

    number: int
    verdict: Verdict
    record: str


class Proposer:
    """The stored search of one study."""

    def __init__(
        self,
        storage: str | None,
        name: str,
        study_digest: str,
        space: SearchSpace,
        sampler: str,
        seed: int,
        n_objectives: int,
        metrics: Sequence[str] = (),
    ) -> None:
        """Open the storage, or create it; None: in memory.

        Args:
            storage: URL.
            name: Of the study there.
            study_digest: What it has to be of.
            space: What may be asked.
            sampler: By name.
            seed: Of what is suggested.
            n_objectives: How many.
            metrics: What each objective is called there; none: by its place.

        Raises:
            InputError: The storage cannot be used, or holds another search under this name.
            StorageAway: It is locked or cannot be reached.
        """
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._suggester = suggester(sampler, space, seed, n_objectives)
        self._shown: list[FrozenTrial] = []  # the first trials, all finished, as the sampler sees them
        self._read: list[FrozenTrial] = []  # every trial as it was stored when they were last looked at
        self._stored = open_study(storage, name, study_digest, n_objectives)
        self._study, self._patiently = self._stored.study, self._stored.patiently
        self._study.sampler = RandomSampler(seed)
        by_value = self._stored.format >= FORMAT
        self._space, self._spelling = space, Spelling(space, by_value)
        self._units: tuple[float, ...] = tuple(
            self._patiently(lambda: self._study.user_attrs.get(_UNITS, ()))
        )
        if metrics and by_value:
            self._patiently(partial(self._name_objectives, list(metrics)))

    @property
    def name(self) -> str:
        """Name of the Optuna study: what the study was called at first."""
        return self._study.study_name

    def suggestions(self, first: int, count: int) -> list[Setting]:
        """Return what the sampler suggests for the trials from ``first`` on, without asking for any.

        Fewer where the sampler asks everything once and nothing else is left.
        """
        return self._suggester.suggest(self._for_sampler(first), range(first, first + count))

    def proposals(
        self, first: int, end: int, settings: Callable[[], Sequence[Setting]] | None = None
    ) -> list[Proposal]:
        """Return the proposals numbered first to end - 1, asking for those that were never asked.

        They are added together, each with all its knobs, or none is: in one transaction.

        Args:
            first: Number of the first.
            end: One more than the number of the last; there are fewer if there are not so many settings.
            settings: What gives the setting of each; None: the sampler suggests them.
        """
        trials, spelling = self._trials(), self._spelling
        asked = [spelling.setting(trial.params) for trial in trials[first:end]]
        if len(trials) < end:
            chosen = self.suggestions(first, end - first) if settings is None else settings()
            missing, before = chosen[max(0, len(trials) - first) :], len(trials)
            add = partial(self._add, missing)
            if self._patiently(add, again=partial(self._add_unless, before, add)) != before:
                raise InputError([_ONE_SEARCH])
            asked += missing
        return [
            Proposal(number, self._space.candidate(setting)) for number, setting in enumerate(asked, first)
        ]

    def tell(self, told: Sequence[Told]) -> None:
        """Keep the records of trials and tell the sampler their verdicts, all in one transaction.

        A trial that was told stays as it is.
        """
        self._patiently(partial(self._tell, told))

    def _tell(self, told: Sequence[Told]) -> None:
        by_value = self._spelling.by_value
        units = next((each.verdict.units for each in told if each.verdict.units), ())
        if by_value and units and not self._units:
            self._study.set_user_attr(_UNITS, list(units))
            self._units = units
        finish_trials(self._study, [_finished(each, by_value=by_value) for each in told])

    def _add(self, settings: Sequence[Setting]) -> int:
        """Add trials; return the number of the first."""
        params = [self._spelling.params(setting) for setting in settings]
        return add_trials(self._study, params, self._spelling.distributions)

    def _add_unless(self, number: int, add: Callable[[], int]) -> int:
        """Add trials unless they are there: the answer to their commit may have got lost."""
        return add() if len(self._study.get_trials(deepcopy=False)) <= number else number

    def _name_objectives(self, names: list[str]) -> None:
        """Name the objectives, once."""
        if "study:metric_names" not in self._study._storage.get_study_system_attrs(self._study._study_id):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                self._study.set_metric_names(names)

    def _trials(self) -> list[FrozenTrial]:
        """Return every trial as it is stored."""
        self._read = self._patiently(lambda: self._study.get_trials(deepcopy=False))
        return self._read

    def _for_sampler(self, count: int) -> list[FrozenTrial]:
        """Return the first trials, so many, as the sampler sees them; what is finished stays as it is."""
        trials = self._read
        if len(trials) < count or not all(t.state.is_finished() for t in trials[len(self._shown) : count]):
            trials = self._trials()
        for trial in trials[len(self._shown) : count]:
            if not trial.state.is_finished():
                break
            self._shown.append(self._spelling.for_sampler(trial, self._units))
        open_ones = trials[len(self._shown) : count]
        return [
            *self._shown[:count],
            *(self._spelling.for_sampler(trial, self._units) for trial in open_ones),
        ]

    def records(self) -> dict[int, str]:
        """Return the record of every finished trial."""
        return self._patiently(lambda: _records(self._study))

    @property
    def count(self) -> int:
        """How many trials were asked for, those without an outcome included."""
        return len(self._trials())


def _finished(told: Told, *, by_value: bool) -> FinishedTrial:
    """Return what a trial's row ends with; by_value: as this version spells it (`stored_trial`)."""
    verdict, attributes = told.verdict, dict[str, Any]({_RECORD: told.record})
    if verdict.outcome:
        attributes |= {
            "outcome": verdict.outcome,
            "feasible": all(value <= 0 for value in verdict.constraints.values()),
        }
    over: dict[str, Any] = {f"{_CONSTRAINT}:{name}": value for name, value in verdict.constraints.items()}
    if by_value:  # optuna-dashboard (0.21) reads them as Optuna 4 wrote them
        over[LISTED_CONSTRAINTS] = list(verdict.constraints.values())
    values = verdict.values if by_value else verdict.scaled
    return FinishedTrial(told.number, _STATES[verdict.state], values, attributes, over)


def read_records(storage: str, name: str) -> dict[int, str]:
    """Return the record of every finished trial of a stored search, by trial number.

    Raises:
        InputError: The storage cannot be used, or does not hold the search.
        StorageAway: It is locked or cannot be reached.
    """
    stored = read_study(storage, name)
    return stored.patiently(lambda: _records(stored.study))


def _records(study: optuna.Study) -> dict[int, str]:
    trials = study.get_trials(deepcopy=False)
    return {
        t.number: t.user_attrs[_RECORD] for t in trials if t.state.is_finished() and _RECORD in t.user_attrs
    }


def records_of(folder: RunFolder, study: Study, storage: str | None = None) -> list[TrialRecord]:
    """Return every record of a run, in order.

    Args:
        folder: The run's.
        study: As used.
        storage: URL; None: the one that the folder remembers.

    Raises:
        InputError: The storage cannot be used, or does not hold the search.
        RecordError: The file of its own storage is gone.
        StorageAway: It is locked or cannot be reached.
    """
    place = place_of(folder, study.name, storage)
    if place.inside and not folder.database.exists():
        raise RecordError(damaged(folder.database, "a run must have its storage", "no such file"))
    return [TrialRecord.from_json(text) for _, text in sorted(read_records(place.url, place.name).items())]
