"""What a database raises, in words; and a storage that is away is waited for, with pauses that grow."""

import sqlite3
import threading
import time
from contextlib import closing

import optuna
import pytest
import sqlalchemy
from optuna.storages import RDBStorage
from sqlalchemy.exc import OperationalError, ProgrammingError

from hwsearch.errors import InputError, Interrupted, NoResources, StorageAway
from hwsearch.search.store import faults
from hwsearch.search.store.faults import patience_s, patiently, storage_words
from hwsearch.search.store.storage import open_study, read_study

SERVER = "postgresql+psycopg://ann:s3cret@host/db"


def url_of(path, query=""):
    return f"sqlite:///{path}{query}"


class Answered(Exception):
    """What a driver raises."""

    def __init__(self, text, sqlstate=None):
        super().__init__(text)
        self.sqlstate = sqlstate


def told(url, text, sqlstate=None, kind=OperationalError):
    """Return what is raised where a driver says so within Optuna."""
    failed = optuna.exceptions.StorageInternalError("during the commit")
    failed.__cause__ = kind("SELECT 1", None, Answered(text, sqlstate))
    with pytest.raises((InputError, StorageAway, NoResources)) as caught, storage_words(url):
        raise failed
    assert "\n" not in str(caught.value)
    assert "s3cret" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("text", "state", "kind"),
    [
        ("could not connect with s3cret: Connection refused\nIs the server running?", None, StorageAway),
        ("the connection is closed", None, StorageAway),
        ("terminating connection due to administrator command", "57P01", StorageAway),
        ("the database system is starting up", "57P03", StorageAway),
        ("sorry, too many clients already", "53300", StorageAway),
        ("canceling statement due to lock timeout", "55P03", StorageAway),
        ("deadlock detected", "40P01", StorageAway),
        ("could not extend file: No space left on device", "53100", NoResources),
        ('password authentication failed for user "ann"', None, InputError),
        ('database "db" does not exist', None, InputError),
        ("Name or service not known", None, InputError),
        ("permission denied for schema public", "42501", InputError),
    ],
)
def test_what_a_server_says_goes_away_or_is_wrong(text, state, kind):
    assert type(told(SERVER, text, state)) is kind


def test_what_is_not_of_the_connection_is_wrong():
    assert isinstance(told(SERVER, "syntax error", None, ProgrammingError), InputError)


def test_a_password_that_is_missing_is_asked_for():
    words = str(told("postgresql+psycopg://ann@host/db", "fe_sendauth: no password supplied"))
    assert "PGPASSWORD" in words


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("database is locked", StorageAway),
        ("database or disk is full", NoResources),
        ("disk I/O error", NoResources),
        ("database disk image is malformed", InputError),
        ("unable to open database file", InputError),
        ("attempt to write a readonly database", InputError),
    ],
)
def test_what_sqlite_says_goes_away_or_is_wrong(tmp_path, text, kind):
    found = told(url_of(tmp_path / "x.db"), text)
    assert type(found) is kind
    assert str(tmp_path / "x.db") in str(found)


@pytest.fixture
def held(tmp_path):
    """Return the file of a storage that another connection holds, and what lets it go."""
    file = tmp_path / "study.db"
    open_study(url_of(file), "s", "d", 2)
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield file, lambda: other.execute("ROLLBACK")


def test_a_locked_file_is_named_and_the_same_line_goes_on(held):
    file, _ = held
    url = url_of(file, "?timeout=0.1")
    for ask in (lambda: open_study(url, "s", "d", 2), lambda: read_study(url, "s")):
        with pytest.raises(StorageAway, match=r"locked.*and so for 0\.\d s.*the same line goes on") as caught:
            ask()
        assert str(file) in str(caught.value)
    assert issubclass(StorageAway, Interrupted)
    assert StorageAway("").exit_code == 3


def test_a_locked_file_is_waited_for(held, caplog):
    file, release = held
    threading.Timer(0.5, release).start()
    start = time.monotonic()
    assert open_study(url_of(file), "s", "d", 2).study.study_name == "s"
    assert time.monotonic() - start >= 0.4
    # it is said at once where that takes longer than the file itself waits
    assert len(caplog.messages) <= 1


def test_a_lock_in_the_middle_is_told_as_well(tmp_path):
    url = url_of(tmp_path / "x.db", "?timeout=0.1")
    study = open_study(url, "s", "d", 2).study
    with closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StorageAway, match="locked"):
            study.ask()
        other.execute("ROLLBACK")
    study.ask()


def test_a_file_is_not_left_to_wait_alone_for_a_minute(tmp_path):
    """Python heeds no interrupt while SQLite waits."""
    storage = open_study(url_of(tmp_path / "x.db"), "s", "d", 2).study._storage._backend
    assert isinstance(storage, RDBStorage)
    with storage.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 2_000


class Away:
    """A storage that is away for so many calls."""

    def __init__(self, times):
        self.left, self.calls = times, []

    def __call__(self, what="first"):
        self.calls.append(what)
        self.left -= 1
        if self.left >= 0:
            raise StorageAway("h: the storage must be reachable; got nothing")
        return what


@pytest.fixture
def pauses(monkeypatch):
    """Return the pauses that were made; the clock stands still but for them."""
    now, made = [0.0], []

    def sleep(seconds):
        made.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(faults.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(faults.time, "sleep", sleep)
    return made


def test_pauses_grow_and_it_is_said_once(pauses, caplog):
    away = Away(9)
    assert patiently(SERVER, away, lambda: away("again")) == "again"
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]
    assert away.calls == ["first"] + ["again"] * 9
    assert caplog.messages == ["note: h: the storage must be reachable; got nothing; waiting for up to 60 s"]


def test_after_a_minute_it_stops(pauses):
    with pytest.raises(StorageAway, match=r"and so for 60\.0 s \(nothing finished is lost"):
        patiently(SERVER, Away(10**6))
    assert sum(pauses) == pytest.approx(60.0)


def test_how_long_is_said(monkeypatch, tmp_path):
    assert patience_s(SERVER) == 60.0
    assert patience_s(url_of(tmp_path / "x.db", "?timeout=3")) == 3.0
    monkeypatch.setenv("HWSEARCH_STORAGE_WAIT", "600")
    assert patience_s(SERVER) == patience_s(url_of(tmp_path / "x.db")) == 600.0
    assert patience_s(url_of(tmp_path / "x.db", "?timeout=3")) == 3.0
    for wrong in ("soon", "-1", "nan", "inf"):
        monkeypatch.setenv("HWSEARCH_STORAGE_WAIT", wrong)
        with pytest.raises(InputError, match="number of seconds"):
            patience_s(SERVER)


def test_a_new_trial_is_not_tried_five_times(held, monkeypatch):
    """Where the answer to a commit is lost, each try of Optuna's would be one trial more."""
    file, release = held
    release()
    study = open_study(url_of(file, "?timeout=0.1"), "s", "d", 2).study
    tried = []

    def prepared(storage, study_id, template, session):
        tried.append(study_id)
        session.execute(sqlalchemy.text("SELECT 1"))
        raise AssertionError("the database is locked")

    monkeypatch.setattr(RDBStorage, "_get_prepared_new_trial", prepared)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StorageAway):
            study.ask()
        other.execute("ROLLBACK")
    with pytest.raises(AssertionError):
        study.ask()
    assert len(tried) == 1
