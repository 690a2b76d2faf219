"""``hwsearch report`` as it is typed: formats, languages, and runs that found nothing or go on."""

import shutil

import pytest
from builders.runs import synthetic_run
from typer.testing import CliRunner

from hwsearch.cli import app
from hwsearch.errors import ExitCode, InputError, NothingFits


def report(*line):
    return CliRunner().invoke(app, ["report", *map(str, line)])


@pytest.fixture
def run(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "run", ignore=shutil.ignore_patterns("cache"))


def test_a_page_in_japanese_and_a_plan_beside_it(run):
    done = report(run, "--lang", "ja", "--format", "html,md")
    assert done.exit_code == 0, done.output
    assert done.stdout.split() == [str(run / "report.html"), str(run / "plan.ja.md")]
    assert 'lang="ja"' in (run / "report.html").read_text(encoding="utf-8")
    assert not (run / "plan.en.md").exists()


def test_without_a_language_it_stays_as_it_is(run):
    assert report(run, "--format", "md").stdout.split() == [str(run / "plan.en.md")]
    report(run, "--lang", "ja")
    assert report(run, "--format", "md").stdout.split() == [str(run / "plan.ja.md")]
    (run / "plan.en.md").write_text("of before")
    report(run)
    assert 'lang="ja"' in (run / "report.html").read_text(encoding="utf-8")
    assert (run / "plan.en.md").read_text(encoding="utf-8").startswith("# ")


def test_all_faults_at_once(tmp_path):
    done = report(tmp_path, "--lang", "fr", "--format", "pdf")
    assert isinstance(done.exception, InputError)
    assert [fault.where for fault in done.exception.faults] == ["--format", "--lang"]
    assert isinstance(report(tmp_path, "--format", ",").exception, InputError)


def test_a_run_where_nothing_fits_writes_both_and_says_so(finished, tmp_path):
    folder = synthetic_run(tmp_path / "run", front=False)
    shutil.copy(finished / "study.yaml", folder / "study.yaml")
    done = report(folder, "--format", "html,md")
    assert isinstance(done.exception, NothingFits)
    assert done.exception.exit_code == ExitCode.NOTHING_FITS
    assert "No trial is planned" in (folder / "plan.en.md").read_text(encoding="utf-8")
