"""A finished run asked again: the same answer, at once, and nothing is counted or written again."""

import resource

import pytest


def seconds():
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


@pytest.mark.slow
def test_the_same_line_again_does_nothing(case):
    case.study(
        search="{candidates: 16, batch: 8}", train="{dense_epochs: 10, epochs: 8, learning_rate: 0.01}"
    )
    line = ("run", "s.yaml", "--out", "run", "--workers", 1)
    first = case.hwsearch(*line)
    assert first.returncode == 0, first.stderr
    files = {path: path.read_bytes() for path in (case.folder / "run").iterdir() if path.is_file()}
    answer = first.stdout[first.stdout.index(" trial ") :]
    for _ in range(2):
        since = seconds()
        again = case.hwsearch(*line)
        assert again.returncode == 0, again.stderr
        assert again.stdout.endswith(answer)
        assert "candidates from" not in again.stdout  # no progress of trainings
        assert seconds() - since < 3  # of the processor; loading torch alone takes longer
    assert {path: path.read_bytes() for path in files} == files
