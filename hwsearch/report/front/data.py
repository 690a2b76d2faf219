"""What the page's script is given: every candidate with its place on each axis and what is said of it, as columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hwsearch.records.front import FrontRow, NetworkRow
from hwsearch.records.tables import Row
from hwsearch.records.trial_table import TrialRow
from hwsearch.report.answer import interval
from hwsearch.report.front.tolerance import Tolerance, tolerance_of
from hwsearch.report.layers import MARKS, knobs, objective
from hwsearch.report.quantities import UNKNOWN, axis_unit, short, spell, title
from hwsearch.report.tables import RunTables
from hwsearch.report.typed import typed_folder

QUANTITIES = ("error", "energy_j", "memory_bytes", "synaptic_ops", "latency_s")


@dataclass(frozen=True)
class Axis:
    """A quantity that an axis can show.

    Attributes:
        name: Its column; ``error`` is 1 minus the study's score on validation.
        title: What people call it, and ``short`` in a word.
        short: See there.
        unit: Of the axis; empty for a count.
        size: How many of the quantity's own unit that is.
        budget: The study's limit, in the quantity's own unit; None: none.
        budget_words: The same for people.
    """

    name: str
    title: str
    short: str
    unit: str
    size: float
    budget: float | None
    budget_words: str


@dataclass(frozen=True)
class Kind:
    """A kind of candidate.

    Attributes:
        name: Of the kind.
        label: In the legend.
        colour: Hex; told apart by shape as well.
        shape: circle, square, triangle, diamond, cross or star.
        size: From side to side, in pixels.
        filled: Whether the shape is.
    """

    name: str
    label: str
    colour: str
    shape: str
    size: int
    filled: bool = False


KINDS = (
    Kind("predicted", "predicted only, not trained", "#b07d00", "diamond", 8),
    Kind("stopped", "stopped after a few epochs", "#8a6fc0", "triangle", 9),
    Kind("over", MARKS["over"].label, MARKS["over"].colour, "cross", 8),
    Kind("trained", MARKS["dominated"].label, "#808080", "square", 8),
    Kind("dense", MARKS["dense"].label, MARKS["dense"].colour, "star", 18, True),
    Kind("front", MARKS["front"].label, MARKS["front"].colour, "circle", 11, True),
)
"""Back to front."""


@dataclass(frozen=True)
class Points:
    """Every candidate that can be drawn, column by column; all columns are of one length.

    Attributes:
        trial: Its number; None: the dense reference.
        kind: Place of its kind in KINDS.
        value: By quantity, in its unit as front.csv and trials.csv have it; None: not known.
        text: The same for people.
        knobs: Its knobs in words.
        test: Accuracy on test with its interval, where it was measured.
        said: How it ended, and why.
        exports: Whether ``hwsearch export`` takes it: 1 or 0.
    """

    trial: tuple[int | None, ...]
    kind: tuple[int, ...]
    value: dict[str, tuple[float | None, ...]]
    text: dict[str, tuple[str, ...]]
    knobs: tuple[str, ...]
    test: tuple[str, ...]
    said: tuple[str, ...]
    exports: tuple[int, ...]


@dataclass(frozen=True)
class FrontData:
    """All that the script is given.

    Attributes:
        axes: What can be shown.
        x, y: What is shown first.
        kinds: Back to front.
        points: The candidates.
        left_out: Candidates that are never drawn, in words.
        command: What stands before and after the number of a trial in the command that exports it.
        pick: The trial that the run picked; None: none.
        tolerance: The slider; None: there is none.
    """

    axes: tuple[Axis, ...]
    x: str
    y: str
    kinds: tuple[Kind, ...]
    points: Points
    left_out: str
    command: tuple[str, str]
    pick: int | None
    tolerance: Tolerance | None


@dataclass(frozen=True)
class _Candidate:
    """One point; ``predicted`` says that its costs are, where they were not measured."""

    kind: str
    row: Row
    said: str
    exports: bool = False


def front_data(tables: RunTables) -> FrontData:
    """Return what the script is given of a run."""
    points = _points(list(_candidates(tables)))
    axes = _axes(tables, points)
    known = [axis.name for axis in axes]
    first = [name for name in (*tables.summary.objectives, *known) if name in known and name != "error"]
    pick = tables.summary.pick
    return FrontData(
        axes=axes,
        x=first[0] if first else known[0],
        y="error" if "error" in known or len(first) < 2 else first[1],
        kinds=KINDS,
        points=points,
        left_out=_left_out(tables.trials),
        command=(f"hwsearch export {typed_folder(tables.run_dir)} --trial ", " --to model"),
        pick=None if pick is None else pick.trial,
        tolerance=tolerance_of(tables),
    )


def _candidates(tables: RunTables) -> Iterator[_Candidate]:
    """Yield every candidate that has a place, as the kind that it is."""
    on_front = {row.trial for row in tables.front}
    for member in tables.front:
        yield _Candidate("front", member, _evidence(member), exports=not member.is_foretold)
    yield _Candidate("dense", tables.summary.dense, "The unpruned network that losses are counted against.")
    for row in tables.trials:
        if row.trial not in on_front and row.outcome not in _NEVER:
            yield _Candidate(_kind(row), row, _ending(row), exports=row.outcome == "trained")


_NEVER = {"repeat": "the same network as an earlier one", "failed": "failed"}


def _kind(row: TrialRow) -> str:
    if row.outcome == "trained":
        return "trained" if row.feasible else "over"
    return {"over_budget": "over", "stopped": "stopped"}.get(row.outcome, "predicted")


def _evidence(row: FrontRow) -> str:
    """Say what a front member's accuracies rest on."""
    if row.is_foretold:
        return (
            f"On the front, foretold: {interval(row, 'accuracy_val')} on validation by the surrogate; costs are those "
            "of its short training. hwsearch front DIR --confirm trains it in full."
        )
    if row.evidence:
        return f"On the front. Trained anew from fresh seeds: {row.evidence}."
    return "On the front. Trained anew from fresh seeds" + (f", {row.seeds} times." if row.seeds else ".")


