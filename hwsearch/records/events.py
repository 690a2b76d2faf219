"""What a run tells while it is at work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """Something that happened in a run.

    Attributes:
        kind: ``start``, ``note``, ``dense``, ``candidates``, ``final`` or ``rival``.
        text: In words.
        done, total: How far, where that can be said.
        model_s: Seconds that probes and model took since the last event that says.
    """

    kind: str
    text: str
    done: int = 0
    total: int = 0
    model_s: float = 0.0


Listener = Callable[[Event], None]
