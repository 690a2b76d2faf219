"""The pick held against networks without spikes, for people who decide: who takes less, and whether that is luck."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hwsearch.records.front import FrontRow
from hwsearch.records.rival import RivalRow
from hwsearch.records.summary_parts import Rival
from hwsearch.report.first_page.numbers import Run, measured, saving
from hwsearch.report.first_page.parts import Number, Paragraph, Section, Sentence, Text, said
from hwsearch.report.first_page.saved import amount
from hwsearch.rival.choose import accurate_enough, picked

LUCK = 4 / 3
"""A small search is partly luck: what is less than a third larger may be that (docs/plain_rival.md)."""

Better = Literal["spiking", "plain", "same", "unknown"]
_RULES = {"memory_bytes": "smallest", "energy_j": "frugal"}
_REASONS = {
    "runs spikes only": "spikes_only",
    "prices the exported": "firmware",
    "answer after every frame": "frames",
}


@dataclass(frozen=True)
class Compared:
    """The least of both fronts in one quantity, of those that are accurate enough.

    Attributes:
        column: ``memory_bytes`` or ``energy_j``.
        spiking, plain: Their least; None: not known.
    """

    column: str
    spiking: Number | None
    plain: Number | None

    @property
    def better(self) -> Better:
        """Which takes less."""
        if self.spiking is None or self.plain is None or min(self.spiking.value, self.plain.value) <= 0:
            return "unknown"
        if self.spiking.value == self.plain.value:
            return "same"
        return "spiking" if self.spiking.value < self.plain.value else "plain"

    @property
    def by_luck(self) -> bool:
        """Whether the difference may be luck of the search."""
        if self.spiking is None or self.plain is None:
            return False
        low, high = sorted((self.spiking.value, self.plain.value))
        return low > 0 and high / low < LUCK


def compared(run: Run) -> list[Compared]:
    """Return memory and energy of both sides; nothing where not both have networks that are accurate enough."""
    rival, ours, theirs = run.tables.summary.rival, run.tables.front, run.tables.rivals
    if rival is None or rival.floor is None:
        return []
    if not accurate_enough(ours, rival.floor, rival.chance) or not accurate_enough(theirs, rival.floor):
        return []
    return [
        Compared(
            column,
            _least(picked(ours, rule, rival.floor, rival.chance), column),
            _least(picked(theirs, rule, rival.floor), column),
        )
        for column, rule in _RULES.items()
    ]


def plain_is_enough(found: list[Compared]) -> bool:
    """Return whether a network without spikes takes clearly less of one thing and no more of another."""
    known = [one for one in found if one.better != "unknown"]
    clearly = any(one.better == "plain" and not one.by_luck for one in known)
    return clearly and not any(one.better == "spiking" for one in known)


def against_plain(run: Run) -> Section:
    """Return the section."""
    found = compared(run)
    sentences = [_clause(one) for one in found] if found else [_why_not(run)]
    if any(one.by_luck for one in found):
        sentences.append(said("plain.luck"))
    told = (said("plain.what"), *sentences)
    return Section("plain", said("plain.title"), tuple(Paragraph(sentence) for sentence in told))


def _clause(one: Compared) -> Sentence:
    """Say who takes less of a quantity."""
    short = {"memory_bytes": "memory", "energy_j": "energy"}[one.column]
    if one.better == "unknown" or one.spiking is None or one.plain is None:
        return said(f"plain.{short}.unknown")
    if one.better == "same":
        return said(f"plain.{short}.same", both=one.spiking)
    low, high = (one.spiking, one.plain) if one.better == "spiking" else (one.plain, one.spiking)
    return said(f"plain.{short}.{one.better}", low=low, high=high, share=saving(high, low))


def why_not_compared(run: Run) -> str:
    """Return why there is nothing to compare: who alone is accurate enough, or why none was tried, by its key."""
    rival, ours, theirs = run.tables.summary.rival, run.tables.front, run.tables.rivals
    if rival is None:
        return "not_asked"
    if rival.floor is None:
        key = next((key for words, key in _REASONS.items() if words in rival.why_none), "other")
        return f"why.{key}"
    if accurate_enough(ours, rival.floor, rival.chance):
        return "only.spiking"
    return "only.plain" if accurate_enough(theirs, rival.floor) else "only.neither"


def _why_not(run: Run) -> Sentence:
    """Say so; a reason that is not in the table of words in the run's own."""
    rival = run.tables.summary.rival or Rival()
    floor = run.summary("rival.floor", rival.floor, "share")
    return said(
        f"plain.{why_not_compared(run)}",
        floor=amount(floor),
        device=run.device_name,
        why=Text(rival.why_none),
    )


def _least(row: FrontRow | RivalRow | None, column: str) -> Number | None:
    return None if row is None else measured(row, column)
