"""A training's outcome in sentences: what it regained, what it cost, and what was not done."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hwsearch.measure.accuracy import wilson
from hwsearch.measure.answers import Answers
from hwsearch.measure.scores import score_interval, score_of
from hwsearch.retrain.spent import Spent
from hwsearch.retrain.training import Retrained
from hwsearch.study.laws import Score


def sentences(result: Retrained, spent: Spent, score: Score) -> list[str]:
    """Return what a training came to, a sentence each; validation chose the epoch, test was looked at once."""
    return [*_regained(result, score), *_cost(result, spent)]


def _regained(result: Retrained, score: Score) -> Iterator[str]:
    name = score.replace("_", " ")
    before = result.before
    yield (
        f"Doing nothing: {name} {_percent(before.score_val)} on validation, {_with_interval(before.test, score)} on "
        f"test ({before.test.n} answers)."
    )
    after = result.after
    if after is None:
        yield (
            f"No epoch of {len(result.curve)} was better on validation than doing nothing: keep the model you have."
        )
    else:
        yield (
            f"Retrained (epoch {result.epoch} of {len(result.curve)}, chosen on validation): {name} "
            f"{_percent(after.score_val)} on validation, {_with_interval(after.test, score)} on test: "
            f"{100 * (after.score_test - before.score_test):+.1f} points."
        )
    n_refused = sum(value is None for value in result.curve)
    if n_refused:
        yield f"{n_refused} of {len(result.curve)} epochs were left out: {'; '.join(result.refused)}."


def _cost(result: Retrained, spent: Spent) -> Iterator[str]:
    steps = result.train_steps
    yield (
        f"It cost {steps:,} training steps (samples times timesteps), {spent.seconds:.1f} s, about "
        f"{spent.energy_j:,.0f} J by estimate, not measured: {spent.core_seconds:.1f} core seconds at "
        f"{spent.core_watts:g} W a busy core."
    )
    search = spent.search_train_steps
    if search is None:
        yield "What the search cost is unknown: the export does not say."
    else:
        yield f"The search that found the model cost {search:,} training steps: {search / steps:,.0f} times as many."


def _with_interval(answers: Answers, score: Score) -> str:
    """Return a score of a split with its 95 % interval."""
    low, high = wilson(answers.accuracy, answers.n) if score == "accuracy" else _interval(answers, score)
    return f"{_percent(score_of(answers, score))} ({100 * low:.1f} to {100 * high:.1f})"


def _interval(answers: Answers, score: Score) -> tuple[float, float]:
    return score_interval(np.array(answers.confusion), score)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
