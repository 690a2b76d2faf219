"""Is the chance that a run gives to what it left any good? In replay all that was stopped or cut can be trained on.

    python -m benchmarks.replay.completion --work DIR [--seeds 20]

Runs of 128 proposals in the ``layers`` worlds, with what they finish in the end. Of every candidate that is deferred
then (`search.decide.completion`), its training goes on to the end, by the world's noise, and is held against the front
that the run measured (networks that are of use). ``--finish 1`` shows what a run leaves that finishes nothing.
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.replay.ours import Bout
from benchmarks.replay.trainings import Step
from benchmarks.replay.world import World, load_world
from hwsearch.measure.accuracy import wilson
from hwsearch.search.decide.completion import RULED_OUT, deferred
from hwsearch.search.decide.front import worst_of

WORLDS = ("digits/layers", "mnist/layers")
EDGES = (0.0, RULED_OUT / 2, RULED_OUT, 0.05, 0.1, 0.2, 1.0)
TRIALS = 128


def left(world: World, seed: int, finish: float) -> pd.DataFrame:
    """Return what a run left: outcome, chance, and whether it comes to the front when it is trained on."""
    bout = Bout(world, seed, {"finish": finish}, shuffled=False)
    asking = sum(step.train_steps for step in bout.steps(TRIALS) if isinstance(step, Step))
    finishing = sum(step.train_steps for step in bout.finish())
    known = list(bout.known.values())
    state = bout.state
    left_over, worst = deferred(state), worst_of(bout.plan, bout.dense.error)
    chances = state.learned.chances(left_over, state.box())
    finished = [r for r in known if r.outcome == "trained"]
    reached = np.array([r.accuracy_val for r in finished])
    costs = world.bytes_truth([r.candidate for r in finished])
    rows = []
    for record, chance, cost in zip(
        left_over, chances, world.bytes_truth([r.candidate for r in left_over]), strict=True
    ):
        accuracy = world.observe(record.candidate, bout.rungs[len(bout.plan.cycles) - 1], seed)
        on_front = not (reached[costs <= cost] >= accuracy).any() and 1.0 - accuracy < worst
        row = {"seed": seed, "outcome": record.outcome, "chance": chance, "on the front": on_front}
        rows.append(row | {"asking": asking, "finishing": finishing})
    return pd.DataFrame(rows)


def show(name: str, rows: pd.DataFrame) -> None:
    """Print a world's table."""
    runs = rows["seed"].nunique()
    predicted, came = rows["chance"].sum() / runs, rows["on the front"].sum() / runs
    spent = rows.drop_duplicates("seed")
    print(f"\n### {name}, {runs} runs\n")
    print(
        f"A run leaves {len(rows) / runs:.0f}; {predicted:.1f} of them are predicted on the front, {came:.1f} "
        f"are. Finishing takes {(spent['finishing'] / spent['asking']).mean():.0%} more train_steps.\n"
    )
    print("| left | candidates | mean chance | on the front | 95 % interval |\n|---|---|---|---|---|")
    stopped = rows[rows["outcome"] == "stopped"]
    for low, high in itertools.pairwise(EDGES):
        _row(
            f"stopped, chance {low:.0%} to {high:.0%}",
            stopped[stopped["chance"].between(low, high, inclusive="left")],
        )
    _row("cut before training: foreseen", rows[rows["outcome"] == "foreseen"])
    _row("cut before training: lookalike", rows[rows["outcome"] == "lookalike"])
    _row("all", rows)


def _row(label: str, rows: pd.DataFrame) -> None:
    if rows.empty:
        return
    share = rows["on the front"].mean()
    low, high = wilson(share, len(rows))
    print(f"| {label} | {len(rows)} | {rows['chance'].mean():.1%} | {share:.1%} | {low:.1%} to {high:.1%} |")


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--finish", type=float, default=0.02, help="search.finish of the runs")
    args = parser.parse_args()
    for name in WORLDS:
        world = load_world(name, args.work)
        show(name, pd.concat([left(world, seed, args.finish) for seed in range(args.seeds)]))


if __name__ == "__main__":
    main()
