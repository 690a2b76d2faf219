"""A locked storage is waited for (a note says so), then named in one line, with the code of what may be tried again."""

import sqlite3
from contextlib import closing


def test_a_locked_storage_is_one_line_and_the_same_line_goes_on(case):
    line = ("run", "s.yaml", "--out", "run", "--workers", "1", "--storage", "sqlite:///mine.db?timeout=1")
    first = case.hwsearch(*line)
    assert first.returncode == 0, first.stderr
    trials = (case.folder / "run/trials.csv").read_text()
    with closing(sqlite3.connect(case.folder / "mine.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for command in (
            ("export", "run", "--to", "model"),
            ("front", "run", "--profile", "generic_45nm"),
            line,
        ):
            if command is line:  # what is answered asks no storage
                (case.folder / "run/summary.json").unlink()
            done = case.hwsearch(*command)
            assert done.returncode == 3, done.stderr
            *waiting, said = done.stderr.splitlines()
            assert len(waiting) <= 1
            assert all(note.startswith("note: ") and "waiting" in note for note in waiting)
            assert "mine.db" in said
            assert "locked" in said
        other.execute("ROLLBACK")
    assert not (case.folder / "model").exists()
    assert case.hwsearch(*line).returncode == 0
    assert (case.folder / "run/trials.csv").read_text() == trials