_ENDINGS = {
    "over_budget": "Not trained: over a budget, by its predicted cost.",
    "foreseen": "Not trained: foreseen to be dominated. Accuracy and costs are predicted.",
    "lookalike": "Not trained: predicted to behave like a trained candidate that costs no more.",
    "stopped": "Stopped after a few epochs: its accuracy is that of then.",
    "trained": "Trained once, in the search.",
}


def _ending(row: TrialRow) -> str:
    """Say how a candidate ended, and the reason that is recorded."""
    text = _ENDINGS.get(row.outcome, row.outcome)
    return f"{text} Recorded reason: {row.reason}" if row.reason else text


def _value(candidate: _Candidate, name: str) -> float | None:
    """Return a candidate's place on an axis: what was measured, else what was predicted."""
    row = candidate.row
    if not isinstance(row, TrialRow):
        return objective(row, name)
    if name == "error":
        foreseen = row.number("score_foreseen")
        foreseen = row.number("accuracy_foreseen") if foreseen is None else foreseen
        return objective(row, name) if foreseen is None or candidate.kind != "predicted" else 1.0 - foreseen
    measured = row.number(name)
    return row.number(f"{name}_predicted") if measured is None else measured


def _points(candidates: list[_Candidate]) -> Points:
    places = {kind.name: i for i, kind in enumerate(KINDS)}
    value = {name: tuple(_value(c, name) for c in candidates) for name in QUANTITIES}
    numbers = [c.row.cell("trial") for c in candidates]
    return Points(
        trial=tuple(None if number is None else int(number) for number in numbers),
        kind=tuple(places[c.kind] for c in candidates),
        value=value,
        text={name: tuple(spell(name, v) for v in values) for name, values in value.items()},
        knobs=tuple(knobs(c.row) for c in candidates),
        test=tuple(_test(c.row) for c in candidates),
        said=tuple(c.said for c in candidates),
        exports=tuple(int(c.exports) for c in candidates),
    )


def _test(row: Row) -> str:
    """Return a network's accuracy on test with its interval; empty where it was not measured."""
    text = interval(row) if isinstance(row, NetworkRow) else UNKNOWN
    return "" if text == UNKNOWN else text


def _axes(tables: RunTables, points: Points) -> tuple[Axis, ...]:
    """Return the quantities of which two values at least are known, each with the unit of its middle."""
    axes = []
    for name in QUANTITIES:
        known = [value for value in points.value[name] if value is not None]
        budget = tables.summary.budgets.get(name)
        if len(known) > 1 or (name == "error" and known):
            unit = axis_unit(name, known)
            said = "" if budget is None else spell(name, budget)
            axes.append(Axis(name, title(name), short(name), unit.name, unit.size, budget, said))
    return tuple(axes) if axes else (Axis("error", title("error"), short("error"), "%", 0.01, None, ""),)


def _left_out(trials: Iterable[TrialRow]) -> str:
    """Say how many candidates are nowhere on the figure."""
    ended = Counter[str](row.outcome for row in trials)
    return ", ".join(f"{ended[name]} {words}" for name, words in _NEVER.items() if ended[name])
