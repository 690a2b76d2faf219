"""The upgrade guard of the storage: each fact about Optuna and SQLAlchemy that it relies on.

A release that changes one must fail here, by its name, and not in somebody's run. What samplers rely on stands in
`test_optuna_study`.
"""

import sqlite3
from contextlib import closing

import optuna
import pytest
import sqlalchemy
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.storages import RDBStorage
from optuna.storages._rdb import models
from optuna.trial import TrialState, create_trial
from sqlalchemy.engine import make_url

pytestmark = pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
DISTRIBUTIONS = {"x": FloatDistribution(0.0, 1.0), "n": IntDistribution(1, 8)}


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'x.db'}"


@pytest.fixture
def study(url):
    return optuna.create_study(storage=url, study_name="s", directions=["minimize"] * 2)


def rows(tmp_path, table):
    with closing(sqlite3.connect(tmp_path / "x.db")) as database:
        return database.execute(f"select * from {table}").fetchall()


def test_a_running_trial_is_added_with_all_its_knobs_in_one_transaction(study):
    commits = []
    sqlalchemy.event.listen(study._storage._backend.engine, "commit", commits.append)
    study.add_trial(
        create_trial(state=TrialState.RUNNING, params={"x": 0.5, "n": 2}, distributions=DISTRIBUTIONS)
    )
    assert len(commits) == 1
    (trial,) = study.trials
    assert (trial.number, trial.state, trial.params) == (0, TrialState.RUNNING, {"x": 0.5, "n": 2})


def test_values_and_state_are_told_in_one_transaction(study):
    trial, engine = study.ask(), study._storage._backend.engine

    def cut(connection, cursor, statement, *rest):
        if statement.startswith("UPDATE trials"):
            raise KeyboardInterrupt

    sqlalchemy.event.listen(engine, "before_cursor_execute", cut)
    with pytest.raises(KeyboardInterrupt):
        study.tell(trial, (1.0, 2.0))
    sqlalchemy.event.remove(engine, "before_cursor_execute", cut)
    assert (study.trials[0].state, study.trials[0].values) == (TrialState.RUNNING, None)
    study.tell(trial, (1.0, 2.0))
    assert study.trials[0].values == [1.0, 2.0]
    with pytest.raises(ValueError, match="Cannot tell a COMPLETE trial"):
        study.tell(0, (3.0, 4.0))


def test_a_new_trial_is_tried_five_times_where_sqlalchemy_fails(study, monkeypatch):
    """Why an engine raises our own error instead (`faults.heed_errors`)."""
    tried = []

    def broken(*args):
        tried.append(args)
        raise sqlalchemy.exc.OperationalError("INSERT", None, Exception("lost"))

    monkeypatch.setattr(RDBStorage, "_get_prepared_new_trial", broken)
    monkeypatch.setattr("optuna.storages._rdb.storage.time.sleep", lambda seconds: None)
    with pytest.raises(optuna.exceptions.StorageInternalError) as caught:
        study.ask()
    assert len(tried) == 5
    assert isinstance(caught.value.__cause__, sqlalchemy.exc.OperationalError)


def test_what_a_listener_of_an_engine_raises_comes_through(study):
    class OursError(Exception):
        pass

    def tell(context):
        raise OursError(str(context.sqlalchemy_exception.orig))

    engine = study._storage._backend.engine
    sqlalchemy.event.listen(engine, "handle_error", tell)
    with pytest.raises(OursError, match="no such table"), engine.connect() as connection:
        connection.execute(sqlalchemy.text("SELECT * FROM invoices"))
    nowhere = sqlalchemy.create_engine("sqlite:////nowhere/x.db")
    sqlalchemy.event.listen(nowhere, "handle_error", tell)
    with pytest.raises(OursError, match="unable to open"):  # also where there is no connection yet
        nowhere.connect()


def test_other_directions_are_kept_in_silence(url, study):
    """Why a study is compared by its digest."""
    again = optuna.create_study(storage=url, study_name="s", directions=["maximize"] * 2, load_if_exists=True)
    assert [direction.name for direction in again.directions] == ["MINIMIZE"] * 2


def test_a_constraint_is_a_system_attribute_and_stays_as_it_was_first(study):
    trial = study.ask()
    trial.set_constraint("memory_bytes", 0.5)
    with pytest.warns(UserWarning, match="already set"):
        trial.set_constraint("memory_bytes", -0.5)
    study.tell(trial, state=TrialState.PRUNED)
    assert study.trials[0].constraints == {"memory_bytes": 0.5}
    assert study.trials[0].system_attrs == {"constraints:memory_bytes": 0.5}


def test_a_list_of_constraints_is_counted_as_well():
    """Why samplers are not shown the list that is kept for optuna-dashboard."""
    trial = create_trial(values=(1.0, 2.0), system_attrs={"constraints": [0.5], "constraints:a": 0.5})
    assert trial.constraints == {"0": 0.5, "a": 0.5}


def test_names_of_objectives_are_a_system_attribute(study):
    study.set_metric_names(["error", "memory_bytes"])
    assert study._storage.get_study_system_attrs(study._study_id)["study:metric_names"] == [
        "error", "memory_bytes",
    ]  # fmt: skip
    study.add_trial(create_trial(values=(0.1, 7.0), params={"x": 0.5, "n": 2}, distributions=DISTRIBUTIONS))
    assert study.trials_dataframe()["values_memory_bytes"].tolist() == [7.0]


def test_a_finished_trial_may_be_shown_otherwise():
    trial = create_trial(values=(0.1, 7.0), params={"x": 0.5, "n": 2}, distributions=DISTRIBUTIONS)
    trial.values, trial.params, trial.distributions = (1.0, 2.0), {"n": 3}, {"n": IntDistribution(0, 9)}
    study = optuna.create_study(directions=["minimize"] * 2)
    study.add_trial(trial)
    assert (study.trials[0].values, study.trials[0].params) == ([1.0, 2.0], {"n": 3})


def test_a_storage_is_read_once_where_trials_are_finished(study, monkeypatch):
    study.tell(study.ask(), (1.0, 2.0))
    study.get_trials(deepcopy=False)
    read, original = [], RDBStorage._build_frozen_trial_from_trial_model

    def build(self, trial):
        read.append(trial.number)
        return original(self, trial)

    monkeypatch.setattr(RDBStorage, "_build_frozen_trial_from_trial_model", build)
    study.tell(study.ask(), (1.0, 2.0))
    study.get_trials(deepcopy=False)
    assert 0 not in read


def test_tables_are_made_only_where_they_are_asked_for(tmp_path, url):
    with pytest.raises(optuna.exceptions.StorageInternalError):
        RDBStorage(url, skip_table_creation=True)
    assert RDBStorage(url).get_current_version() == RDBStorage(url).get_head_version()
    ((_, schema, version),) = rows(tmp_path, "version_info")
    assert (schema, version) == (models.SCHEMA_VERSION, optuna.__version__)
    assert "alembic_version" not in models.BaseModel.metadata.tables
    assert {"studies", "trials", "version_info"} <= set(models.BaseModel.metadata.tables)


def test_a_url_is_a_template():
    """Why braces in the name of a file are written by their numbers."""
    assert RDBStorage._fill_storage_url_template("x{SCHEMA_VERSION}") == f"x{models.SCHEMA_VERSION}"


def test_sqlalchemy_reads_the_numbers_of_signs_in_the_name_of_a_file():
    assert make_url("sqlite:///a%3F1%25%7B/x.db").database == "a?1%{/x.db"
    assert make_url("postgresql://ann:s%40c@h/d").password == "s@c"
