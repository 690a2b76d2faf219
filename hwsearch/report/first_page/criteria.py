"""The criteria to go on: what is asked, what this run has, and whether that is met, open, or for the trial to tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hwsearch.report.first_page.numbers import Run, limits
from hwsearch.report.first_page.parts import Number, Part, Sentence, Table, said
from hwsearch.report.first_page.plain import Compared, compared, plain_is_enough, why_not_compared
from hwsearch.report.first_page.risked import disturbance, pick_rows, stressed
from hwsearch.report.first_page.saved import amount, name_of
from hwsearch.stress.demand import is_kept

State = Literal["met", "open", "doubtful", "failed", "unset", "unknown", "trial"]
_HEADS = ("criterion", "limit", "value", "state")
_ROUNDING = 1e-9
_DEVICE = ("energy_j", "latency_s")
"""Costs of the device itself, which the trial measures whatever the run says."""


@dataclass(frozen=True)
class Criterion:
    """A criterion.

    Attributes:
        name: What it is about.
        limit: What is asked.
        value: What this run has.
        state: ``met``; ``open``: likely, not sure; ``doubtful``: unlikely, not sure; ``failed``; ``unset``: nobody said
            how much; ``unknown``: not measured; ``trial``: only the trial can tell.
    """

    name: Sentence
    limit: Part
    value: Part
    state: State


def criteria(run: Run) -> list[Criterion]:
    """Return the criteria of a run with a pick."""
    return [
        _accuracy(run),
        _on_site(run),
        *_costs(run),
        *_unlimited(run),
        _robust(run),
        *_useful(run),
    ]


def criteria_table(found: list[Criterion]) -> Table:
    """Return them as a table."""
    rows = tuple((one.name, one.limit, one.value, said(f"state.{one.state}")) for one in found)
    return Table(tuple(said(f"criteria.head.{name}") for name in _HEADS), rows)


def _accuracy(run: Run) -> Criterion:
    """Return whether the lower end of the test's interval reaches what the study's pick needs."""
    column = f"{run.scored}_test"
    name = said(f"criteria.{run.tables.summary.score}")
    value, low, (needed, limit) = run.pick(column), run.pick(f"{column}_low"), _needed(run)
    if value is None:
        return Criterion(name, limit, said("unknown"), "unknown")
    had = value if low is None else said("criteria.with_low", value=value, low=low)
    if needed is None:
        return Criterion(name, limit, had, "unset")
    return Criterion(
        name, limit, had, _reached(needed.value - _ROUNDING, low, value, run.pick(f"{column}_high"))
    )


def _reached(needed: float, low: Number | None, mean: Number, high: Number | None) -> State:
    """Return how sure it is that what was measured on few samples reaches what is needed."""
    if low is not None and low.value >= needed:
        return "met"
    if mean.value >= needed:
        return "open"
    return "failed" if high is None or high.value < needed else "doubtful"


def _needed(run: Run) -> tuple[Number | None, Part]:
    """Return the score that the study's pick needs, as it is on test, and the limit in words."""
    if run.study is None:
        return None, said("criteria.unset")
    pick = run.study.pick
    name = "min_score" if pick.min_accuracy is None else "min_accuracy"
    if pick.needed is not None:
        needed = run.of_study(f"pick.{name}", pick.needed)
        return needed, said("criteria.at_least", limit=amount(needed))
    dense, within = run.dense(f"{run.scored}_test"), run.of_study("pick.within", pick.within)
    if dense is None or within is None:
        return None, said("unknown")
    needed = Number("share", (*dense.cells, *within.cells), "difference")
    return needed, said("criteria.within", limit=needed, dense=dense, within=amount(_points(within)))


def _on_site(run: Run) -> Criterion:
    """Return what the trial must reach: the lower end of the test's interval."""
    low = run.pick(f"{run.scored}_test_low")
    limit: Part = said("criteria.unset") if low is None else said("criteria.at_least", limit=low)
    return Criterion(said("criteria.on_site"), limit, said("criteria.measured_there"), "trial")


