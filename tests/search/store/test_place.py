"""A folder remembers where its search is kept: whole, without a password, and its own file moves with it."""

import json

import pytest

from hwsearch.errors import InputError
from hwsearch.records.run_folder import RunFolder
from hwsearch.search.store.place import Place, check_place, place_of, remember
from hwsearch.search.store.storage import open_study


def url_of(path, query=""):
    return f"sqlite:///{path}{query}"


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


def test_a_damaged_note_of_the_storage_is_told(tmp_path):
    (tmp_path / "storage.json").write_text('{"url": ')
    with pytest.raises(InputError, match=r"storage\.json: the file must say"):
        place_of(RunFolder(tmp_path), "s")


def test_a_password_is_not_remembered(tmp_path):
    pytest.importorskip("psycopg")
    folder = RunFolder(tmp_path)
    url = "postgresql+psycopg://ann:s3cret@host/db?sslpassword=s3cret&sslmode=require"
    remember(folder, place_of(folder, "s", url), "s")
    kept = json.loads(folder.storage_place.read_text())["url"]
    assert kept == "postgresql+psycopg://ann@host/db?sslmode=require"
    assert place_of(folder, "s", url).elsewhere == ""
    assert place_of(folder, "s").url == kept


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
