"""Every fault of a storage is a line, wrong or away; nothing is left behind, and the folder remembers where it was."""

import json
import sqlite3
from contextlib import closing

import optuna
import pytest
from optuna.storages import RDBStorage

from hwsearch.errors import InputError, Interrupted, StorageAway
from hwsearch.records.run_folder import RunFolder
from hwsearch.search.store.storage import (
    Place,
    check_place,
    open_study,
    place_of,
    read_study,
    remember,
    storage_words,
)


def url_of(path, query=""):
    return f"sqlite:///{path}{query}"


def refused(url, error=InputError):
    """Return the one line that says why a storage is refused."""
    with pytest.raises(error) as caught:
        check_place(Place(url, "s", inside=False), "d")
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def held(tmp_path):
    """Return the file of a storage that another connection holds."""
    file = tmp_path / "study.db"
    open_study(url_of(file), "s", "d", 2)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield file
        other.execute("ROLLBACK")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("word", "must be a URL"),
        ("", "must be a URL"),
        ("redis://host", "must be a URL"),
        ("postgresql://user:port@host:abc/x", "must be a URL"),
        ("sqlite:///{x}.db", "must be a URL"),
        ("mysql://x/y", "no MySQLdb"),
        ("sqlite+aiosqlite:///x.db", "no aiosqlite"),
        ("sqlite://", "must be a file"),
        ("sqlite:///:memory:", "must be a file"),
        ("sqlite:///missing/x.db", "no folder missing"),
        ("sqlite:///.", "a folder"),
    ],
)
def test_a_url_of_no_storage_is_a_line_and_leaves_nothing(tmp_path, monkeypatch, url, told):
    monkeypatch.chdir(tmp_path)
    assert told in refused(url)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_database_of_optunas_stays_as_it_is(tmp_path):
    text, others, old = tmp_path / "text.db", tmp_path / "others.db", tmp_path / "old.db"
    text.write_text("no database, only a line of text that is long enough to be looked at")
    with closing(sqlite3.connect(others)) as database:
        database.execute("create table invoices(id integer)")
    with closing(sqlite3.connect(old)) as database:
        database.execute("create table studies(study_id integer)")
        database.execute("create table version_info(version_info_id integer, schema_version integer)")
        database.execute("insert into version_info values (1, 1)")
        database.commit()
    before = {file: file.read_bytes() for file in (text, others, old)}
    assert "not a database" in refused(url_of(text))
    assert "a table invoices" in refused(url_of(others))
    assert "schema 1" in refused(url_of(old))
    assert {file: file.read_bytes() for file in before} == before


def test_the_tables_of_another_optuna_are_refused(tmp_path):
    open_study(url_of(tmp_path / "x.db"), "s", "d", 2)
    with closing(sqlite3.connect(tmp_path / "x.db")) as database:
        database.execute("update alembic_version set version_num = 'v9.9.9'")
        database.commit()
    assert "no longer compatible" in refused(url_of(tmp_path / "x.db"))


def test_tables_that_were_cut_off_are_completed(tmp_path):
    open_study(url_of(tmp_path / "whole.db"), "s", "d", 2)
    with closing(sqlite3.connect(tmp_path / "whole.db")) as database:
        (text,) = database.execute("select sql from sqlite_master where name = 'studies'").fetchone()
    with closing(sqlite3.connect(tmp_path / "cut.db")) as database:
        database.execute(text)
    assert open_study(url_of(tmp_path / "cut.db"), "s", "d", 2).study_name == "s"


def test_a_locked_file_is_named_and_the_same_line_goes_on(held):
    url = url_of(held, "?timeout=0.1")
    told = refused(url, StorageAway)
    assert str(held) in told
    assert "0.1 s" in told
    assert issubclass(StorageAway, Interrupted)
    assert StorageAway("").exit_code == 3
    with pytest.raises(StorageAway, match="locked"):
        open_study(url, "s", "d", 2)
    with pytest.raises(StorageAway, match="locked"):
        read_study(url, "s")


def test_a_lock_in_the_middle_is_told_as_well(tmp_path):
    url = url_of(tmp_path / "x.db", "?timeout=0.1")
    study = open_study(url, "s", "d", 2)
    with closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StorageAway, match="locked"), storage_words(url):
            study.ask()
        other.execute("ROLLBACK")
    with storage_words(url):
        study.ask()


def test_a_locked_file_is_waited_for_a_minute(tmp_path):
    storage = open_study(url_of(tmp_path / "x.db"), "s", "d", 2)._storage._backend
    assert isinstance(storage, RDBStorage)
    with storage.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 60_000


