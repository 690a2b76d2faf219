"""What a training of real data is counted as, and what the page says of it."""

from pathlib import Path

import pytest

from benchmarks.real_data import SETS, Row, print_left_out
from hwsearch.study.model import load_study

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "task", [task for tasks in SETS.values() for task in tasks], ids=lambda task: task.study
)
def test_its_studies_load_and_say_what_may_be_lost(task):
    study = load_study(ROOT / task.study)
    assert study.pick.within is not None
    assert 0 < task.asked < 1


def test_those_left_out_are_counted_alike_however_many_samples_they_have(capsys):
    rows = [
        Row("s", "left out", 0, name, right, n, 10, 1.0) for name, right, n in (("a", 5, 10), ("b", 100, 100))
    ]
    print_left_out(rows)
    assert "Mean over who is left out 75.00%" in capsys.readouterr().out