def _costs(run: Run) -> list[Criterion]:
    """Return a criterion for each limit of study and device."""
    found = []
    for column, most in limits(run):
        need, limit = run.pick(column), said("criteria.at_most", limit=most)
        if need is None:
            state: State = "trial" if column in _DEVICE else "unknown"
        elif need.value > most.value:
            state = "failed"
        else:
            state = "open" if column in _DEVICE and not _was_measured(run, column) else "met"
        found.append(Criterion(name_of(column), limit, _with_grade(run, column, need), state))
    return found


def _unlimited(run: Run) -> list[Criterion]:
    """Return energy where the study sets no limit of it, and latency where that is known."""
    budgets, found = run.tables.summary.budgets, []
    for column in _DEVICE:
        need = run.pick(column)
        if column in budgets or (need is None and column != "energy_j"):
            continue
        value = _with_grade(run, column, need)
        found.append(Criterion(name_of(column), said("criteria.unset"), value, "unset"))
    return found


def _with_grade(run: Run, column: str, need: Number | None) -> Part:
    """Return a cost with how well it is known."""
    if need is None or column not in run.tables.summary.labels:
        return amount(need)
    return said("criteria.graded", value=need, grade=run.grade(column))


def _was_measured(run: Run, column: str) -> bool:
    return run.tables.summary.labels.get(column) == "measured"


def _robust(run: Run) -> Criterion:
    """Return what is kept under noise: what the study demands, else what was measured, else that nothing was."""
    name = said("criteria.robust")
    wanted = None if run.study is None else run.study.robustness
    if wanted is not None:
        noise, most = (
            run.of_study("robustness.noise", wanted.noise),
            run.of_study("robustness.lose_at_most", wanted.lose_at_most),
        )
        lost, high = run.pick("noise_loss"), run.pick("noise_loss_high")
        limit = said("criteria.noise", noise=amount(noise), most=amount(_points(most)))
        if lost is None or high is None:
            return Criterion(name, limit, said("unknown"), "unknown")
        points, most = Number("points", lost.cells), Number("points", high.cells)
        value = said("criteria.loses", points=points, most=most)
        return Criterion(name, limit, value, "met" if is_kept(high.value, wanted) else "failed")
    rows = pick_rows(run)
    if not rows:
        return Criterion(name, said("criteria.unset"), said("criteria.not_measured"), "unknown")
    weakest = {row.kind: row for row in reversed(rows)}
    worst = max(weakest.values(), key=lambda row: row.loss or 0.0)
    value = said("criteria.worst", what=disturbance(worst), points=amount(stressed(worst, "loss")))
    return Criterion(name, said("criteria.unset"), value, "unset")


def _points(share: Number | None) -> Number | None:
    return None if share is None else Number("set_points", share.cells, share.how)


def _useful(run: Run) -> list[Criterion]:
    """Return whether a network without spikes would do with less; nothing where the device runs none."""
    found, limit, name = compared(run), said("criteria.useful_limit"), said("criteria.useful")
    if not found:
        why = why_not_compared(run)
        if why == "why.spikes_only":
            return []
        state: State = "met" if why == "only.spiking" else "unknown"
        return [
            Criterion(name, limit, said(f"criteria.useful_{'alone' if state == 'met' else 'unknown'}"), state)
        ]
    both = said("criteria.pair", first=_least(found[0]), second=_least(found[1]))
    if plain_is_enough(found):
        return [Criterion(name, limit, both, "failed")]
    won = any(one.better == "spiking" and not one.by_luck for one in found)
    return [Criterion(name, limit, both, "met" if won else "open")]


def _least(one: Compared) -> Sentence:
    """Return a quantity of both kinds of network."""
    return said(
        "criteria.least", name=name_of(one.column), spiking=amount(one.spiking), plain=amount(one.plain)
    )
