"""A recipe in the race for the pick, and what it races for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Runner:
    """A recipe in the race.

    Attributes:
        cost: What the pick counts: bytes, or energy.
        losses: Score lost against the dense network of the same seed, one a training that did not fail.
        score: What it reaches in the mean over all seeds, as far as that is known; in 0 .. 1.
        able: Whether a network of it can be handed over: it keeps the budgets and is a model.
        begun: Trainings, with those that failed.
        on_front: Whether it is, as far as scores are known: only what is on the front is picked.
        believed: What is known of its score altogether, and the standard deviation of that; None: its own trainings are
            all that is known. Where nothing can be picked yet, nobody is given up by it, unless a pick must be sure.
    """

    cost: float
    losses: tuple[float, ...]
    score: float
    able: bool
    begun: int
    on_front: bool = True
    believed: tuple[float, float] | None = None


@dataclass(frozen=True)
class Race:
    """What recipes race for.

    Attributes:
        rule: Of the pick: ``smallest``, ``frugal`` or ``accurate``.
        floor: Score that the pick must have.
        dense_score: Mean of the dense network's scores.
        n_val: Validation samples of a split.
        seeds: How often a recipe is trained at most.
        chance: Of changing the pick, from which on the trainings that a recipe still may have are worth it; 0: always.
        sure: Chance of a score below the floor that a pick may have at most; None: the mean of its trainings decides.
        at_once: Trainings of a round, so that workers do not wait; it may not depend on how many workers there are.
    """

    rule: str
    floor: float
    dense_score: float
    n_val: int
    seeds: int
    chance: float
    sure: float | None = None
    at_once: int = 4
