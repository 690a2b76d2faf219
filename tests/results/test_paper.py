"""The page and the plan of a folder, whether its run has ended or goes on."""

import shutil

import pytest

import hwsearch
from hwsearch.errors import InputError, Unfinished
from hwsearch.records.run_folder import RunFolder
from hwsearch.results.paper import page_of, plan_of


@pytest.fixture
def ended(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "run", ignore=shutil.ignore_patterns("cache"))


@pytest.fixture
def going_on(ended):
    """Return a folder with what there is before a run ends."""
    for name in ("summary.json", "report.html", "front.csv", "front.png"):
        (ended / name).unlink(missing_ok=True)
    return ended


def test_a_run_that_has_ended(ended):
    folder = RunFolder(ended)
    assert page_of(folder, "ja") == folder.report
    assert plan_of(folder, None) == ended / "plan.ja.md"
    assert hwsearch.load_run(ended).plan("en") == ended / "plan.en.md"
    assert "## The staged plan" in (ended / "plan.en.md").read_text(encoding="utf-8")


def test_one_that_goes_on_says_that_it_is_early(going_on):
    folder = RunFolder(going_on)
    assert page_of(folder, "ja") == folder.unfinished
    assert "まだ判断できません" in folder.unfinished.read_text(encoding="utf-8")
    plan = plan_of(folder, None)
    assert plan == going_on / "plan.ja.md"
    assert "24件のうち結果が出たのは24件" in plan.read_text(encoding="utf-8")


def test_another_language_is_refused_before_anything_is_written(ended):
    (ended / "report.html").unlink()
    for write in (page_of, plan_of):
        with pytest.raises(InputError, match="--lang"):
            write(RunFolder(ended), "fr")
    assert not (ended / "report.html").exists()


def test_nothing_begun_is_nothing_to_tell(going_on):
    (going_on / "profile.yaml").unlink()
    with pytest.raises(Unfinished):
        plan_of(RunFolder(going_on), "en")
