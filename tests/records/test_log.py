"""A log with torn lines is read all the same, and the next line stands alone."""

import json
import os

import pytest

from hwsearch.records.events import Event
from hwsearch.records.log import followed, logged, read_log, seconds_spent
from hwsearch.records.run_folder import RunFolder

LINES = [
    {"time": 10.0, "kind": "start", "text": "a"},
    {"time": 14.0, "kind": "dense", "text": "", "model_s": 1.5},
    {"time": 100.0, "kind": "start", "text": "a"},
    {"time": 103.0, "kind": "final", "text": ""},
]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in LINES))
    return RunFolder(tmp_path)


def test_the_time_of_every_session_is_counted(folder):
    log = read_log(folder)
    assert (log.wall_s, log.model_s, log.torn) == (4.0 + 3.0, 1.5, 0)


@pytest.mark.parametrize(
    "torn", [b'{"time": 104.0, "ki', b"\x00\xff\x00", b"[]", b"3", b'{"time": "x", "kind": "final"}', b"{}"]
)
@pytest.mark.parametrize("at", [0, 2, 4])
def test_a_torn_line_costs_itself_alone(folder, torn, at):
    lines = folder.log.read_bytes().splitlines(keepends=True)
    folder.log.write_bytes(b"".join(lines[:at]) + torn + (b"\n" if at < 4 else b"") + b"".join(lines[at:]))
    log = read_log(folder)
    assert (log.wall_s, log.model_s, log.torn) == (7.0, 1.5, 1)
    heard = []
    logged(folder, heard.append)(Event("final", "next"))
    assert read_log(folder).torn == 1
    assert json.loads(folder.log.read_text(errors="replace").splitlines()[-1])["text"] == "next"
    assert [event.text for event in heard] == ["next"]


def test_a_log_that_is_gone_or_empty_is_no_fault(tmp_path):
    assert read_log(RunFolder(tmp_path)).sessions == ()
    (tmp_path / "log.jsonl").touch()
    assert read_log(RunFolder(tmp_path)).wall_s == 0


def test_an_event_is_a_line_that_leaves_out_what_it_does_not_say(tmp_path, monkeypatch):
    monkeypatch.setattr("time.time", lambda: 12.34567)
    tell = logged(RunFolder(tmp_path), lambda event: None)
    tell(Event("note", "so it is"))
    tell(Event("candidates", "µ", 3, 8, 0.12345))
    assert (tmp_path / "log.jsonl").read_text() == (
        '{"time": 12.346, "kind": "note", "text": "so it is"}\n'
        '{"time": 12.346, "kind": "candidates", "text": "\\u00b5", "done": 3, "total": 8, "model_s": 0.123}\n'
    )
    ((first, second),) = read_log(RunFolder(tmp_path)).sessions
    assert (first.text, first.total) == ("so it is", 0)
    assert (second.text, second.done, second.total, second.model_s) == ("µ", 3, 8, 0.123)


def test_a_clock_that_is_set_back_takes_no_time_away(tmp_path, monkeypatch):
    times = (1000.0, 1004.0, 4.0, 7.0)  # a battery was empty
    lines = [{"time": time, "kind": kind} for time, kind in zip(times, ("start", *["note"] * 3), strict=True)]
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert read_log(RunFolder(tmp_path)).wall_s == 4.0 + 3.0
    monkeypatch.setattr("time.time", lambda: 2.0)
    assert seconds_spent(RunFolder(tmp_path), 1.0).wall == 7.0


def test_a_run_is_followed_from_its_last_session_to_its_end(folder):
    def end():
        folder.summary.write_text("{}")
        os.utime(folder.summary, (900.0, 900.0))

    def begin_anew():
        with folder.log.open("a") as log:
            log.write('{"time": 800.0, "kind": "start", "text": "again"}\n{"time": 801.0, "kind": "no')

    def go_on():
        with folder.log.open("a") as log:
            log.write('te", "text": "whole"}\n')

    folder.summary.write_text("of an earlier session")
    os.utime(folder.summary, (50.0, 50.0))
    steps = iter([begin_anew, go_on, end])
    told = [(event.kind, event.text) for event in followed(folder, lambda: next(steps)())]
    assert told == [("start", "a"), ("final", ""), ("start", "again"), ("note", "whole")]


def test_a_run_that_was_not_begun_is_waited_for(tmp_path):
    folder, looks = RunFolder(tmp_path), []

    def wait():
        looks.append(1)
        if len(looks) == 2:
            folder.log.write_text('{"time": 1.0, "kind": "start", "text": "a"}\n')
            folder.summary.write_text("{}")

    assert [event.kind for event in followed(folder, wait)] == ["start"]
