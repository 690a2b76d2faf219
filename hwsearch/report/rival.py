"""A run's spiking networks held against plain ones, in one sentence and a table. Decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hwsearch.records.front import FrontRow, NetworkRow
from hwsearch.records.rival import RivalRow
from hwsearch.records.summary import Summary
from hwsearch.records.summary_parts import Rival
from hwsearch.report.answer import interval
from hwsearch.report.layers import sparsity
from hwsearch.report.quantities import UNKNOWN, percent, score_words, spell, times
from hwsearch.report.tables import RunTables
from hwsearch.rival.choose import accurate_enough, picked

_CALLED = {
    "memory_bytes": ("smaller", "smallest", "smaller"),
    "energy_j": ("more frugal", "most frugal", "less"),
}


@dataclass(frozen=True)
class Line:
    """A network in the table of both fronts.

    Attributes:
        kind: ``spiking`` or ``plain``.
        name: What it is.
        picked: Whether its front's rule picks it.
        cells: Accuracies and costs, spelt.
    """

    kind: str
    name: str
    picked: bool
    cells: tuple[str, ...]


def rival_words(summary: Summary, front: Sequence[FrontRow], plain: Sequence[RivalRow]) -> str:
    """Say in one sentence who is smaller and who is more frugal; nothing where no plain network was asked for."""
    rival = summary.rival
    if rival is None:
        return ""
    if rival.why_none:
        return f"Held against no plain network (ReLU, integers): {rival.why_none}."
    assert rival.floor is not None
    return against(front, plain, rival.floor, summary.profile, summary.score, rival.chance)


def against(
    spiking: Sequence[FrontRow],
    plain: Sequence[RivalRow],
    floor: float,
    device: str,
    score: str = "accuracy",
    chance: float | None = None,
) -> str:
    """Say which of two fronts has the smaller and which the more frugal network at a tolerance, and by how much.

    Args:
        spiking: The front of spiking networks, priced on a device.
        plain: That of plain ones, priced there.
        floor: The score on validation that is needed.
        device: Its id.
        score: What is needed.
        chance: To be worse than that, at most, of the spiking ones; None, and of plain ones: their means decide.
    """
    needed = f"at the tolerance ({percent(floor)} {score_words(score)} on validation)"
    able = [bool(accurate_enough(rows, floor, chance)) for rows in (spiking, plain)]
    if all(able):
        return f"On {device}, {needed}, {_compared(spiking, plain, floor, chance)}."
    best = [max((row.score or 0.0 for row in rows), default=0.0) for rows in (spiking, plain)]
    said = f"On {device}, {needed}, {_lacking(able, bool(plain))}"
    if not min(best):
        return f"{said}."
    return f"{said}; at {percent(min(best))}, which both reach, {_compared(spiking, plain, min(best))}."


def _compared(
    spiking: Sequence[FrontRow], plain: Sequence[RivalRow], floor: float, chance: float | None = None
) -> str:
    """Say who is smaller and who is more frugal where both have networks that are accurate enough."""
    said = [
        words
        for column, rule in (("memory_bytes", "smallest"), ("energy_j", "frugal"))
        if (words := _smaller(column, picked(spiking, rule, floor, chance), picked(plain, rule, floor)))
    ]
    unknown = "" if len(said) > 1 else "; who is more frugal is not known: the profile tells no energy"
    return f"{', and '.join(said)}{unknown}"


def _lacking(able: Sequence[bool], any_plain: bool) -> str:
    """Say which front reaches the tolerance."""
    if able[0] and not any_plain:
        return "only a spiking network will do: no plain one (ReLU, integers) keeps the budgets and limits"
    if able[0]:
        return "only a spiking network is accurate enough, and no plain one (ReLU, integers) of those tried"
    if able[1]:
        return "only a plain network (ReLU, integers) is accurate enough, and no spiking one"
    return "neither a spiking nor a plain network (ReLU, integers) is accurate enough"


def _smaller(column: str, ours: NetworkRow | None, theirs: NetworkRow | None) -> str:
    """Say which of two networks takes less of a quantity; nothing where that of one is not known."""
    a, b = (None if row is None else row.number(column) for row in (ours, theirs))
    if a is None or b is None:
        return ""
    better, best, less = _CALLED[column]
    first = "a spiking network" if a < b else "a plain network"
    if a == b:
        return f"the {best} spiking and plain networks take the same {spell(column, a)}"
    low, high = sorted((a, b))
    return f"{first} is {better}: {spell(column, low)} against {spell(column, high)} ({times(high, low, '', less)})"


def rival_lines(tables: RunTables) -> list[Line]:
    """Return both fronts, network by network, the smallest first; none where there is no plain network."""
    rival = tables.summary.rival
    if rival is None or not tables.rivals:
        return []
    pick = tables.summary.pick
    rows: list[tuple[NetworkRow, Line]] = []
    for row in tables.front:
        name = f"trial {row.trial}: {_weights(row.sparsity, row.granularity, row.weight_bits)}, T {row.timesteps}"
        chosen = pick is not None and row.trial == pick.trial
        rows.append((row, Line("spiking", name, chosen, _cells(row))))
    for plain in tables.rivals:
        chosen = rival.pick is not None and plain.place == rival.pick.place
        rows.append((plain, Line("plain", plain_name(plain), chosen, _cells(plain))))
    return [line for _, line in sorted(rows, key=lambda pair: pair[0].number("memory_bytes") or 0.0)]


def plain_name(row: RivalRow) -> str:
    """Return what a plain network is: ``24 hidden neurons, sparsity 0.5 (weight), 8 bits``."""
    hidden = f"{row.hidden} hidden neurons" if row.hidden else "no hidden neurons"
    binned = f", frames in {row.frames} bins" if row.frames else ""
    return f"{hidden}{binned}, {_weights(row.sparsity, row.granularity, row.weight_bits)}"


def pick_words(rival: Rival) -> str:
    """Return the plain network that the study's rule picks, with its accuracy and costs; nothing without one."""
    row = rival.pick
    if row is None:
        return ""
    energy = "" if row.energy_j is None else f", {spell('energy_j', row.energy_j)}"
    return (
        f"plain pick: {plain_name(row)}; test {interval(row)} (means of {row.seeds} trainings), "
        f"{spell('memory_bytes', row.number('memory_bytes'))}{energy}"
    )


