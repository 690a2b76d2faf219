"""How many times as fast as one worker 16 and 64 are, simulated: the same trials, in batches of several sizes.

    python -m benchmarks.replay.workers --work DIR --world digits/layers --seeds 0 3

hwsearch's own searches of so many candidates are replayed with each size of batch (``search.batch``); what is asked
depends on that size, and not on the number of workers. Then their jobs, a candidate each, are worked off: the jobs of a
rung in their order, each by whoever is free; the next rung, and the next batch, begin when all of them have ended, as
in `hwsearch.search.stages.rungs`. With ``--overlap`` batches overlap (``search.overlap``): the jobs of a round, of
batches at different rungs, are one list. The dense network's trainings and the rounds of final trainings
(``final.others: train``) follow likewise; the driver calibrates the estimator between the dense network and the search,
alone. Besides, it takes `DRIVER_S` a job, one after the other, `LATENCY_S` pass until its worker has it, and choosing
takes `CHOOSING_S` a candidate, while all workers wait, also where batches overlap and it is done while they train
(benchmarks/results/cluster.md and choosing.md). The first table has the times, of a search alone, with the calibration
before it, and with the dense network and its end; the second what larger batches find, at the same number of
candidates: hypervolume (share of the best that exists, by the truth), the pick's true bytes (geometric mean) and what
was spent, in dense trainings.
"""

from __future__ import annotations

import argparse
import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.replay.ends import pick_contenders
from benchmarks.replay.ours import Bout
from benchmarks.replay.overlapped import Overlapped
from benchmarks.replay.picks import WITHIN
from benchmarks.replay.trainings import Offer
from benchmarks.replay.world import World, load_world

CANDIDATES = 1024
BATCHES, WORKERS = (8, 64, 256), (16, 64)
SECONDS = (60.0, 600.0)
"""That training a dense network takes: of that a candidate's rungs take a sixty-fourth and three thirty-seconds."""
DRIVER_S, LATENCY_S, CHOOSING_S = 0.042, 0.1, 0.027
_FINAL = 2

Rounds = Sequence[Sequence[int]]
"""Steps of each job, of all that are worked off together."""


@dataclass(frozen=True)
class Searched:
    """A search and its end.

    Attributes:
        batches: The rungs of each batch.
        asked: Candidates, of all batches.
        probes: Steps that calibrating takes.
        ends: Rounds of final trainings; the dense network's come with the first.
        hypervolume: Of what would be trained in full, by the truth, over the best that exists.
        n_bytes: Of the pick, true; None: nothing is accurate enough.
    """

    batches: Sequence[Rounds]
    asked: int
    probes: int
    ends: Rounds
    hypervolume: float
    n_bytes: float | None

    @property
    def search_steps(self) -> int:
        """Of all trainings of the search."""
        return sum(sum(jobs) for rungs in self.batches for jobs in rungs)

    @property
    def steps(self) -> int:
        """Of all trainings."""
        return self.probes + self.search_steps + sum(sum(jobs) for jobs in self.ends)


def main() -> None:
    """Replay the searches, print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--world", default="digits/layers")
    parser.add_argument("--seeds", type=int, nargs=2, default=(0, 3), metavar=("FIRST", "END"))
    parser.add_argument("--candidates", type=int, default=CANDIDATES)
    parser.add_argument("--batches", type=int, nargs="+", default=BATCHES)
    parser.add_argument("--overlap", action="store_true", help="batches overlap: a round is one list of jobs")
    args = parser.parse_args()
    world = load_world(args.world, args.work)
    own = {
        batch: [searched(world, seed, batch, args.candidates, args.overlap) for seed in range(*args.seeds)]
        for batch in args.batches
    }
    print("| batch | s a dense training | workers | search, times one | calibrated | with its end |")
    print("|---|---|---|---|---|---|")
    for batch, runs in own.items():
        for seconds in SECONDS:
            for workers in WORKERS:
                faster = [times(world, run, seconds / world.full_steps, workers) for run in runs]
                cells = " | ".join(f"{mean:.1f}" for mean in np.mean(faster, 0))
                print(f"| {batch} | {seconds:g} | {workers} | {cells} |")
    print("\n| batch | hypervolume | pick, B | spent by the search | with its end |\n|---|---|---|---|---|")
    for batch, runs in own.items():
        print(f"| {batch} | {found(world, runs)} |")


def searched(world: World, seed: int, batch: int, candidates: int, overlap: bool = False) -> Searched:
    """Replay a search of so many candidates, and its end; if batches overlap, a round stands for a batch."""
    bout = (Overlapped if overlap else Bout)(world, seed, {"batch": batch}, shuffled=False)
    batches: list[list[list[int]]] = [[]]
    rung, offered, charged = None, Offer([]), bout.probes  # with the first training
    for step in bout.steps(candidates):
        if isinstance(step, Offer):
            batches.append([])
            rung, offered = None, step
            continue
        if rung is None or (step.rung != rung and not overlap):
            batches[-1].append([])
            rung = step.rung
        batches[-1][-1].append(step.train_steps - charged)
        charged = 0
    picked = pick_contenders(world, bout.state, seed, WITHIN, foretell=False)
    truth = world.truth(offered.candidates, _FINAL), world.bytes_truth(offered.candidates)
    pick = picked.candidate
    return Searched(
        batches[:-1],
        batch * -(-candidates // batch),
        bout.probes,
        picked.rounds,
        world.hypervolume(*truth) / world.reference,
        None if pick is None else float(world.bytes_truth([pick])[0]),
    )


def times(world: World, run: Searched, seconds_a_step: float, workers: int) -> tuple[float, float, float]:
    """Return how many times as fast as one worker the search is, also with its calibration, and with its end too."""
    rows = []
    for n in (1, workers):
        dense, probed = _worked_off([world.full_steps], seconds_a_step, n), run.probes * seconds_a_step
        rungs = sum(_worked_off(jobs, seconds_a_step, n) for rungs in run.batches for jobs in rungs)
        search = CHOOSING_S * run.asked + rungs
        end = sum(_worked_off(jobs, seconds_a_step, n) for jobs in run.ends)
        rows.append((search, probed + search, dense + probed + search + end))
    one, several = rows
    return one[0] / several[0], one[1] / several[1], one[2] / several[2]


def _worked_off(jobs: Sequence[int], seconds_a_step: float, workers: int) -> float:
    """Return the seconds until jobs that are given out in their order have ended."""
    free = [0.0] * workers
    for place, steps in enumerate(jobs, 1):
        begin = max(heapq.heappop(free), place * DRIVER_S)
        heapq.heappush(free, begin + LATENCY_S + steps * seconds_a_step)
    return max(free)


def found(world: World, runs: Sequence[Searched]) -> str:
    """Return the cells of what searches found and spent."""
    n_bytes = [own.n_bytes for own in runs if own.n_bytes is not None]
    return " | ".join([
        f"{np.mean([own.hypervolume for own in runs]):.3f}",
        f"{np.exp(np.mean(np.log(n_bytes))):,.0f} ({len(n_bytes)} of {len(runs)})",
        f"{np.mean([own.search_steps / world.full_steps for own in runs]):.1f}",
        f"{np.mean([own.steps / world.full_steps for own in runs]):.1f}",
    ])  # fmt: skip


if __name__ == "__main__":
    main()
