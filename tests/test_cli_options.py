"""How many processes train where nobody says it."""

import os

from hwsearch import cli_options


def test_one_process_a_core_that_may_be_used(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 3, 5}, raising=False)
    assert cli_options.cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    assert cli_options.cores() == 4
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cli_options.cores() == 1