def cost_words(summary: Summary) -> str:
    """Say what the search for plain networks cost, and what they are; nothing where there was none."""
    rival = summary.rival
    if rival is None or rival.why_none:
        return ""
    steps = summary.cost.train_steps + summary.cost.reused_train_steps
    share = percent(rival.train_steps / steps)
    return (
        "Plain networks: fully connected, one hidden layer or none, weights pruned and quantised by the same code, "
        f"hidden values of 8 bits, accuracy that of the integers. {rival.candidates} were trained on the same split "
        f"({rival.dense_epochs} epochs dense, {rival.epochs} more when cut), {rival.finalists} of them with "
        f"every fresh seed, for {rival.train_steps:,} samples in all: {share} of the search's training steps, a step "
        "being one sample and one timestep, of which a plain network has one. No convolution or recurrence was tried, "
        "and a search this small is partly luck: differences below a third may be that."
    )


def _weights(sparse: float | str, granularity: str, bits: int | str) -> str:
    return f"sparsity {sparsity(sparse)} ({granularity}), {bits} bits"


def _cells(row: NetworkRow) -> tuple[str, ...]:
    scored = "score" if row.number("score_val") is not None else "accuracy"
    costs = (spell(name, row.number(name)) for name in ("memory_bytes", "energy_j", "latency_s"))
    spikes, products = ("none", "operations") if isinstance(row, RivalRow) else ("", "macs")
    operations = (
        spikes or spell("synaptic_ops", row.number("synaptic_ops")),
        spell("macs", row.number(products)),
    )
    test = interval(row, f"{scored}_test") if row.number(f"{scored}_test") is not None else UNKNOWN
    return spell(f"{scored}_val", row.number(f"{scored}_val")), test, *costs, *operations
