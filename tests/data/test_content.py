"""A digest of data files: of their content and their names within, and of nothing else."""

import shutil

import pytest

from hwsearch.data.content import content_digest, names_plugins
from hwsearch.errors import InputError
from hwsearch.study.data_section import CsvData, IdxData, ImagesData, NamedData, PluginData


def table(folder, name="a.csv"):
    return CsvData(csv=name, label="s", root=str(folder))


def test_a_changed_file_has_another_digest_and_a_renamed_or_moved_one_the_same(tmp_path):
    (tmp_path / "a.csv").write_text("p,s\n1,0\n")
    first = content_digest(table(tmp_path))
    shutil.copytree(tmp_path, tmp_path / "moved")
    (tmp_path / "moved" / "a.csv").rename(tmp_path / "moved" / "b.csv")
    assert content_digest(table(tmp_path / "moved", "b.csv")) == first
    (tmp_path / "a.csv").write_text("p,s\n1,1\n")
    assert content_digest(table(tmp_path)) != first


def test_a_folder_is_its_files_and_their_names(tmp_path):
    for name in ("train/a/1.png", "train/b/2.png", "test/a/3.png", "test/b/4.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    data = ImagesData(images="train", test_from="test", root=str(tmp_path))
    first = content_digest(data)
    (tmp_path / "train/b/2.png").rename(tmp_path / "train/a/2.png")  # another class
    moved = content_digest(data)
    (tmp_path / "test/b/4.png").write_text("other")
    assert len({first, moved, content_digest(data)}) == 3


def test_each_file_of_an_idx_counts(tmp_path):
    for name in ("x", "y"):
        (tmp_path / name).write_text(name)
    data = IdxData.model_validate({"idx": {"images": "x", "labels": "y"}, "root": str(tmp_path)})
    first = content_digest(data)
    (tmp_path / "y").write_text("z")
    assert content_digest(data) != first


def test_shipped_sets_have_none_and_a_missing_file_is_a_fault(tmp_path):
    assert content_digest(NamedData(name="digits")) is None
    with pytest.raises(InputError, match=r"data\.csv: the file or folder must exist"):
        content_digest(table(tmp_path))


def test_what_code_of_ones_own_gives_is_not_known_by_files(tmp_path):
    assert not names_plugins(table(tmp_path))
    assert names_plugins(PluginData(plugin="mine"))
    encode = {"plugin": {"name": "mine"}}
    assert names_plugins(CsvData.model_validate({"csv": "a.csv", "label": "s", "encode": encode}))
