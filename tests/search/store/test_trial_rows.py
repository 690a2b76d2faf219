"""Trials are read as Optuna reads them."""

import math

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import RDBStorage
from optuna.trial import TrialState

from hwsearch.search.store import storage as storages
from hwsearch.search.store.storage import open_study
from hwsearch.search.store.trial_rows import read_trials
from hwsearch.search.store.trial_store import FinishedTrial, add_trials, finish_trials

KNOBS = {
    "sparsity": FloatDistribution(0.0, 0.9),
    "granularity": CategoricalDistribution(("weight", "nm:4", None)),
    "bits": IntDistribution(1, 8),
}
ASKED = [{"sparsity": i / 10, "granularity": ("weight", None)[i % 2], "bits": i + 1} for i in range(6)]
TOLD = [
    FinishedTrial(0, TrialState.COMPLETE, (0.1, math.inf), {"record": "{}", "ok": True}, {"constraints:m": -0.5}),
    FinishedTrial(1, TrialState.PRUNED, None, {"record": "ä"}, {"constraints:m": 0.5, "constraints": [0.5]}),
    FinishedTrial(2, TrialState.FAIL),
    FinishedTrial(4, TrialState.COMPLETE, (-math.inf, 0.1 + 0.2)),
]  # fmt: skip


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'x.db'}"


@pytest.fixture
def study(url):
    """A study of six trials of which two go on, in a storage with another study."""
    other = open_study(url, "other", "e", 2).study
    add_trials(other, ASKED, KNOBS)
    study = open_study(url, "s", "d", 2).study
    add_trials(study, ASKED, KNOBS)
    finish_trials(study, TOLD)
    return study


def test_what_is_read_is_what_optuna_reads(study, url):
    plain = optuna.load_study(study_name="s", storage=RDBStorage(url)).get_trials()
    read = study.get_trials(deepcopy=False)
    assert [vars(trial) for trial in read] == [vars(trial) for trial in plain]
    assert [list(trial.params) for trial in read] == [list(trial.params) for trial in plain]
    assert read[4].values == [-math.inf, 0.1 + 0.2]


def test_only_what_goes_on_or_is_new_is_read_again(study, monkeypatch):
    asked = []

    def watched(session, study_id, again, after):
        asked.append(trials := read_trials(session, study_id, again, after))
        return trials

    monkeypatch.setattr(storages, "read_trials", watched)
    first = study.get_trials(deepcopy=False)
    finish_trials(study, [FinishedTrial(3, TrialState.COMPLETE, (1.0, 2.0))])
    add_trials(study, ASKED[:1], KNOBS)
    second = study.get_trials(deepcopy=False)
    assert [[trial.number for trial in trials] for trials in asked] == [[0, 1, 2, 3, 4, 5], [3, 5, 6]]
    assert [trial.state.is_finished() for trial in second] == [True] * 5 + [False] * 2
    assert second[0] is first[0]


def test_where_many_go_on_optuna_reads_them(study, monkeypatch):
    study.get_trials(deepcopy=False)
    monkeypatch.setattr(storages, "_MOST_NAMED", 0)
    monkeypatch.setattr(storages, "read_trials", None)
    finish_trials(study, [FinishedTrial(3, TrialState.COMPLETE, (1.0, 2.0))])
    assert study.get_trials(deepcopy=False)[3].values == [1.0, 2.0]
