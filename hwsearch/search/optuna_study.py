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

import optuna
from optuna.samplers import RandomSampler
from optuna.trial import Trial, TrialState, create_trial

from hwsearch.errors import Fault, InputError, RecordError
from hwsearch.records.files import damaged
from hwsearch.records.run_folder import RunFolder
from hwsearch.records.trials import TrialRecord
from hwsearch.search.samplers import distributions, suggester
from hwsearch.search.store.storage import open_study, place_of, read_study, storage_words
from hwsearch.space.candidate import Candidate
from hwsearch.space.space import SearchSpace, Setting
from hwsearch.study.model import Study

_RECORD = "hwsearch:record"
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
        values: Objectives, minimised; None unless complete.
        constraints: Need over budget, minus 1, by budget: at most 0 is feasible.
    """

    state: str
    values: tuple[float, ...] | None
    constraints: Mapping[str, float]


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
    ) -> None:
        """Open the storage, or create it; None: in memory.

        Raises:
            InputError: The storage cannot be used, or holds another search under this name.
            StorageAway: It is locked or cannot be reached.
        """
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._space, self._suggester = space, suggester(sampler, space, seed, n_objectives)
        if storage is None:
            self._study = optuna.create_study(directions=["minimize"] * n_objectives)
        else:
            self._study = open_study(storage, name, study_digest, n_objectives)
        self._study.sampler = RandomSampler(seed)

    @property
    def name(self) -> str:
        """Name of the Optuna study: what the study was called at first."""
        return self._study.study_name

    def suggestions(self, first: int, count: int) -> list[Setting]:
        """Return what the sampler suggests for the trials from ``first`` on, without asking for any.

        Fewer where the sampler asks everything once and nothing else is left.
        """
        earlier = self._study.get_trials(deepcopy=False)[:first]
        return self._suggester.suggest(earlier, range(first, first + count))

    def proposals(
        self, first: int, end: int, settings: Callable[[], Sequence[Setting]] | None = None
    ) -> list[Proposal]:
        """Return the proposals numbered first to end - 1, asking for those that were never asked.

        A trial is added with all its knobs or not at all, in one transaction.

        Args:
            first: Number of the first.
            end: One more than the number of the last; there are fewer if there are not so many settings.
            settings: What gives the setting of each; None: the sampler suggests them.
        """
        trials = self._study.get_trials(deepcopy=False)
        if len(trials) < end:
            chosen = self.suggestions(first, end - first) if settings is None else settings()
            missing, knobs = chosen[max(0, len(trials) - first) :], distributions(self._space)
            for setting in missing:
                self._study.add_trial(
                    create_trial(state=TrialState.RUNNING, params=dict(setting), distributions=knobs)
                )
            before, trials = len(trials), self._study.get_trials(deepcopy=False)
            if len(trials) != before + len(missing):
                raise InputError([_ONE_SEARCH])
        return [Proposal(t.number, self._space.candidate(t.params)) for t in trials[first:end]]

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


def read_records(storage: str, name: str) -> dict[int, str]:
    """Return the record of every finished trial of a stored search, by trial number.

    Raises:
        InputError: The storage cannot be used, or does not hold the search.
        StorageAway: It is locked or cannot be reached.
    """
    with storage_words(storage):
        return _records(read_study(storage, name))


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
