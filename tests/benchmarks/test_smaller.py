"""How a pick is asked for alone, and what is said to be lost."""

from pathlib import Path

import pandas as pd
import pytest

from benchmarks.smaller import Pair, alone, loss_words
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


def test_losses_are_weighed_by_samples_and_have_an_interval_over_splits():
    found = [Pair("a", 0.90, 0.91, 100, 10), Pair("b", 0.90, 0.94, 300, 12)]
    assert [pair.lost for pair in found] == pytest.approx([1, 4])
    assert loss_words(found).startswith("+3.25 (")
    assert "over 2 splits" in loss_words(found)
    assert loss_words(found[:1]).startswith("+1.00 (each accuracy to ")
