"""Progress where there is no terminal: a plain line a finished batch."""

import pytest

from hwsearch.records.events import Event
from hwsearch.terminal import Progress


@pytest.fixture
def said(capsys, monkeypatch):
    monkeypatch.setattr("time.monotonic", lambda: 10.0)

    def lines(*events):
        with Progress("tiny") as progress:
            for event in events:
                progress.listen(event)
        out, err = capsys.readouterr()
        return [line.partition("] ")[2] for line in out.splitlines()], err

    return lines


def test_a_batch_is_a_line_and_a_stack_is_none(said):
    lines, _ = said(
        Event("start", "tiny"),
        Event("dense", "training the dense reference", 0, 1),
        Event("candidates", "candidates from 0 on: 4 trained", 0, 24),
        Event("candidates", "front of 2", 8, 24),
        Event("final", "final trainings", 1, 3),
        Event("final", "final trainings", 3, 3),
    )
    assert lines == [
        "tiny: loading",
        "dense reference 0/1: training the dense reference",
        "candidates 8/24: front of 2",
        "final trainings 3/3: final trainings",
    ]


def test_the_same_line_is_said_once(said):
    event = Event("candidates", "nothing fits yet", 8, 24)
    assert said(event, event)[0] == ["tiny: loading", "candidates 8/24: nothing fits yet"]


def test_a_note_goes_to_the_other_stream(said):
    lines, notes = said(Event("note", "so it is"))
    assert lines == ["tiny: loading"]
    assert "note: so it is" in notes
