"""A storage that is none is one line and leaves nothing; a good one is remembered by the folder."""

import pytest


@pytest.mark.parametrize("url", ["sqlite:///no.db", "mysql://x:secret@y/z"])
def test_a_bad_storage_is_one_line(case, url):
    (case.folder / "no.db").write_text("no database, only a line of text that is long enough to be looked at")
    before = {path.name for path in case.folder.iterdir()}
    done = case.hwsearch("run", "s.yaml", "--out", "bad", "--workers", "1", "--storage", url)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("error: ")
    assert "secret" not in done.stderr
    assert {path.name for path in case.folder.iterdir()} == before


def test_a_run_is_read_from_the_storage_that_it_was_given(case):
    line = ("run", "s.yaml", "--out", "run", "--workers", "1")
    assert case.hwsearch(*line, "--storage", "sqlite:///mine.db").returncode == 0
    elsewhere = case.hwsearch("front", "run", "--profile", "generic_45nm")
    assert elsewhere.returncode == 0, elsewhere.stderr
    exported = case.hwsearch("export", "run", "--to", "model")
    assert exported.returncode == 0, exported.stderr
    assert not (case.folder / "run/study.db").exists()
    (case.folder / "mine.db").rename(case.folder / "moved.db")
    lost = case.hwsearch("export", "run", "--to", "model")
    assert lost.returncode == 2
    assert "mine.db" in lost.stderr
    assert not (case.folder / "mine.db").exists()
    found = case.hwsearch("export", "run", "--to", "model", "--storage", "sqlite:///moved.db")
    assert found.returncode == 0, found.stderr


def test_a_torn_log_stops_neither_a_finish_nor_what_comes_after(case):
    line = ("run", "s.yaml", "--out", "run", "--workers", "1")
    assert case.hwsearch(*line).returncode == 0
    log = case.folder / "run/log.jsonl"
    log.write_text(log.read_text() + '{"time": 17')
    (case.folder / "run/summary.json").unlink()  # as one that was killed at the end
    done = case.hwsearch(*line)
    assert done.returncode == 0, done.stderr
    assert "1 torn lines of log.jsonl" in (case.folder / "run/summary.json").read_text()
