"""What a comparison of finders was to show, held against its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from hwsearch.report.intervals import interval

_HIGH = (0.9, 0.95)  # sparsities at which winning tickets are to exist
_SAVED, _LOST, _LOST_BINARY = 0.25, 1.0, 2.0

Claim = tuple[str, str, bool]
"""A claim, what was measured, whether it holds."""


def claims_markdown(table: pd.DataFrame, facts: Mapping[str, object]) -> list[str]:
    """Return the claims as a Markdown table; those whose finders were not compared are left out.

    Args:
        table: One row a finder, granularity, sparsity and seed.
        facts: Of the run.
    """
    claims = [*_winning(table), *_early(table, facts), *_binary(table), *_second_order(table), *_cost(facts)]
    lines = [f"| {claim} | {'yes' if holds else 'no'} | {told} |" for claim, told, holds in claims]
    return ["| claim | shown | measured |", "|---|---|---|", *lines, ""] if lines else []


def difference(
    table: pd.DataFrame, first: tuple[str, str, float], second: tuple[str, str, float]
) -> tuple[float, float] | None:
    """Return mean and half width of a difference in points, paired by seed; None where one was not measured.

    Args:
        table: One row a finder, granularity, sparsity and seed.
        first: Finder, granularity, sparsity.
        second: What is subtracted.
    """
    accuracies: list[pd.Series] = []
    for finder, granularity, sparsity in (first, second):
        rows = table[(table["finder"] == finder) & (table["granularity"] == granularity)]
        at_sparsity = rows[np.isclose(rows["sparsity"], sparsity)]
        accuracies.append(at_sparsity.set_index("seed")["accuracy_test"])
    if any(measured.empty for measured in accuracies):
        return None
    return interval(100 * (accuracies[0] - accuracies[1]).to_numpy(float))


def _winning(table: pd.DataFrame) -> Iterator[Claim]:
    """Winning tickets exist: the interval of what they are better by lies above zero."""
    controls = {
        "random": "a random mask of the same layers' sparsities",
        "reinit": "its own mask with fresh weights",
    }
    for control, words in controls.items():
        for sparsity in _HIGH:
            gain = difference(table, ("iterative", "weight", sparsity), (control, "weight", sparsity))
            if gain is not None:
                yield f"iterative beats {words} at {sparsity:.0%}", _points(gain), gain[0] > gain[1]


def _early(table: pd.DataFrame, facts: Mapping[str, object]) -> Iterator[Claim]:
    """Early-time saves a quarter of the search for a point at most; early-bird saves more."""
    saved = {name: _saved(table, name) for name in ("early_time", "early_bird")}
    time, bird = saved["early_time"], saved["early_bird"]
    if time:
        told = f"{min(time):.0%} to {max(time):.0%} at 90 % and beyond, its warm-up counted"
        yield f"early-time saves {_SAVED:.0%} of the iterative finder's steps", told, min(time) >= _SAVED
    lost = difference(table, ("iterative", "weight", 0.9), ("early_time", "weight", 0.9))
    if lost is not None:
        yield f"early-time loses at most {_LOST:g} point at 90 %", _points(lost), lost[0] <= _LOST
    lost = difference(table, ("iterative", "weight", 0.9), ("early_bird", "weight", 0.9))
    if time and bird and lost is not None:
        told = f"{min(bird):.0%} to {max(bird):.0%}; loses {_points(lost)} at 90 %"
        yield "early-bird saves more", told, min(bird) > max(time)


def _saved(table: pd.DataFrame, finder: str) -> list[float]:
    """Return the share of the iterative finder's steps that another saves, at each high sparsity."""
    rows = table[(table["granularity"] == "weight") & (table["sparsity"] > _HIGH[0] - 1e-9)]
    means = rows.groupby(["sparsity", "finder"])["find_steps"].mean().unstack()
    if finder not in means or "iterative" not in means:
        return []
    return [float(share) for share in 1 - means[finder] / means["iterative"]]


def _binary(table: pd.DataFrame) -> Iterator[Claim]:
    lost = difference(table, ("dense", "weight", 0.0), ("multi_prize", "weight", 0.5))
    if lost is not None:
        claim = f"binary multi-prize tickets at 50 % lose at most {_LOST_BINARY:g} points against the dense network"
        yield claim, _points(lost), lost[0] <= _LOST_BINARY


def _second_order(table: pd.DataFrame) -> Iterator[Claim]:
    """One-shot cuts without training: whatever cuts the table has."""
    cuts = table.loc[
        table["finder"] == "one_shot second_order", ["granularity", "sparsity"]
    ].drop_duplicates()
    for granularity, sparsity in cuts.itertuples(index=False):
        gain = difference(
            table,
            ("one_shot second_order", granularity, sparsity),
            ("one_shot magnitude", granularity, sparsity),
        )
        if gain is not None:
            cut = f"{sparsity:.0%} ({granularity})" if sparsity else granularity
            yield f"second order beats magnitude at {cut}, without training", _points(gain), gain[0] > gain[1]


def _cost(facts: Mapping[str, object]) -> Iterator[Claim]:
    share = float(str(facts["score_s"])) / float(str(facts["epoch_s"]))
    yield "statistics and scores cost less than a training epoch", f"{share:.2f} of one", share < 1


def _points(difference: tuple[float, float]) -> str:
    """Return a difference in points with half its interval."""
    mean, half = difference
    return f"{mean:+.2f} ± {half:.2f} points"
