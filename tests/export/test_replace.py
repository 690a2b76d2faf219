"""A folder holds one export: it replaces all of an earlier one, and nothing of anybody else's."""

import pytest
from builders.exports import manifest_of, model

from hwsearch.errors import InputError, RecordError
from hwsearch.export.bundle import verify, write_export
from hwsearch.export.replace import check_target, clear_target


@pytest.fixture
def folder(tmp_path):
    return write_export(model(3), tmp_path / "model")


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_an_export_replaces_all_of_an_earlier_one(folder):
    write_export(model(4), folder, ["weights"])
    assert names(folder) == {"weights.safetensors", "check.safetensors", "manifest.json"}
    assert manifest_of(folder)["identity"]["trial"] == 4
    assert all(check.passed for check in verify(folder))
    write_export(model(4), folder, ["config"])
    assert names(folder) == {"config.yaml", "manifest.json"}
    assert all(check.passed for check in verify(folder))


@pytest.mark.parametrize("cut", ["write_weights", "save_tensors", "_manifest"])
def test_an_export_that_is_cut_off_is_none_and_the_next_one_replaces_it(folder, monkeypatch, cut):
    whole = names(folder)

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(f"hwsearch.export.bundle.{cut}", stop)
        with pytest.raises(KeyboardInterrupt):
            write_export(model(4), folder)
    with pytest.raises(RecordError, match=r"must have a manifest\.json"):
        verify(folder)
    write_export(model(4), folder)
    assert names(folder) == whole
    assert all(check.passed for check in verify(folder))


def test_a_folder_with_a_file_of_somebody_is_left_as_it_is(folder):
    (folder / "notes.txt").write_text("mine")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(InputError, match=r"new or empty folder.*other files: notes\.txt"):
        write_export(model(4), folder)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_what_is_no_place_for_an_export_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="a file"):
        check_target(tmp_path / "file")
    (tmp_path / "manifest.json").write_text('{"name": "somebody\'s", "version": 3}')
    with pytest.raises(InputError, match=r"other files: file, manifest\.json"):
        check_target(tmp_path)
    for name in "abcde":
        (tmp_path / name).touch()
    with pytest.raises(InputError, match="a, b, c and 4 more"):
        check_target(tmp_path)
    check_target(tmp_path / "new")


def test_while_files_are_written_a_list_says_which_may_lie_there(tmp_path):
    clear_target(tmp_path / "model", ["config.yaml"])
    assert names(tmp_path / "model") == {"manifest.json.part"}
    (tmp_path / "model" / "config.yaml.part").touch()  # cut off in the middle of the file
    (tmp_path / "model" / "config.yaml.123.part").touch()
    check_target(tmp_path / "model")


def test_folders_of_an_export_are_replaced_and_those_of_others_are_not(tmp_path):
    folder = write_export(model(3), tmp_path / "model", ["c"])
    assert (folder / "c/src/snn.c").exists()
    (folder / "c/src/mine.c").write_text("mine")
    with pytest.raises(InputError, match=r"c/src/mine\.c"):
        write_export(model(4), folder, ["config"])
    (folder / "c/src/mine.c").unlink()
    (folder / "empty").mkdir()
    with pytest.raises(InputError, match="empty"):
        write_export(model(4), folder, ["config"])
    (folder / "empty").rmdir()
    write_export(model(4), folder, ["config"])
    assert names(folder) == {"config.yaml", "manifest.json"}
