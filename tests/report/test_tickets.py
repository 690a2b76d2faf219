"""Means, intervals, paired differences and knees by hand, and what the table and figure hold."""

import math

import numpy as np
import pandas as pd
import pytest

from hwsearch.report.intervals import interval
from hwsearch.report.ticket_claims import claims_markdown, difference
from hwsearch.report.tickets import comparison_markdown, knee, write_comparison

FACTS = {
    "train": 100, "test": 50, "timesteps": 5, "early_timesteps": 3, "kl_forward_trained": [1.0],
    "kl_backward_trained": [1.0], "dense_steps": 1000, "epoch_s": 2.0, "score_s": 0.5,
}  # fmt: skip


def rows(finder, sparsity, accuracies, steps=0, granularity="weight"):
    return [
        {
            "finder": finder,
            "granularity": granularity,
            "sparsity": sparsity,
            "seed": seed,
            "accuracy_test": accuracy,
            "find_steps": steps,
        }
        for seed, accuracy in enumerate(accuracies)
    ]


TABLE = pd.DataFrame(
    [
        *rows("dense", 0.0, [0.95, 0.97]),
        *rows("iterative", 0.5, [0.95, 0.97], 1000),
        *rows("iterative", 0.8, [0.93, 0.95], 3000),
        *rows("iterative", 0.9, [0.95, 0.97], 5000),
        *rows("random", 0.5, [0.90, 0.94]),
        *rows("one_shot magnitude", 0.8, [0.5, 0.6]),
        *rows("one_shot second_order", 0.8, [0.9, 0.9]),
    ]
)


def test_the_interval_of_two_values():
    # t(0.975, 1) = 12.7062; sd = sqrt(2)
    mean, half = interval(np.array([1.0, 3.0]))
    assert (mean, half) == (2.0, pytest.approx(12.7062, rel=1e-4))
    assert interval(np.array([1.0])) == (1.0, math.inf)


def test_differences_are_paired_by_seed():
    mean, half = difference(TABLE, ("iterative", "weight", 0.5), ("random", "weight", 0.5))
    assert mean == pytest.approx(4.0)
    assert half == pytest.approx(12.7062 * np.std([5, 3], ddof=1) / math.sqrt(2), rel=1e-4)
    assert difference(TABLE, ("iterative", "weight", 0.5), ("reinit", "weight", 0.5)) is None


def test_claims_by_hand():
    table = pd.DataFrame(
        [
            *rows("dense", 0.0, [0.95, 0.97]),
            *rows("multi_prize", 0.5, [0.931, 0.951]),
            *rows("iterative", 0.9, [0.950, 0.970], 1000),
            *rows("iterative", 0.95, [0.90, 0.94], 2000),
            *rows("random", 0.9, [0.930, 0.951]),  # 2.0 and 1.9 better: 1.95 +- 0.64
            *rows("reinit", 0.95, [0.89, 0.91]),  # 1 and 3 better: 2 +- 12.7
            *rows("early_time", 0.9, [0.93, 0.95], 800),
            *rows("early_time", 0.95, [0.93, 0.95], 1000),
            *rows("early_bird", 0.9, [0.93, 0.95], 100),
            *rows("early_bird", 0.95, [0.93, 0.95], 100),
        ]
    )
    text = "\n".join(claims_markdown(table, FACTS))
    assert "random mask of the same layers' sparsities at 90% | yes | +1.95 ± 0.64 points |" in text
    assert "own mask with fresh weights at 95% | no | +2.00 ± 12.71 points |" in text
    assert "at 95% | yes" not in text
    assert "of the iterative finder's steps | no | 20% to 50% at 90 % and beyond" in text
    assert "early-time loses at most 1 point at 90 % | no | +2.00 ± 0.00 points |" in text
    assert "early-bird saves more | yes | 90% to 95%; loses +2.00 ± 0.00 points at 90 % |" in text
    assert "lose at most 2 points against the dense network | yes | +1.90 ± 0.00 points |" in text
    assert "less than a training epoch | yes | 0.25 of one |" in text


def test_the_knee_is_before_the_first_fall():
    assert knee(TABLE, "iterative", "weight", 0.96, 0.01) == 0.5
    assert knee(TABLE, "iterative", "weight", 0.96, 0.03) == 0.9
    assert knee(TABLE, "random", "weight", 0.96, 0.01) is None


def test_what_is_written(tmp_path):
    text = comparison_markdown(TABLE, FACTS, "tiny", 0.01)
    assert "Dense, 8 bits: 96.00" in text
    assert "| iterative | 96.00 ± 12.71 | 94.00 ± 12.71 | 96.00 ± 12.71 | 50 % | 5.00 |" in text
    assert "| 50 % | control: random mask | +4.00 ± 12.71 | touches zero |" in text
    assert "| weight, 80 % removed | 55.00 ± 63.53 |  | 90.00 ± 0.00 |" in text
    assert (
        "| second order beats magnitude at 80% (weight), without training | no | +35.00 ± 63.53 points |"
        in text
    )
    folder = write_comparison(TABLE, FACTS, "tiny", 0.01, tmp_path / "out")
    assert sorted(p.name for p in folder.iterdir()) == ["tickets.csv", "tickets.md", "tickets.png"]
    alone = TABLE[TABLE["finder"].isin(["dense", "one_shot magnitude"])]
    folder = write_comparison(alone, FACTS, "tiny", 0.01, tmp_path / "no finder")
    assert sorted(p.name for p in folder.iterdir()) == ["tickets.csv", "tickets.md"]
