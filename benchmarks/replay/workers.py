"""How many times as fast as one worker 16 and 64 are, simulated: the same trials, in batches of several sizes.

    python -m benchmarks.replay.workers --work DIR --world digits/layers --seeds 0 3

hwsearch's own searches of so many candidates are replayed with each size of batch (``search.batch``); what is asked
depends on that size, and not on the number of workers. Then their jobs, a candidate each, are worked off: the jobs of a
rung in their order, each by whoever is free; the next rung, and the next batch, begin when all of them have ended, as
in `hwsearch.search.stages.rungs`. With ``--overlap`` batches overlap (``search.overlap``): the jobs of a round, of
batches at different rungs, are one list, and those of the batch that begins in it follow when it is chosen. The dense
network's trainings and the rounds of final trainings (``final.others: train``) follow likewise. Between the dense
network and the search the estimator is calibrated, in `CALIBRATION` stacks of untrained networks, each set after the
one before. Besides, the driver takes `DRIVER_S` a job, one after the other, `LATENCY_S` pass until its worker has it,
and choosing takes `CHOOSING_S` a candidate (benchmarks/results/cluster.md and choosing.md), while all workers wait, or
what is under way trains where batches overlap. The first table has the times, of a search alone, with the calibration
before it, and with the dense network and its end; the second what larger batches find, at the same number of
candidates: hypervolume (share of the best that exists, by the truth), the pick's true bytes (geometric mean) and what
was spent, in dense trainings.
"""

from __future__ import annotations

import argparse
import heapq
from collections.abc import Mapping, Sequence
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
DRIVER_S, LATENCY_S, CHOOSING_S = 0.010, 0.1, 0.0164
CALIBRATION = (13, 3, 10)
"""Stacks of 16 networks that settle the estimator, judge it, and probe layers of the world's; taken as alike."""
_FINAL = 2

Rounds = Sequence[Sequence[int]]
"""Steps of each job, of all that are worked off together."""


@dataclass(frozen=True)
class Searched:
    """A search and its end.

    Attributes:
        batches: The rungs of each batch; where they overlap, of each round what was under way, and what begins.
        chosen: Batches that were chosen, of ``size`` candidates each.
        size: Likewise.
        overlap: Whether they overlap.
        probes: Steps that calibrating takes.
        ends: Rounds of final trainings; the dense network's come with the first.
        hypervolume: Of what would be trained in full, by the truth, over the best that exists.
        n_bytes: Of the pick, true; None: nothing is accurate enough.
    """

    batches: Sequence[Rounds]
    chosen: int
    size: int
    overlap: bool
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
    batches: list[list[list[int]]] = [[[], []] if overlap else []]
    rung, offered, charged = None, Offer([]), bout.probes  # with the first training
    for step in bout.steps(candidates):
        if isinstance(step, Offer):
            batches.append([[], []] if overlap else [])
            rung, offered = None, step
            continue
        if step.rung != rung and not overlap:
            batches[-1].append([])
            rung = step.rung
        late = overlap and step.rung != bout.rungs[0]  # what was under way
        batches[-1][0 if late else -1].append(step.train_steps - charged)
        charged = 0
    picked = pick_contenders(world, bout.state, seed, WITHIN, foretell=False)
    truth = world.truth(offered.candidates, _FINAL), world.bytes_truth(offered.candidates)
    pick = picked.candidate
    return Searched(
        batches[:-1],
        -(-candidates // batch),
        batch,
        overlap,
        bout.probes,
        picked.rounds,
        world.hypervolume(*truth) / world.reference,
        None if pick is None else float(world.bytes_truth([pick])[0]),
    )


def times(world: World, run: Searched, seconds_a_step: float, workers: int) -> tuple[float, float, float]:
    """Return how many times as fast as one worker the search is, also with its calibration, and with its end too."""
    rows = []
    for n in (1, workers):
        dense = _worked_off([world.full_steps], seconds_a_step, n)
        stack = run.probes / sum(CALIBRATION)
        probed = sum(_worked_off([stack] * stacks, seconds_a_step, n) for stacks in CALIBRATION)
        search = sum(_taken(run, place, rungs, seconds_a_step, n) for place, rungs in enumerate(run.batches))
        end = sum(_worked_off(jobs, seconds_a_step, n) for jobs in run.ends)
        rows.append((search, probed + search, dense + probed + search + end))
    one, several = rows
    return one[0] / several[0], one[1] / several[1], one[2] / several[2]


def _taken(run: Searched, place: int, rungs: Rounds, seconds_a_step: float, workers: int) -> float:
    """Return the seconds that a batch takes with its choice, or a round with that of the batch that begins in it."""
    choosing = CHOOSING_S * run.size if place < run.chosen else 0.0
    if not run.overlap:
        return choosing + sum(_worked_off(jobs, seconds_a_step, workers) for jobs in rungs)
    under_way, begun = rungs
    return _worked_off([*under_way, *begun], seconds_a_step, workers, {len(under_way): choosing})


def _worked_off(
    jobs: Sequence[float], seconds_a_step: float, workers: int, waits: Mapping[int, float] | None = None
) -> float:
    """Return the seconds until jobs that are given out in their order have ended.

    Args:
        jobs: Steps of each.
        seconds_a_step: On every worker.
        workers: How many there are.
        waits: Seconds that whoever gives them out takes for something else, by the job before which that is.
    """
    free, driver, waits = [0.0] * workers, 0.0, waits or {}
    for place, steps in enumerate(jobs):
        driver += DRIVER_S + waits.get(place, 0.0)
        begin = max(heapq.heappop(free), driver)
        heapq.heappush(free, begin + LATENCY_S + steps * seconds_a_step)
    return max(*free, driver + waits.get(len(jobs), 0.0))


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
