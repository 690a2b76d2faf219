"""One broken rule, as a value, and the two laws that most rules state: a limit and a menu."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.workload import Workload


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


Rule = Callable[[Workload, HardwareProfile], Iterator[Violation]]
"""A rule that needs no more than the network's counts and the device: its name is the law, what it yields breaks it."""


def over(rule: str, need: float, limit: float | None, layer: str, what: str) -> Iterator[Violation]:
    """Yield a violation if a need is over its limit; None is no limit."""
    if limit is not None and need > limit:
        place = f"{layer}: " if layer else ""
        yield Violation(rule, need, limit, layer, f"{place}{need:,} {what}: the limit is {limit:,}")


def offered(rule: str, need: int, menu: tuple[int, ...], layer: str, what: str) -> Iterator[Violation]:
    """Yield a violation if a need is not on a menu; an empty menu offers anything."""
    if menu and need not in menu:
        message = f"{layer}: {what} {need}: the device has {', '.join(map(str, menu))}"
        yield Violation(rule, need, 0, layer, message)
