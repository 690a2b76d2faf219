"""What networks know, in words and columns: what is no better than always answering the largest class is no model.

Such a network can be small, and as accurate as a dense one that knows nothing either. It is on no front, and from such
a dense reference nothing is searched.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hwsearch.errors import HwsearchError
from hwsearch.measure.answers import Answers
from hwsearch.measure.measured import Measured
from hwsearch.measure.scores import constant_score, score_of
from hwsearch.study.laws import Score

_FLOAT_LOSS = 0.1  # accuracy that integers may lack to the float network before they are named as the cause
_UNEVEN = 1.5  # times its even share from which on a class is named as too large


def lack_of_skill(measured: Measured, score: Score = "accuracy") -> str:
    """Return why a measured network is no model, with what it answers; empty where it is one.

    Judged on the validation split, by the integers and the study's score.
    """
    answers = measured.answers_val
    if answers is None or answers.skilled(score):
        return ""
    most = max(range(len(answers.answered)), key=answers.answered.__getitem__)
    constant = constant_score(answers.samples, score)
    above = "no" if score_of(answers, score) <= constant else "by no more than chance"
    said = (
        f"{above} better than always answering the largest class: right on {answers.accuracy:.1%} of {answers.n} "
        f"validation samples, {answers.largest_class_share:.1%} of which are class {answers.largest_class}; it answers "
        f"class {most} to {answers.answered[most] / answers.n:.1%} of them"
    )
    if answers.silent_layers:
        said += f"; no neuron of {', '.join(answers.silent_layers)} fires"
    return said


def refuse_without_skill(measured: Measured, what: str, score: Score = "accuracy") -> None:
    """Refuse a network that everything else is to be built on or measured against.

    Args:
        measured: The network.
        what: What it is called.
        score: Of the study.

    Raises:
        HwsearchError: It is no model; the message says what it answers, the likely cause, and what to do.
    """
    lacking = lack_of_skill(measured, score)
    if lacking:
        assert measured.answers_val is not None
        raise HwsearchError(f"{what} is no model: {lacking}. {_cause(measured, measured.answers_val)}")


def answer_columns(measured: Measured) -> dict[str, Any]:
    """Return what a network answers, as columns: shares of inputs and counts, on validation and (``_test``) on test.

    ``recalls`` are the shares of right answers class by class, ``0.9800/0.9500``; empty for a class without samples.
    """
    columns: dict[str, Any] = {}
    for answers, split in ((measured.answers_val, ""), (measured.answers_test, "_test")):
        known = [] if answers is None else [recall for recall in answers.recalls if recall is not None]
        columns |= {
            f"recall_min{split}": min(known, default=None),
            f"recalls{split}": None if answers is None else _spelt(answers.recalls),
            f"ties{split}": None if answers is None else answers.ties / answers.n,
            f"input_independent{split}": None if answers is None else answers.input_independent / answers.n,
            f"silent_layers{split}": None if answers is None else len(answers.silent_layers),
            f"silent_channels{split}": None if answers is None else answers.silent_channels,
        }
    return columns


def _spelt(recalls: Sequence[float | None]) -> str:
    return "/".join("" if recall is None else f"{recall:.4f}" for recall in recalls)


def _cause(measured: Measured, answers: Answers) -> str:
    """Return what seems to be the cause, and what to do about it."""
    whole = measured.accuracy_val_float
    if whole is not None and whole > answers.accuracy + _FLOAT_LOSS:
        return (
            f"As floats it is right on {whole:.1%}: the widths of the device lose it; take a device with wider "
            "membranes, biases and accumulators, or fewer timesteps"
        )
    if answers.silent_layers:
        return (
            "The threshold seems too high for what its neurons receive: lower network.threshold, set "
            "network.batch_norm: true, or raise train.dense_epochs"
        )
    if answers.input_independent == answers.n:
        return (
            "Nothing of the inputs reaches the readout: its neurons fire alike for all of them and for none; set "
            "network.batch_norm: true, or raise network.threshold or train.dense_epochs"
        )
    if answers.largest_class_share * len(answers.samples) >= _UNEVEN:
        return (
            "The classes are uneven: set train.class_weights: balanced, give as many samples of each class, or more "
            "validation samples of the small ones, or raise train.dense_epochs"
        )
    return (
        "It seems to have learned nothing: check that labels belong to inputs, raise train.dense_epochs, or change "
        "train.dense_learning_rate"
    )
