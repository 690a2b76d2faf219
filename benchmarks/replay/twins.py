"""What is lost by taking a candidate for the twin of a cheaper one that it is foretold to behave like?

    python -m benchmarks.replay.twins --work DIR

Pairs of neighbours (one move of the search apart) in the ``layers`` worlds, of accurate candidates (85 % and more), and
how alike the estimator says that they are, by the true accuracy of the dearer less that of the cheaper.
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

import numpy as np

from benchmarks.replay.ours import sight_of
from benchmarks.replay.world import World, load_world
from hwsearch.predict.joint import joint_of
from hwsearch.space.candidate import Candidate

WORLDS = ("digits/layers", "mnist/layers")
EDGES = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 1.01)
PAIRS, LEAST_ACCURACY, POINTS = 6000, 0.85, 0.005


def pairs(world: World) -> tuple[list[Candidate], list[Candidate], np.ndarray]:
    """Return candidates, cheaper neighbours of theirs, and what the dearer are more accurate by."""
    rng, space, last = np.random.default_rng(0), world.space, len(world.cycles) - 1
    dearer: list[Candidate] = []
    cheaper: list[Candidate] = []
    gains: list[float] = []
    while len(gains) < PAIRS:
        setting = space.draw(rng)
        both = [space.candidate(setting), space.candidate(space.neighbour(setting, rng))]
        accuracy, cost = world.truth(both, last), world.bytes_truth(both)
        if accuracy[0] < LEAST_ACCURACY or both[0].digest == both[1].digest:
            continue
        low, high = np.argsort(cost, kind="stable")
        dearer.append(both[high])
        cheaper.append(both[low])
        gains.append(float(accuracy[high] - accuracy[low]))
    return dearer, cheaper, np.array(gains)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    args = parser.parse_args()
    print("| world | alike | pairs | dearer better by, points | better by more than half a point |")
    print("|---|---|---|---|---|")
    for name in WORLDS:
        world = load_world(name, args.work)
        sight, sparsities = sight_of(name, 0)
        dearer, cheaper, gains = pairs(world)
        one, other = (
            joint_of(some, [sparsities(c) for c in some], world.plan.spec.connections)
            for some in (dearer, cheaper)
        )
        alike = sight.similarity.alike(one, other)
        for low, high in itertools.pairwise(EDGES):
            own = gains[(alike >= low) & (alike < high)]
            if len(own):
                span = f"{low:.0%} to {min(high, 1.0):.0%}"
                better = f"{np.mean(own > POINTS):.1%}"
                print(f"| {name} | {span} | {len(own)} | {100 * own.mean():.2f} | {better} |")


if __name__ == "__main__":
    main()
