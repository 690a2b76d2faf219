"""The names in a run folder, and what is no run."""

import pytest

from hwsearch.errors import InputError, RecordError
from hwsearch.records.run_folder import RunFolder, open_run


def test_every_file_lies_in_the_folder_under_a_name_of_its_own(tmp_path):
    folder = RunFolder(tmp_path)
    files = [getattr(folder, name) for name, kind in vars(RunFolder).items() if isinstance(kind, property)]
    paths = [path for path in files if not isinstance(path, str) and path != folder.shared]
    assert len({path.name for path in paths}) == len(paths) > 10
    assert {path.parent for path in paths} == {tmp_path}


def test_a_storage_is_a_url_whatever_the_folder_is_called(tmp_path):
    assert RunFolder(tmp_path / "a b").storage == f"sqlite:///{tmp_path}/a b/study.db"
    assert RunFolder(tmp_path / "50% ?#").storage == f"sqlite:///{tmp_path}/50%25 %3F%23/study.db"


def test_finders_work_is_shared_where_the_environment_says_so(tmp_path, monkeypatch):
    folder = RunFolder(tmp_path)
    assert folder.shared == folder.cache
    monkeypatch.setenv("HWSEARCH_CACHE", str(tmp_path / "all"))
    assert folder.shared == tmp_path / "all"


def test_a_run_is_a_folder_with_its_study(tmp_path):
    with pytest.raises(InputError, match=r"must hold a study\.yaml"):
        open_run(tmp_path)
    (tmp_path / "trials.csv").touch()
    with pytest.raises(RecordError, match=r"study\.yaml: a run must have the study as used"):
        open_run(tmp_path)
    (tmp_path / "study.yaml").touch()
    assert open_run(tmp_path) == RunFolder(tmp_path)


@pytest.mark.parametrize(
    "name", ["a\nb", "a\x1b[31m", b"a\xff".decode(errors="surrogateescape"), "a\u202eb", "a\u2028"]
)
def test_a_name_that_is_no_text_of_one_line_is_refused(tmp_path, name):
    for path in (tmp_path / name, tmp_path / name / "run"):
        with pytest.raises(InputError, match="must be text of one line") as caught:
            RunFolder(path)
        assert str(caught.value).isprintable()
        assert str(caught.value).isascii()


@pytest.mark.parametrize("name", ["a b", "a?1", "100%", "a#b", "ä", "実験", "a{b}", "👩\u200d💻", "a\u00a0b"])
def test_any_other_name_is_one(tmp_path, name):
    assert RunFolder(tmp_path / name).database == tmp_path / name / "study.db"