def test_reading_creates_nothing(tmp_path):
    with pytest.raises(InputError, match="must hold the search"):
        read_study(url_of(tmp_path / "x.db"), "s")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "x.db").touch()
    with pytest.raises(InputError, match="must hold the search"):
        read_study(url_of(tmp_path / "x.db"), "s")
    assert (tmp_path / "x.db").stat().st_size == 0
    open_study(url_of(tmp_path / "x.db"), "s", "d", 2)
    with pytest.raises(InputError, match="no other"):
        read_study(url_of(tmp_path / "x.db"), "other")


def test_a_folder_remembers_its_storage_by_its_whole_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    place = place_of(folder, "s", "sqlite:///mine.db")
    assert place == Place("sqlite:///mine.db", "s", inside=False)
    remember(folder, place, "s")
    monkeypatch.chdir("/")
    assert place_of(folder, "renamed") == Place(url_of(tmp_path / "mine.db"), "s", inside=False)
    assert place_of(folder, "renamed", url_of(tmp_path / "mine.db")).elsewhere == ""


def test_its_own_storage_moves_with_a_folder(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    place = place_of(folder, "s")
    assert place == Place(folder.storage, "s", inside=True)
    remember(folder, place, "s")
    moved = RunFolder(folder.path.rename(tmp_path / "moved"))
    assert place_of(moved, "s") == Place(moved.storage, "s", inside=True)


@pytest.mark.parametrize("name", ["a b", "a?b=c", "a%20b", "a{b}", "ä#"])
def test_a_folder_of_any_name_holds_its_storage(tmp_path, name):
    folder = RunFolder(tmp_path / name)
    folder.path.mkdir()
    open_study(folder.storage, "s", "d", 2)
    assert folder.database.exists()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_password_is_neither_kept_nor_told(tmp_path, monkeypatch):
    monkeypatch.setattr("sqlalchemy.engine.default.DefaultDialect.import_dbapi", lambda: None, raising=False)
    folder = RunFolder(tmp_path)
    url = "postgresql://ann:s3cret@host/db?password=s3cret&sslmode=require"
    monkeypatch.setattr("sqlalchemy.engine.URL.get_dialect", lambda url: _Dialect)
    place = place_of(folder, "s", url)
    remember(folder, place, "s")
    assert json.loads(folder.storage_place.read_text())["url"] == "postgresql://ann@host/db?sslmode=require"
    assert place_of(folder, "s", url).elsewhere == ""
    failed = optuna.exceptions.StorageInternalError("during the commit")
    failed.__cause__ = sqlalchemy_error("could not connect with s3cret: Connection refused\nmore")
    with pytest.raises(StorageAway, match="Connection refused") as caught, storage_words(url):
        raise failed
    assert "s3cret" not in str(caught.value)
    failed.__cause__ = sqlalchemy_error("password authentication failed for user ann")
    with (
        pytest.raises(InputError, match="give --storage with its password"),
        storage_words(place_of(folder, "s").url),
    ):
        raise failed


class _Dialect:
    """PostgreSQL's, as if its driver were installed."""

    @staticmethod
    def import_dbapi():
        return None


def sqlalchemy_error(text):
    from sqlalchemy.exc import OperationalError

    return OperationalError("SELECT 1", None, Exception(text))


def test_a_missing_driver_is_told_without_the_password():
    told = refused("mysql://ann:s3cret@host/db")
    assert "no MySQLdb" in told
    assert "s3cret" not in told


def test_a_study_that_was_renamed_is_found_by_its_digest(tmp_path):
    url = url_of(tmp_path / "x.db")
    open_study(url, "first", "d", 2).ask()
    assert len(open_study(url, "second", "d", 2).trials) == 1
    assert open_study(url, "third", "other", 2).study_name == "third"
    with pytest.raises(InputError, match="holds one study of a name"):
        open_study(url, "first", "other", 2)


def test_a_folder_keeps_its_search_in_one_storage(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    open_study(folder.storage, "s", "d", 2)
    copy = tmp_path / "copy.db"
    place = place_of(folder, "s", url_of(copy))
    with pytest.raises(InputError, match="in one storage"):
        check_place(place, "d")
    assert not copy.exists()
    copy.write_bytes(folder.database.read_bytes())  # the search was moved: it goes on
    check_place(place, "d")
    with pytest.raises(InputError, match="a run folder holds one study"):
        check_place(place_of(folder, "other"), "other")


def test_a_damaged_note_of_the_storage_is_told(tmp_path):
    (tmp_path / "storage.json").write_text('{"url": ')
    with pytest.raises(InputError, match=r"storage\.json: the file must say"):
        place_of(RunFolder(tmp_path), "s")
