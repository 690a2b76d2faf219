"""A batch is stored in two transactions, and its tables are those that Optuna's own calls write."""

import math
import sqlite3
from contextlib import closing

import optuna
import pytest
import sqlalchemy
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

from hwsearch.search.store import trial_store
from hwsearch.search.store.storage import open_study
from hwsearch.search.store.trial_store import FinishedTrial, add_trials, finish_trials

KNOBS = {
    "sparsity": FloatDistribution(0.0, 0.9),
    "granularity": CategoricalDistribution(("weight", "nm:4")),
    "bits": IntDistribution(1, 8),
}
ASKED = [{"sparsity": i / 10, "granularity": ("weight", "nm:4")[i % 2], "bits": i + 1} for i in range(8)]
TABLES = ("trials", "trial_params", "trial_values", "trial_user_attributes", "trial_system_attributes")
OUTCOMES = [
    FinishedTrial(
        0, TrialState.COMPLETE, (0.1, math.inf), {"record": "{}", "feasible": True}, {"constraints:m": -0.5}
    ),
    FinishedTrial(1, TrialState.PRUNED, None, {"record": "{}"}, {"constraints:m": 0.5, "constraints": [0.5]}),
    FinishedTrial(2, TrialState.FAIL, None, {"record": "\u00e4"}, {}),
    *(FinishedTrial(number, TrialState.COMPLETE, (0.1 * number, 7.0)) for number in range(3, 8)),
]


def study_at(path):
    return open_study(f"sqlite:///{path}", "s", "d", 2).study


def rows(path):
    """Return all that is stored of trials, without identifiers of rows and times."""
    found = {}
    with closing(sqlite3.connect(path)) as database:
        for table in TABLES:
            names = [name for _, name, *_ in database.execute(f"PRAGMA table_info({table})")]
            kept = [
                n
                for n in names
                if not n.startswith("datetime") and (not n.endswith("_id") or n == "trial_id")
            ]
            order = (
                "trial_id" if table == "trials" else names[0] if table == "trial_params" else ", ".join(kept)
            )
            found[table] = database.execute(
                f"SELECT {', '.join(kept)} FROM {table} ORDER BY {order}"
            ).fetchall()
    return found


@pytest.fixture
def study(tmp_path):
    return study_at(tmp_path / "one.db")


def test_tables_are_those_that_optunas_calls_write(study, tmp_path, monkeypatch):
    add_trials(study, ASKED, KNOBS)
    finish_trials(study, OUTCOMES)
    other = study_at(tmp_path / "other.db")
    monkeypatch.setattr(trial_store, "_tables_of", lambda study: None)
    add_trials(other, ASKED, KNOBS)
    finish_trials(other, OUTCOMES)
    stored = rows(tmp_path / "one.db")
    assert stored == rows(tmp_path / "other.db")
    assert len(stored["trials"]) == 8
    assert len(stored["trial_params"]) == 24


def test_it_reads_as_it_was_written_and_in_memory_alike(study):
    for each in (study, open_study(None, "s", "d", 2).study):
        add_trials(each, ASKED[:3], KNOBS)
        add_trials(each, ASKED[3:], KNOBS)
        assert [t.number for t in each.trials] == list(range(8))
        assert [list(t.params.items()) for t in each.trials] == [list(asked.items()) for asked in ASKED]
        finish_trials(each, OUTCOMES[2:5])
        finish_trials(each, [OUTCOMES[0], OUTCOMES[1]])
        states = [t.state.name for t in each.trials]
        assert states == [
            "COMPLETE",
            "PRUNED",
            "FAIL",
            "COMPLETE",
            "COMPLETE",
            "RUNNING",
            "RUNNING",
            "RUNNING",
        ]
        assert each.trials[0].values == [0.1, math.inf]
        assert dict(each.trials[1].constraints) == {"0": 0.5, "m": 0.5}
        assert each.trials[2].user_attrs == {"record": "\u00e4"}
        assert all((t.datetime_complete is not None) == t.state.is_finished() for t in each.trials)


def test_a_batch_takes_few_statements_and_two_transactions(study):
    said, ended = [], []
    study.get_trials()  # as a search has before it asks
    engine = study._storage._backend.engine
    sqlalchemy.event.listen(engine, "before_cursor_execute", lambda *args: said.append(args[2]))
    sqlalchemy.event.listen(engine, "commit", lambda connection: ended.append(connection))
    add_trials(study, ASKED, KNOBS)
    assert len(said) <= len(ASKED) + 4
    assert len(ended) == 1
    study.get_trials()
    del said[:], ended[:]
    finish_trials(study, OUTCOMES)
    assert len(said) <= 12  # one trial took 80 by Optuna's own calls
    assert len(ended) == 1


def test_nothing_is_added_by_no_settings(study):
    add_trials(study, [], KNOBS)
    assert study.trials == []


def test_the_number_of_the_first_that_was_added_is_told(study):
    for each in (study, optuna.create_study(directions=["minimize"] * 2)):
        assert [add_trials(each, ASKED[:3], KNOBS), add_trials(each, ASKED[3:5], KNOBS)] == [0, 3]


def test_a_value_that_a_knob_cannot_have_is_refused(study):
    with pytest.raises(ValueError, match="nm:8"):
        add_trials(study, [ASKED[0], ASKED[1] | {"granularity": "nm:8"}], KNOBS)
    assert study.trials == []


@pytest.mark.parametrize("values", [None, (0.1,), (0.1, math.nan)])
def test_a_failure_is_no_number(study, values):
    add_trials(study, ASKED[:2], KNOBS)
    with pytest.raises(ValueError, match="trial 1 must have 2 objectives"):
        finish_trials(study, [OUTCOMES[0], FinishedTrial(1, TrialState.COMPLETE, values)])
    assert [t.state for t in study.trials] == [TrialState.RUNNING] * 2


def test_what_is_finished_stays_and_what_was_begun_is_written_over(study, tmp_path):
    add_trials(study, ASKED[:2], KNOBS)
    first = study.trials[0]
    # killed in the middle of telling it, as an earlier version could be; and somebody left a note
    study._storage.set_trial_user_attr(first._trial_id, "record", "half")
    study._storage.set_trial_user_attr(first._trial_id, "note", "mine")
    finish_trials(study, OUTCOMES[:1])
    told = study.trials[0]
    assert told.user_attrs == {"note": "mine", "record": "{}", "feasible": True}
    finish_trials(study, [FinishedTrial(0, TrialState.FAIL, None, {"record": "again"}), OUTCOMES[1]])
    assert study.trials[0] == told
    assert study.trials[1].state == TrialState.PRUNED
