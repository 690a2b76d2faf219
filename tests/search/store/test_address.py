"""A URL of no storage is refused in a line, before anything is there, and without its password."""

import pytest

from hwsearch.errors import InputError
from hwsearch.search.store.address import file_of, parsed_url, without_secrets
from hwsearch.search.store.place import Place, check_place


def refused(url):
    """Return the one line that says why a storage is refused."""
    with pytest.raises(InputError) as caught:
        check_place(Place(url, "s", inside=False), "d")
    assert "\n" not in str(caught.value)
    return str(caught.value)


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
        ("sqlite:///a?1/x.db", "%3F"),
        ("sqlite:///x?mode=ro&uri=true", "timeout=SECONDS"),
        ("sqlite:///x.db?uri=true", "timeout=SECONDS"),
        ("sqlite:///x.db?check_same_thread=x", "timeout=SECONDS"),
        ("sqlite:///x.db?timeout=-1", "got timeout=-1"),
        ("sqlite:///x.db?timeout=nan", "timeout=SECONDS"),
        ("sqlite:///x.db?timeout=1&timeout=2", "timeout=SECONDS"),
        ("sqlite:///:memory:", "must be a file"),
        ("sqlite:///missing/x.db", "no folder missing"),
        ("sqlite:///.", "a folder"),
    ],
)
def test_a_url_of_no_storage_is_a_line_and_leaves_nothing(tmp_path, monkeypatch, url, told):
    monkeypatch.chdir(tmp_path)
    assert told in refused(url)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_driver_is_told_without_the_password():
    told = refused("mysql://ann:s3cret@host/db")
    assert "no MySQLdb" in told
    assert "s3cret" not in told


def test_a_driver_that_is_missing_is_named_with_what_installs_it():
    assert "hwsearch[postgres]" in refused("postgresql+psycopg2://ann:s3cret@host/db")


def test_the_rest_of_a_password_is_no_host(capsys):
    pytest.importorskip("psycopg")
    told = refused("postgresql+psycopg://ann:s3c@ret@host/db")
    assert "%40" in told
    assert "s3c" not in told
    assert "ret@" not in told


def test_two_ways_to_write_a_storage_are_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    one, other = parsed_url("sqlite:///x.db"), parsed_url(f"sqlite:///{tmp_path}/x.db")
    assert without_secrets(one) == without_secrets(other)
    assert file_of(other) == tmp_path / "x.db"
