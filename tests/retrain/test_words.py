"""Sentences of a training's outcome, and the estimate of its energy."""

from dataclasses import replace

from hwsearch.measure.answers import Answers
from hwsearch.retrain.spent import Spent
from hwsearch.retrain.training import Retrained, Standing
from hwsearch.retrain.words import sentences


def standing(right_val, right_test):
    val, test = (
        Answers((50, 50), (50, 50), (right, right), 0, 0, (), 0, ((right, 50 - right), (50 - right, right)))
        for right in (right_val, right_test)
    )
    return Standing(val, test, val.accuracy, test.accuracy)


RESULT = Retrained(None, 3, standing(30, 29), standing(45, 44), (0.8, None, 0.9), ("no room",), 12_000, 900)


def test_energy_is_core_seconds_times_watts():
    assert Spent(3.0, 5.0, 12.0).energy_j == 60.0


def test_what_was_regained_and_what_it_cost():
    said = sentences(RESULT, Spent(3.0, 5.0, 10.0, 600_000), "accuracy")
    assert said[0].startswith("Doing nothing: accuracy 60.0 % on validation, 58.0 % (")
    assert (
        "Retrained (epoch 3 of 3, chosen on validation): accuracy 90.0 % on validation, 88.0 % (" in said[1]
    )
    assert said[1].endswith(": +30.0 points.")
    assert said[2] == "1 of 3 epochs were left out: no room."
    assert "12,000 training steps" in said[3]
    assert "about 50 J by estimate, not measured: 5.0 core seconds at 10 W a busy core." in said[3]
    assert said[4] == "The search that found the model cost 600,000 training steps: 50 times as many."


def test_what_is_not_known_is_said():
    said = sentences(replace(RESULT, after=None, epoch=None), Spent(3.0, 5.0), "balanced_accuracy")
    assert said[0].startswith("Doing nothing: balanced accuracy")
    assert said[1] == "No epoch of 3 was better on validation than doing nothing: keep the model you have."
    assert said[-1] == "What the search cost is unknown: the export does not say."
