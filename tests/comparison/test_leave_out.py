"""Leaving out one group after another: each network is trained without it, once."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from builders.records import plan_of_three_rungs

from hwsearch.comparison.leave_out import LeftOut, leave_out, left_out_words, parts_to_leave, write_left_out
from hwsearch.data.readers.read import read_samples
from hwsearch.measure.accuracy import wilson
from hwsearch.search.store.cache import Cache


def test_each_group_is_left_out_once_and_not_trained_twice(tmp_path, tiny_text):
    plan = plan_of_three_rungs(tmp_path, tiny_text)
    names = ("ann", "bob", "cy", "dee")
    samples = replace(read_samples(plan.study.data), groups=np.arange(1797) % 4, group_names=names)
    told = []
    rows = leave_out(
        plan, samples, parts_to_leave(plan, samples), Cache(tmp_path / "cache", "plan"), told.append
    )
    assert [(row.group, row.n) for row in rows] == list(zip(names, [450, 449, 449, 449], strict=True))
    # 8 epochs at T 3 of two of the three groups that are left, 133 samples each when 400 are drawn
    assert [row.train_steps / 24 for row in rows] == pytest.approx([267] * 4, abs=20)
    assert min(row.accuracy for row in rows) > 0.5
    assert rows[0].low < rows[0].accuracy < rows[0].high
    stored = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").iterdir()}
    assert len(stored) == 4
    again = leave_out(
        plan, samples, parts_to_leave(plan, samples), Cache(tmp_path / "cache", "plan"), told.append
    )
    assert again == rows
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").iterdir()} == stored
    assert told[0] == f"ann: {rows[0].accuracy:.4f} of 450"


def test_a_table_and_its_words(tmp_path):
    rows = [LeftOut("ann", 10, 0.5, 0.2, 0.8, 7), LeftOut("bob", 30, 0.9, 0.8, 0.95, 7)]
    write_left_out(rows, tmp_path / "leave_out.csv")
    with (tmp_path / "leave_out.csv").open() as stream:
        assert list(csv.DictReader(stream))[1] == {
            "group": "bob", "n": "30", "accuracy": "0.9", "low": "0.8", "high": "0.95", "train_steps": "7",
        }  # fmt: skip
    low, high = wilson(0.8, 40)
    assert left_out_words(rows) == (
        f"mean 70.00% of 2 left out (50.00% .. 90.00%); of all 40 predictions 80.00% ({low:.2%} .. {high:.2%})"
    )
