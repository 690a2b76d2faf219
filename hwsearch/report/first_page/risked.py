"""What the pick risks, a sentence or two each: accuracy, classes, device, disturbances, and the data themselves."""

from __future__ import annotations

from collections.abc import Iterator

from hwsearch.records.stress import StressRow
from hwsearch.report.first_page.numbers import STRESS, Run, number, points
from hwsearch.report.first_page.parts import Bullets, Kind, Listed, Number, Section, Sentence, Text, said
from hwsearch.report.first_page.saved import amount

_SAME = 0.0005
_MOST_KINDS = 3
_SHARES = (
    "noise",
    "drift",
    "offset",
    "gain",
    "dropped",
    "spurious",
    "bit_flips",
    "dead",
    "stuck",
    "threshold",
)
"""Kinds of disturbance whose level is a share; the level of the others is a count or a factor."""


def risked(run: Run) -> Section:
    """Return the section."""
    told = (*_accuracy(run), *_device(run), *_disturbed(run), _data(run))
    return Section("risked", said("risk.title"), (Bullets(told),))


def _accuracy(run: Run) -> Iterator[Sentence]:
    """Yield what is lost on test, which network is handed over, and the worst class."""
    scored = run.scored
    before, after = run.dense(f"{scored}_test"), run.pick(f"{scored}_test")
    if before is None or after is None:
        yield said("risk.untested")
    elif abs(before.value - after.value) < _SAME:
        yield said("risk.as_accurate")
    elif before.value > after.value:
        yield said("risk.less_accurate", points=points(before, after))
    else:
        yield said("risk.more_accurate", points=points(after, before))
    low, high = run.pick(f"{scored}_test_low"), run.pick(f"{scored}_test_high")
    if low is not None and high is not None:
        yield said("risk.interval", low=low, high=high)
    seeds, own = run.pick("seeds"), run.pick("accuracy_test_own")
    if seeds is not None and own is not None:
        yield said("risk.own" if seeds.value > 1 else "risk.own_alone", seeds=seeds, own=own)
    worst = run.pick("recall_min_test")
    if worst is not None:
        yield said("risk.worst_class", recall=worst)


def _device(run: Run) -> Iterator[Sentence]:
    """Yield what is not known of the device."""
    if run.pick("energy_j") is None:
        yield said("risk.no_energy")
    else:
        yield said("risk.energy", grade=run.grade("energy_j"))
    claim = run.tables.summary.arithmetic
    if claim is not None and not claim.as_device:
        yield said("risk.arithmetic")


def _disturbed(run: Run) -> Iterator[Sentence]:
    """Yield what was measured under disturbances; else how it is measured."""
    rows = pick_rows(run)
    if not rows:
        yield said("risk.no_stress", command=Text(f"hwsearch stress {run.typed}", code=True))
        return
    worse = [row for row in rows if (row.extra_low or 0.0) > 0]
    first = {row.kind: row for row in reversed(worse)}  # rows stand from weak to strong
    most = sorted(first.values(), key=lambda row: -(row.extra_loss or 0.0))[:_MOST_KINDS]
    if not most:
        compared = any(row.extra_low is not None for row in rows)
        yield said("risk.stress_same" if compared else "risk.stress_alone")
        return
    yield said("risk.stress_worse", kinds=Listed(tuple(_extra(row) for row in most)))


def pick_rows(run: Run) -> list[StressRow]:
    """Return the measured rows of stress.csv that are of the pick; none where it was not put under stress."""
    pick = run.tables.summary.pick
    if pick is None:
        return []
    name = f"trial {pick.trial}"
    return [
        row for row in run.tables.stress if row.candidate == name and row.level and row.accuracy is not None
    ]


def stressed(row: StressRow, column: str) -> Number | None:
    """Return a number of a row of stress.csv."""
    place = f"candidate={row.candidate} kind={row.kind} level={row.level}"
    shares = column != "level" or row.kind in _SHARES
    kind: Kind = "points" if column in ("loss", "extra_loss") else "share" if shares else "count"
    return number(STRESS, place, column, row.number(column), kind)


def disturbance(row: StressRow) -> Sentence:
    """Return a disturbance with its level in words."""
    return said(f"disturbed.{row.kind}", level=amount(stressed(row, "level")))


def _extra(row: StressRow) -> Sentence:
    return said("risk.extra", what=disturbance(row), points=amount(stressed(row, "extra_loss")))


def _data(run: Run) -> Sentence:
    """Say what all numbers rest on."""
    samples = run.tables.summary.samples
    counts = {
        name: amount(run.summary(f"samples.{name}", getattr(samples, name), "count"))
        for name in ("train", "val", "test")
    }
    return said("risk.data", **counts)
