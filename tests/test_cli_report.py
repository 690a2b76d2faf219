"""``hwsearch report`` as it is typed: formats, languages, and runs that found nothing or go on."""

import shutil

import pytest
from builders.runs import synthetic_run
from typer.testing import CliRunner

from hwsearch.cli import app
from hwsearch.errors import ExitCode, InputError, NothingFits, Unfinished


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


def test_a_table_and_a_picture_alone(run):
    before = (run / "report.html").read_bytes()
    (run / "report.html").write_text("of before")
    (run / "front.png").unlink()
    done = report(run, "--format", "csv,png")
    assert done.stdout.split() == [str(run / "front_table.csv"), str(run / "front.png")]
    assert (run / "front.png").read_bytes().startswith(b"\x89PNG")
    assert (run / "report.html").read_text() == "of before" != before
    (run / "front_table.csv").write_text("of before")
    report(run)
    assert (run / "front_table.csv").read_text().startswith("Network is,Trial,")


def test_of_a_run_that_goes_on_there_is_neither(run):
    (run / "summary.json").unlink()
    for name in ("report.html", "front.csv"):
        (run / name).unlink()
    done = report(run, "--format", "html,csv")
    assert isinstance(done.exception, Unfinished)
    assert not (run / "unfinished.html").exists()


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
