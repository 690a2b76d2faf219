"""A storage that cannot be used is refused in a line, whatever it holds, and nothing is left behind."""

import sqlite3
from contextlib import closing

import optuna
import pytest

from hwsearch.errors import InputError
from hwsearch.records.run_folder import RunFolder
from hwsearch.search.store.address import parsed_url
from hwsearch.search.store.place import Place, check_place
from hwsearch.search.store.storage import FORMAT, _engine_settings, open_study, read_study


def url_of(path, query=""):
    return f"sqlite:///{path}{query}"


def refused(url):
    """Return the one line that says why a storage is refused."""
    with pytest.raises(InputError) as caught:
        check_place(Place(url, "s", inside=False), "d")
    assert "\n" not in str(caught.value)
    return str(caught.value)


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
    assert open_study(url_of(tmp_path / "cut.db"), "s", "d", 2).study.study_name == "s"


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


@pytest.mark.parametrize(
    "name", ["a b", "a?1", "a?b=c", "a%20b", "100%", "a{b}", "ä#", "file:a", "a&b;c'\"", ":memory:"]
)
def test_a_folder_of_any_name_holds_its_storage(tmp_path, name):
    folder = RunFolder(tmp_path / name)
    folder.path.mkdir()
    open_study(folder.storage, "s", "d", 2)
    assert folder.database.exists()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_study_that_was_renamed_is_found_by_its_digest(tmp_path):
    url = url_of(tmp_path / "x.db")
    open_study(url, "first", "d", 2).study.ask()
    assert len(open_study(url, "second", "d", 2).study.trials) == 1
    assert open_study(url, "third", "other", 2).study.study_name == "third"
    with pytest.raises(InputError, match="holds one study of a name"):
        open_study(url, "first", "other", 2)


def test_what_a_newer_version_keeps_there_is_refused_by_name(tmp_path):
    stored = open_study(url_of(tmp_path / "x.db"), "s", "d", 2)
    assert stored.format == FORMAT
    stored.study.set_user_attr("hwsearch:format", FORMAT + 1)
    told = f"format {FORMAT} or before; got s: format {FORMAT + 1}"
    for ask in (
        lambda: open_study(url_of(tmp_path / "x.db"), "s", "d", 2),
        lambda: read_study(url_of(tmp_path / "x.db"), "s"),
    ):
        with pytest.raises(InputError, match=told):
            ask()


def test_an_earlier_search_stays_as_it_was_stored(tmp_path):
    optuna.create_study(
        storage=url_of(tmp_path / "x.db"), study_name="s", directions=["minimize"] * 2
    ).set_user_attr("hwsearch:study_digest", "d")
    assert open_study(url_of(tmp_path / "x.db"), "s", "d", 2).format == 1


@pytest.mark.parametrize(
    "url", ["postgresql+psycopg://ann@h/d", "postgresql+psycopg://ann@h/d?connect_timeout=3"]
)
def test_a_server_is_asked_before_it_is_used_and_given_up_when_the_network_is_cut(url):
    pytest.importorskip("psycopg")
    settings = _engine_settings(url, parsed_url(url))
    assert settings["pool_pre_ping"]
    assert {"keepalives_idle", "tcp_user_timeout"} <= set(settings["connect_args"])
    assert ("connect_timeout" in settings["connect_args"]) == ("timeout" not in url)
