"""One broken rule, as a value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Violation:
    """One rule that a network breaks on a device.

    Attributes:
        rule: The rule's name.
        need: What the network needs; 0 where that is no number.
        limit: What the device offers; 0 where that is a menu and not a number.
        layer: The offending layer; empty: the whole network.
        message: Rule, need and limit in words.
    """

    rule: str
    need: float
    limit: float
    layer: str
    message: str


def over(rule: str, need: float, limit: float | None, layer: str, what: str) -> Iterator[Violation]:
    """Yield a violation if a need is over its limit; None is no limit."""
    if limit is not None and need > limit:
        place = f"{layer}: " if layer else ""
        yield Violation(rule, need, limit, layer, f"{place}{need:,} {what}: the limit is {limit:,}")
