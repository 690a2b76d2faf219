"""What a stress table says, in sentences: under what a candidate loses more than the dense network, and its own limits.

Read from the rows alone, without torch: a report says the same as the terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from hwsearch.records.stress import DENSE, UNDISTURBED, StressRow
from hwsearch.stress.kinds import KINDS, Kind

NOTICED = 0.02
"""Accuracy lost by itself, from which on a network is said to lose some: two points."""


def sentences(rows: Sequence[StressRow]) -> list[str]:
    """Return two sentences or three for each candidate, and one for each kind that does not apply."""
    said = []
    for name in dict.fromkeys(row.candidate for row in rows):
        own = [row for row in rows if row.candidate == name]
        if not name.startswith(DENSE):
            said += [*_against_dense(name, own), _limits(name, own)]
    return [*said, *_not_applied(rows)]


def samples_words(rows: Sequence[StressRow]) -> str:
    """Say what was measured on what."""
    first = rows[0]
    draws = max(row.seeds or 1 for row in rows)
    return (
        f"Integer models on {first.samples} samples of the {first.split} split, {draws} draws of each disturbance "
        "at most. Disturbed inputs are whole numbers in the range that the study's encoder gives (rounded, clipped)."
    )


def _against_dense(name: str, rows: Sequence[StressRow]) -> Iterable[str]:
    """Yield where a candidate loses more than the dense network, and where less; nothing without one."""
    compared = [row for row in rows if row.extra_loss is not None]
    if not compared:
        return
    more = _listed(compared, lambda row: (row.extra_low or 0.0) > 0, "more")
    less = _listed(compared, lambda row: (row.extra_high or 0.0) < 0, "less")
    if more:
        yield f"{_begin(name)} loses more than the dense network under {more}."
    if less:
        yield f"{_begin(name)} loses less than the dense network under {less}."
    if not more and not less:
        yield (
            f"{_begin(name)} was not shown to lose more or less than the dense network "
            f"under anything ({len(compared)} comparisons)."
        )


def _listed(rows: Sequence[StressRow], sure: Callable[[StressRow], bool], how: str) -> str:
    """List kinds with the first level at which a difference is sure, and the largest of all levels where it is.

    Who was more accurate undisturbed may lose more and still be no worse: that is said.
    """
    parts = []
    for kind, own in _by_kind(rows):
        found = [row for row in own if sure(row)]
        if found:
            most = max(abs(row.extra_loss or 0.0) for row in found)
            ahead = how == "more" and all((row.behind_dense or 0.0) < 0 for row in found)
            still = ", still more accurate" if ahead else ""
            parts.append(
                f"{kind.words} (first at {_level(kind, found[0])}; up to {100 * most:.1f} points {how}{still})"
            )
    return _joined(parts)


def _limits(name: str, rows: Sequence[StressRow]) -> str:
    """Say at which level of each kind a network has lost more than two points by itself."""
    lost, kept = [], []
    for kind, own in _by_kind(rows):
        over = next((row for row in own if (row.loss or 0.0) > NOTICED), None)
        if over is None:
            kept.append(kind.words)
        else:
            lost.append(f"{kind.words} of {_level(kind, over)} ({100 * (over.loss or 0.0):.1f})")
    share, points = next((row.accuracy or 0.0 for row in rows if row.kind == UNDISTURBED), 0.0), 100 * NOTICED
    said = f"{_begin(name)} has {share:.1%} undisturbed"
    if lost:
        said += f", and loses more than {points:.0f} points from here on: {_joined(lost)}"
    if kept:
        said += f"; it loses {points:.0f} points at most under every level of {_joined(kept)}"
    return f"{said}."


def _not_applied(rows: Sequence[StressRow]) -> list[str]:
    """Say which kinds do not apply, each with its reason once, and to whom where it is not all."""
    names = list(dict.fromkeys(row.candidate for row in rows))
    said = []
    for kind in KINDS:
        reasons: dict[str, list[str]] = {}
        for row in rows:
            if row.kind == kind.name and row.reason:
                reasons.setdefault(row.reason, []).append(row.candidate)
        for reason, whom in reasons.items():
            of = "" if whom == names else f" to {', '.join(whom)}"
            said.append(f"{kind.words.capitalize()} is not asked{of}: {reason}.")
    return said


def _by_kind(rows: Sequence[StressRow]) -> list[tuple[Kind, list[StressRow]]]:
    """Return the measured rows of each kind, weak to strong."""
    found = [
        (kind, [row for row in rows if row.kind == kind.name and row.accuracy is not None]) for kind in KINDS
    ]
    return [(kind, own) for kind, own in found if own]


def _level(kind: Kind, row: StressRow) -> str:
    return f"{row.level:g} {kind.unit}"


def _begin(name: str) -> str:
    return name[0].upper() + name[1:]


def _joined(parts: Sequence[str]) -> str:
    """Return a list in words."""
    return ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1] if parts else ""
