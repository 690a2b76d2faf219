"""Picks that must be sure against picks by their mean: how often they lose more than a point, and what they cost.

    python -m benchmarks.replay.sure_ends --work DIR --world digits/layers --seeds 0 100

The same searches of about 8 dense trainings end in each way of `WAYS`, with the same fresh trainings: the
pick is the smallest whose mean loss is at most so much, or the smallest whose chance to lose more than a point
(``pick.within: 0.01``) is at most so much (``pick.chance``). Printed is a row of the table in `results/picks.md` for
each way: runs without a pick, how many picks truly lose more than a point (with its standard deviation by chance), how
many the searches say do (of a pick by its mean: that lose more than that asks), true losses in points, true bytes
(geometric mean), and all that search and end spend, in dense trainings.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.replay.ends import Picked, dense_of, pick_contenders
from benchmarks.replay.three_ends import searched
from benchmarks.replay.world import World, load_world

_FINAL, _POINT = 2, 0.01


@dataclass(frozen=True)
class Way:
    """How a search ends.

    Attributes:
        within: ``pick.within``.
        chance: ``pick.chance``.
        seeds: ``final.seeds``.
        foretell: Whether the others are foretold (``final.others``).
    """

    within: float
    chance: float | None
    seeds: int
    foretell: bool = True

    @property
    def words(self) -> str:
        """What the row is of."""
        sure = "" if self.chance is None else f", chance {self.chance:g}"
        return f"within {self.within:g}{sure}, {self.seeds} seeds, {'foretold' if self.foretell else 'train'}"


WAYS = (
    Way(0.005, None, 5),
    Way(0.005, None, 3),
    Way(0.01, None, 5),
    Way(0.01, 0.3, 3),
    Way(0.01, 0.2, 3),
    Way(0.01, 0.1, 3),
    Way(0.01, 0.2, 5),
    Way(0.01, 0.2, 3, foretell=False),
)


def main() -> None:
    """Replay the searches of some seeds, end each in every way, print the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--world", default="digits/layers")
    parser.add_argument("--seeds", type=int, nargs=2, default=(0, 20), metavar=("FIRST", "END"))
    args = parser.parse_args()
    world = load_world(args.world, args.work)
    ended = [every_way(world, seed) for seed in range(*args.seeds)]
    for place, way in enumerate(WAYS):
        print(f"| {args.world} | {way.words} | {row(world, [(spent, own[place]) for spent, own in ended])} |")


def every_way(world: World, seed: int) -> tuple[float, list[Picked]]:
    """Return the search's steps, and what each end picks."""
    spent, _, state = searched(world, seed)
    return spent, [
        pick_contenders(
            world, state, seed, way.within, foretell=way.foretell, seeds=way.seeds, sure=way.chance
        )
        for way in WAYS
    ]


def row(world: World, ended: Sequence[tuple[float, Picked]]) -> str:
    """Return the cells of one way: (the search's steps, what was picked) of each seed."""
    best = float(world.truth([dense_of(world)], _FINAL)[0])
    picks = [(own.candidate, own.chance) for _, own in ended if own.candidate is not None]
    lost = np.array([best - float(world.truth([candidate], _FINAL)[0]) for candidate, _ in picks])
    n_bytes = [float(world.bytes_truth([candidate])[0]) for candidate, _ in picks]
    below, stated = float(np.mean(lost > _POINT)), float(np.mean([chance or 0.0 for _, chance in picks]))
    spent = np.mean([(steps + own.steps) / world.full_steps for steps, own in ended])
    return " | ".join([
        str(len(ended) - len(picks)),
        f"{below:.0%} (+- {math.sqrt(below * (1 - below) / len(picks)):.0%})",
        f"{stated:.1%}",
        f"{100 * lost.mean():.2f}, at most {100 * lost.max():.2f}",
        f"{np.exp(np.mean(np.log(n_bytes))):,.0f}",
        f"{spent:.1f}",
    ])  # fmt: skip


if __name__ == "__main__":
    main()
