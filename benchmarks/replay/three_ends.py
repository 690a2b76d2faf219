"""The same replayed searches ended in three ways: who is trained in full first, and what becomes of the others.

    python -m benchmarks.replay.three_ends --work DIR --world digits/layers --seeds 0 20

Each search is hwsearch's own and ends after the trainings of `TRAININGS` dense networks. Then, with the same fresh
trainings, all that promises to be on the front races at once, as that of other samplers does; contenders for the pick
race first, and the others are trained once (`final.others: train`); or the others are foretold (`foretold`). Printed
is a row of the table in `results/picks.md`: what each way spent in all, the true bytes of its picks (geometric means)
and their ratio to the first way's, by seed; how often a pick loses more than the tolerance, and (in brackets) how often
the searches say that it would; and how many of the foretold 95 % intervals hold the truth.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.stats import t

from benchmarks.replay.ends import Picked, dense_of, pick, pick_contenders
from benchmarks.replay.ours import Bout
from benchmarks.replay.picks import OFFERS, WITHIN
from benchmarks.replay.trainings import Offer
from benchmarks.replay.world import World, load_world
from hwsearch.search.decide.state import SearchState
from hwsearch.space.candidate import Candidate

TRAININGS = 8
_FINAL = 2


def main() -> None:
    """Replay the searches of some seeds, end each in every way, print the row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--world", default="digits/layers")
    parser.add_argument("--seeds", type=int, nargs=2, default=(0, 20), metavar=("FIRST", "END"))
    args = parser.parse_args()
    world = load_world(args.world, args.work)
    ended = [every_way(world, seed) for seed in range(*args.seeds)]
    print(f"| {args.world}, {args.seeds[0]} to {args.seeds[1] - 1} | {row(world, ended)} |")


def every_way(world: World, seed: int) -> tuple[float, Picked, Picked, Picked]:
    """Return the search's steps, and what each end picks."""
    spent, offered, state = searched(world, seed)
    return (
        spent,
        pick(world, offered, seed, WITHIN),
        pick_contenders(world, state, seed, WITHIN, foretell=False),
        pick_contenders(world, state, seed, WITHIN, foretell=True),
    )


def searched(world: World, seed: int) -> tuple[float, Sequence[Candidate], SearchState]:
    """Return the steps of a search of so many trainings, what it offers, and what is known at its end."""
    bout, spent, offers = Bout(world, seed, {}, shuffled=False), 0, 0
    for step in bout.steps():
        if not isinstance(step, Offer):
            spent += step.train_steps
            continue
        offers += 1
        if offers % OFFERS == 0 and spent >= TRAININGS * world.full_steps:
            return spent, step.candidates, bout.state
    raise RuntimeError(f"the search of seed {seed} ended before {TRAININGS} trainings were spent")


def row(world: World, ended: Sequence[tuple[float, Picked, Picked, Picked]]) -> str:
    """Return the cells of a row, in each the ways one after the other."""
    best = float(world.truth([dense_of(world)], _FINAL)[0])
    ways = [[(spent, picked[way]) for spent, *picked in ended] for way in range(3)]
    n_bytes = [[_bytes(world, own) for _, own in way] for way in ways]
    spents = [np.mean([(spent + own.steps) / world.full_steps for spent, own in way]) for way in ways]
    means = [np.exp(np.mean(np.log([n for n in way if n]))) for way in n_bytes]
    below = [np.mean([_lost(world, best, own) > WITHIN for _, own in way if own.candidate]) for way in ways]
    stated = [np.mean([own.chance for _, own in way if own.chance is not None]) for way in ways]
    held = [hold for _, own in ways[2] for hold in own.foretold]
    return " | ".join([
        ", ".join(f"{spent:.1f}" for spent in spents),
        ", ".join(f"{mean:,.0f}" for mean in means),
        ", ".join(_ratio(n_bytes[0], n_bytes[way]) for way in (1, 2)),
        ", ".join(f"{share:.0%} ({said:.1%})" for share, said in zip(below, stated, strict=True)),
        f"{sum(held)} of {len(held)}",
    ])  # fmt: skip


def _ratio(first: Sequence[float | None], second: Sequence[float | None]) -> str:
    """Return the geometric mean of the ratios of pairs, and its 95 % interval; where either has no pick is left out."""
    pairs = [np.log(b / a) for a, b in zip(first, second, strict=True) if a and b]
    half = t.ppf(0.975, len(pairs) - 1) * np.std(pairs, ddof=1) / np.sqrt(len(pairs))
    mean, *ends = (np.exp(np.mean(pairs) + k * half) for k in (0, -1, 1))
    return f"{mean:.2f} [{ends[0]:.2f}, {ends[1]:.2f}]"


def _bytes(world: World, picked: Picked) -> float | None:
    return None if picked.candidate is None else float(world.bytes_truth([picked.candidate])[0])


def _lost(world: World, best: float, picked: Picked) -> float:
    assert picked.candidate is not None
    return best - float(world.truth([picked.candidate], _FINAL)[0])


if __name__ == "__main__":
    main()
