"""The same replayed searches ended in both ways: all of the front trained in full, or contenders for the pick alone.

    python -m benchmarks.replay.both_ends --work DIR --world digits/layers --seeds 0 20

Each search is hwsearch's own and ends after the trainings of `TRAININGS` dense networks. Then the final race of all
finalists (`ends.pick`) and that of contenders alone (`ends.pick_foretold`) both pick, with the same fresh trainings.
Printed is a row of the table in `results/picks.md`: what both spent in all, the true bytes of their picks (geometric
means) and the ratio by seed, how often a pick loses more than the tolerance and (in brackets) how often the searches
say that it would, and how many of the foretold 95 % intervals hold the truth.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.stats import t

from benchmarks.replay.ends import Picked, dense_of, pick, pick_foretold
from benchmarks.replay.ours import Bout
from benchmarks.replay.picks import OFFERS, WITHIN
from benchmarks.replay.trainings import Offer
from benchmarks.replay.world import World, load_world

TRAININGS = 8
_FINAL = 2


def main() -> None:
    """Replay the searches of some seeds, end each in both ways, print the row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--world", default="digits/layers")
    parser.add_argument("--seeds", type=int, nargs=2, default=(0, 20), metavar=("FIRST", "END"))
    args = parser.parse_args()
    world = load_world(args.world, args.work)
    ended = [both(world, seed) for seed in range(*args.seeds)]
    print(f"| {args.world}, {args.seeds[0]} to {args.seeds[1] - 1} | {row(world, ended)} |")


def both(world: World, seed: int) -> tuple[float, Picked, Picked]:
    """Return the search's steps, and what either end picks."""
    bout, spent, offers = Bout(world, seed, {}, shuffled=False), 0, 0
    for step in bout.steps():
        if not isinstance(step, Offer):
            spent += step.train_steps
            continue
        offers += 1
        if offers % OFFERS == 0 and spent >= TRAININGS * world.full_steps:
            trained = pick(world, step.candidates, seed, WITHIN)
            return spent, trained, pick_foretold(world, bout.state, seed, WITHIN)
    raise RuntimeError(f"the search of seed {seed} ended before {TRAININGS} trainings were spent")


def row(world: World, ended: Sequence[tuple[float, Picked, Picked]]) -> str:
    """Return the cells of a row: trained, foretold."""
    best = float(world.truth([dense_of(world)], _FINAL)[0])
    ways = [[(spent, picked[way]) for spent, *picked in ended] for way in range(2)]
    n_bytes = [[_bytes(world, own) for _, own in way] for way in ways]
    pairs = [np.log(b / a) for a, b in zip(*n_bytes, strict=True) if a and b]
    spents = [np.mean([(spent + own.steps) / world.full_steps for spent, own in way]) for way in ways]
    means = [np.exp(np.mean(np.log([n for n in way if n]))) for way in n_bytes]
    below = [np.mean([_lost(world, best, own) > WITHIN for _, own in way if own.candidate]) for way in ways]
    stated = [np.mean([own.chance for _, own in way if own.chance is not None]) for way in ways]
    half = t.ppf(0.975, len(pairs) - 1) * np.std(pairs, ddof=1) / np.sqrt(len(pairs))
    ends = [np.exp(np.mean(pairs) + k * half) for k in (0, -1, 1)]
    held = [hold for _, own in ways[1] for hold in own.foretold]
    return " | ".join([
        ", ".join(f"{spent:.1f}" for spent in spents),
        ", ".join(f"{mean:,.0f}" for mean in means),
        f"{ends[0]:.2f} [{ends[1]:.2f}, {ends[2]:.2f}]",
        ", ".join(f"{share:.0%} ({said:.1%})" for share, said in zip(below, stated, strict=True)),
        f"{sum(held)} of {len(held)}",
    ])  # fmt: skip


def _bytes(world: World, picked: Picked) -> float | None:
    return None if picked.candidate is None else float(world.bytes_truth([picked.candidate])[0])


def _lost(world: World, best: float, picked: Picked) -> float:
    assert picked.candidate is not None
    return best - float(world.truth([picked.candidate], _FINAL)[0])


if __name__ == "__main__":
    main()
