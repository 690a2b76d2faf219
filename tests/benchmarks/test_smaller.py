"""How a pick is asked for alone, and what is said to be lost."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.real_data import SETS, Row, Task
from benchmarks.smaller import Pair, alone, figures, loss_words
from hwsearch.api import make_plan
from hwsearch.study.model import load_study

ROOT = Path(__file__).parents[2]
ROW = pd.Series({"sparsity": 0.9, "granularity": "weight", "weight_bits": 3, "timesteps": 16})


def test_a_pick_alone_is_the_studys_only_candidate():
    study = load_study(ROOT / "studies/fsdd_speech.yaml")
    asked = alone(study, ROW)
    assert asked.space.sparsity == (0.9,)
    assert asked.space.granularity == ("weight",)
    assert (asked.space.weight_bits, asked.space.timesteps) == ((3,), (16,))
    assert (asked.search.candidates, asked.final.seeds) == (1, 1)
    assert asked.train == study.train


TENTHS = [task for tasks in SETS.values() for task in tasks if task.tenth is not None]


@pytest.mark.parametrize("task", TENTHS, ids=lambda task: task.study)
def test_a_tenth_is_asked_of_the_same_task_on_the_same_device(task):
    large, small = load_study(ROOT / task.study), load_study(ROOT / task.tenth)
    assert small.data.model_copy(update={"validation": large.data.validation}) == large.data
    assert small.device.profile == large.device.profile
    assert small.network.layers != large.network.layers


@pytest.mark.parametrize(
    ("parts", "shares"), [("official", {"the search's own": 0.85}), ("folds", {"fold 1": 0.9, "fold 2": 0.7})]
)
def test_a_tenths_losses_are_counted_from_the_mean_of_all_seeds_or_from_its_own_folds(
    parts, shares, monkeypatch, tmp_path
):
    names = [("", 90), ("", 80)] if parts == "official" else [("fold 1", 90), ("fold 2", 70)]
    rows = [
        Row("digits_mcu", parts, seed, name, right, 100, 10, 1.0) for seed, (name, right) in enumerate(names)
    ]
    if parts == "folds":
        rows = [replace(row, seed=0) for row in rows] + [replace(rows[0], seed=1, right=3)]
    plan = make_plan(load_study(ROOT / "studies/digits_mcu.yaml"))
    monkeypatch.setattr("benchmarks.smaller.rows_of", lambda task, seeds, work: (plan, rows))
    task = Task("studies/digits_mcu.yaml", parts, 0.5)
    n_bytes, found = figures(task, tmp_path)
    assert found == pytest.approx(shares)
    spec = plan.spec
    n_weights = sum(int(np.prod(c.weight_shape)) for c in spec.connections)
    # 8-bit weights alone; the rest is biases, membranes and sums
    assert n_weights < n_bytes < 1.5 * n_weights


def test_losses_are_weighed_by_samples_and_have_an_interval_over_splits():
    found = [Pair("a", 0.90, 0.91, 100, 10), Pair("b", 0.90, 0.94, 300, 12)]
    assert [pair.lost for pair in found] == pytest.approx([1, 4])
    assert loss_words(found).startswith("+3.25 (")
    assert "over 2 splits" in loss_words(found)
    assert loss_words(found[:1]).startswith("+1.00 (each accuracy to ")
