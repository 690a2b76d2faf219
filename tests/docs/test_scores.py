"""The page on scores: its study is valid, every score is in its table, and what it says of lookalikes is the rule."""

import re
from pathlib import Path
from typing import get_args

import pytest
from builders.studies import changed, load
from ruamel.yaml import YAML

from hwsearch.measure.scores import most_lost
from hwsearch.study.laws import Score

PAGE = (Path(__file__).parents[2] / "docs" / "scores.md").read_text(encoding="utf-8")


def test_its_keys_are_a_study(tmp_path):
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
    study = load(tmp_path, changed("seed", 0) | YAML(typ="safe", pure=True).load(text))
    assert (study.score, study.train.class_weights, study.pick.within) == (
        "balanced_accuracy",
        "balanced",
        0.02,
    )


def test_every_score_has_its_line():
    assert tuple(re.findall(r"^\| `(\w+)` \|", PAGE, re.M)) == get_args(Score)


def test_a_class_of_a_twentieth_needs_agreement_on_998_in_a_thousand():
    assert 1 - 0.02 / most_lost(1.0, (95, 5), "balanced_accuracy") == pytest.approx(0.998)
