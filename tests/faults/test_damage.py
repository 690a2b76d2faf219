"""A short form of ``damage.py``: damaged caches are named, and cost time and nothing else."""

import random

import pytest
from faults.damage import begun, case


@pytest.mark.slow
@pytest.mark.parametrize("finder", ["magnitude", "multi_prize"])
def test_runs_with_damaged_caches_end_as_an_undisturbed_one(tmp_path, finder):
    runs, draw = begun(tmp_path, finder), random.Random(22)
    ended = [case(tmp_path, *runs, draw) for _ in range(3)]
    assert [wrong for _, _, wrong in ended] == [[]] * 3
    assert any(told for _, told, _ in ended)
