"""What the run's own rule picks at every tolerance: the steps of the page's slider. The rule itself is the search's."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hwsearch.errors import InputError
from hwsearch.records.front import front_frame
from hwsearch.records.run_folder import RunFolder
from hwsearch.report.quantities import percent, score_words
from hwsearch.report.tables import RunTables
from hwsearch.search.decide.pick import picked_rows
from hwsearch.stress.demand import robust_members
from hwsearch.study.model import Study, load_study

_RULES = {"smallest": "the least memory", "frugal": "the least energy", "accurate": "the best accuracy"}
_SIZES = (0.001, 0.002, 0.005, 0.01, 0.02)
_MOST_STEPS = 120
_LEAST_REACH = 0.02


@dataclass(frozen=True)
class Step:
    """One place of the slider.

    Attributes:
        tolerance: Score that may be lost, or that is needed, in 0 .. 1.
        words: The same for people.
        floor: Score on validation that a pick needs.
        trial: Who is picked; None: nobody (`Tolerance.none`).
    """

    tolerance: float
    words: str
    floor: float
    trial: int | None


@dataclass(frozen=True)
class Tolerance:
    """The slider.

    Attributes:
        label: What it sets.
        rule: What is picked among those that are accurate enough, in words.
        steps: Its places.
        start: The place of the study's own tolerance.
        none: Why nothing is picked where nothing is, in words.
    """

    label: str
    rule: str
    steps: tuple[Step, ...]
    start: int
    none: str


def tolerance_of(tables: RunTables) -> Tolerance | None:
    """Return the slider of a run; None without a front, or where this version cannot read the study.

    Every step is what ``hwsearch pick`` answers at that tolerance, by the study's rule.
    """
    study = _study(tables)
    if study is None:
        return None
    dense = tables.summary.dense.score
    if not tables.front or dense is None:
        return None
    own = study.pick.within if study.pick.within is not None else study.pick.needed or 0.0
    values = _losses(tables, dense, own) if study.pick.within is not None else _needs(tables, own)
    score = score_words(tables.summary.score)
    label = (
        f"Loss of {score} that is allowed against the dense network ({percent(dense)} on validation)"
        if study.pick.within is not None
        else f"{score.capitalize()} that is needed on validation"
    )
    chance, rule = study.pick.chance, _RULES[study.pick.rule]
    if chance is not None:
        rule += f" (of what is worse than that with a chance of {percent(chance)} at most)"
    return Tolerance(label, rule, _steps(tables, study, dense, values), values.index(own), _none(study))


def why_nothing_is_picked(tables: RunTables) -> str:
    """Say why no member of a run's front is the pick."""
    return _none(_study(tables))


def _none(study: Study | None) -> str:
    if study is None or study.pick.chance is None:
        return "no member of the front is accurate enough"
    return f"no member of the front is accurate enough with a chance of {percent(1 - study.pick.chance)}"


def _study(tables: RunTables) -> Study | None:
    """Return the study of a run; None where this version cannot read it."""
    try:
        return load_study(RunFolder(tables.run_dir).study)
    except InputError:
        return None


def _losses(tables: RunTables, dense: float, own: float) -> list[float]:
    """Return tolerances from nothing to where every member of the front is accurate enough, the study's among them."""
    least = min(row.score or 0.0 for row in tables.front)
    return _grid(0.0, max(dense - least, 2 * own, _LEAST_REACH), own)


def _needs(tables: RunTables, own: float) -> list[float]:
    """Return scores from what every member of the front reaches to what none does, the study's among them."""
    scores = [row.score or 0.0 for row in tables.front]
    return _grid(min(*scores, own), max(*scores, own), own)


def _grid(low: float, high: float, own: float) -> list[float]:
    """Return even steps that include both ends, in shares with three digits, and ``own`` between them."""
    size = next((size for size in _SIZES if (high - low) / size <= _MOST_STEPS), _SIZES[-1])
    first, last = math.floor(low / size), math.ceil(high / size)
    even = {round(k * size, 6) for k in range(first, last + 1)}
    return sorted(share for share in even | {own} if 0.0 <= share <= 1.0)


def _steps(tables: RunTables, study: Study, dense: float, values: list[float]) -> tuple[Step, ...]:
    """Return what is picked at each tolerance."""
    able = robust_members(front_frame(tables.front), study.robustness)
    # how sure a recipe is only final trainings tell
    chance = study.pick.chance if any(row.believed is not None for row in tables.front) else None
    floors = values if study.pick.within is None else [dense - value for value in values]
    rows = picked_rows(able, study.pick.rule, floors, chance)
    return tuple(
        Step(value, _words(value, study.pick.within), floor, None if row is None else int(row["trial"]))
        for value, floor, row in zip(values, floors, rows, strict=True)
    )


def _words(value: float, within: float | None) -> str:
    """Return ``0.5 points`` of what may be lost, ``97.0 %`` of what is needed."""
    if within is None:
        return percent(value)
    points = f"{100 * value:.4g}"
    return f"{points} point" if points == "1" else f"{points} points"
