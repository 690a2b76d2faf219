"""Contests in the worlds, in simulated time: what each contestant must train until it has found what there is.

    python -m benchmarks.replay.contest --work DIR [--worlds digits/grid ...] [--contestants tpe ...] [--seeds 20]
    python -m benchmarks.replay.contest --work DIR --table | --pack
    python -m benchmarks.replay.contest --table

Resumable: a run is one line of DIR/<world>.jsonl (the world's ``/`` is a ``-``), and a run that has its line is not run
again. ``--pack`` keeps a folder's runs in the repository; a table of no folder is of these. A run's time is the samples
times timesteps that were trained. It keeps when the true hypervolume of all that was trained so far (each at the rung
it reached) first came to a share of the best that exists, and when a network that holds the floor, less the noise of
one training, within 10 % of the least bytes was trained (`world`). A run ends when its contestant ends, at its budget,
or once it has all of these (or up to ``--until``); ``grid`` has no budget, ``tpe_400`` and ``gp_200`` have those of
their names. ``--also MODULE`` imports a module that adds contestants to `baselines.CONTESTANTS`.
"""

from __future__ import annotations

import argparse
import gzip
import importlib
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.replay.baselines import CONTESTANTS, Contestant
from benchmarks.replay.standings import standings
from benchmarks.replay.trainings import Offer
from benchmarks.replay.world import EARLY_TIME, FULL_TIME, NAMES, World, load_world
from hwsearch.search.decide.front import non_dominated

SHARES = (50.0, 60.0, 70.0, 80.0, 85.0, 90.0, 92.5, 95.0, 97.0, 98.0, 99.0)
BUDGET, OWN_BUDGETS = 100.0, {"grid": np.inf, "tpe_400": 400.0, "gp_200": 200.0}
SLOW = ("gp", "tpe_400", "gp_200")
PACKED = Path(__file__).parent / "kept"


class Score:
    """What a run has reached, by the truth.

    Attributes:
        steps: Spent so far.
        share: Per cent of the best hypervolume that exists.
        offered: The most that would have been reached by ending and training in full what was found.
        reached: Steps at which each share was first reached.
        model: Steps at which the model that is sought was trained; None: not yet.
    """

    def __init__(self, world: World, until: float = SHARES[-1]) -> None:
        self.steps, self.share, self.offered = 0, 0.0, 0.0
        self.reached: dict[float, int] = {}
        self.model: int | None = None
        self._world, self._until, self._front = world, until, np.empty((0, 2))

    def add(self, accuracy: float, n_bytes: float, train_steps: int) -> None:
        """Count one cycle more, by the true accuracy and bytes of what it left."""
        self.steps += train_steps
        points = np.vstack([self._front, [(1.0 - accuracy, n_bytes)]])
        self._front = points[non_dominated(points)]
        won = self._world.hypervolume(1.0 - self._front[:, 0], self._front[:, 1])
        self.share = 100 * won / self._world.reference
        for share in SHARES:
            if self.share >= share:
                self.reached.setdefault(share, self.steps)
        if self.model is None and self._world.holds(np.array(accuracy), np.array(n_bytes)):
            self.model = self.steps

    def offer(self, accuracy: np.ndarray, n_bytes: np.ndarray, train_steps: int) -> None:
        """Count what is reached if the search ends here and trains these in full, by their true accuracies [N]."""
        steps = self.steps + train_steps
        won = self._world.hypervolume(accuracy, n_bytes)
        self.offered = max(self.offered, 100 * won / self._world.reference)
        for share in SHARES:
            if 100 * won / self._world.reference >= share:
                self.reached[share] = min(steps, self.reached.get(share, steps))
        if self._world.holds(accuracy, n_bytes).any():
            self.model = min(steps, self.model or steps)

    @property
    def has_all(self) -> bool:
        """Whether there is nothing left to reach."""
        return self.model is not None and any(share >= self._until for share in self.reached)


def run(
    world: World, contestant: Contestant, seed: int, budget: float, until: float = SHARES[-1]
) -> dict[str, Any]:
    """Return a run in numbers; its budget is in full trainings at the longest T."""
    start, score = time.perf_counter(), Score(world, until)
    cycles, ended = [0] * len({*FULL_TIME, *EARLY_TIME}), "of itself"
    for step in contestant(world, seed):
        if isinstance(step, Offer):
            own = step.candidates
            steps = sum(world.steps(c, rung) for c in own for rung in range(len(world.cycles)))
            score.offer(world.truth(own, len(world.cycles) - 1), world.bytes_truth(own), steps)
            continue
        (accuracy,), (n_bytes,) = (
            world.truth([step.candidate], step.rung),
            world.bytes_truth([step.candidate]),
        )
        score.add(float(accuracy), float(n_bytes), step.train_steps)
        cycles[step.rung] += 1
        if score.has_all or score.steps >= budget * world.full_steps:
            ended = "has all" if score.has_all else "budget"
            break
    return {
        "seed": seed,
        "full_steps": world.full_steps,
        "budget": budget if np.isfinite(budget) else None,
        "ended": ended,
        "steps": score.steps,
        "cycles": cycles,
        "share": round(max(score.share, score.offered), 3),
        "reached": {f"{share:g}": steps for share, steps in score.reached.items()},
        "model": score.model,
        "wall_s": round(time.perf_counter() - start, 2),
    }


def contest(world: World, names: list[str], seeds: int, budget: float, path: Path, until: float) -> None:
    """Run what is missing, and keep every run as it ends."""
    for name in names:
        for seed in range(seeds):
            if (name, seed) in {(own["contestant"], own["seed"]) for own in read_runs(path)}:
                continue
            own = run(world, CONTESTANTS[name], seed, OWN_BUDGETS.get(name, budget), until)
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"contestant": name} | own) + "\n")
        print(f"{world.name} {name}: {seeds} seeds", flush=True)


def read_runs(path: Path) -> list[dict[str, Any]]:
    """Return the runs of a file; none where there is none."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def packed_runs(world: str) -> list[dict[str, Any]]:
    """Return the runs of a world that the repository keeps."""
    with gzip.open(runs_path(PACKED, world).with_suffix(".jsonl.gz"), "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def pack(world: str, work: Path) -> None:
    """Keep the runs of a world in the repository, in one order whatever the order they ran in; no wall time."""
    runs = sorted(read_runs(runs_path(work, world)), key=lambda own: (own["contestant"], own["seed"]))
    text = "".join(json.dumps({k: v for k, v in own.items() if k != "wall_s"}) + "\n" for own in runs)
    PACKED.mkdir(exist_ok=True)
    runs_path(PACKED, world).with_suffix(".jsonl.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


def runs_path(work: Path, world: str) -> Path:
    """Return the file of a world's runs."""
    return work / f"{world.replace('/', '-')}.jsonl"


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, help="folder of worlds and runs so far")
    parser.add_argument("--worlds", nargs="+", choices=NAMES, default=list(NAMES))
    parser.add_argument("--contestants", nargs="+", help="all but those that take half a minute a run")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--budget", type=float, default=BUDGET, help="in full trainings at the longest T")
    parser.add_argument(
        "--until", type=float, default=SHARES[-1], choices=SHARES, help="per cent of the best hypervolume"
    )
    parser.add_argument("--also", nargs="*", default=[], help="modules that add contestants")
    parser.add_argument("--table", action="store_true", help="print what the runs so far show")
    parser.add_argument("--pack", action="store_true", help="keep the runs so far in the repository")
    args = parser.parse_args()
    if args.work is None and not args.table:
        parser.error("--work DIR is needed; without it only --table is possible, of the runs that are kept")
    for module in args.also:
        importlib.import_module(module)
    names = args.contestants or [name for name in CONTESTANTS if name not in SLOW]
    unknown = [name for name in names if name not in CONTESTANTS and not args.table]
    if unknown:
        parser.error(f"a contestant must be one of {', '.join(CONTESTANTS)}; got {', '.join(unknown)}")
    for world in args.worlds:
        if args.table:
            runs = read_runs(runs_path(args.work, world)) if args.work else packed_runs(world)
            print(standings(world, runs, args.contestants))
        elif args.pack:
            pack(world, args.work)
        else:
            args.work.mkdir(parents=True, exist_ok=True)
            path = runs_path(args.work, world)
            contest(load_world(world, args.work), names, args.seeds, args.budget, path, args.until)


if __name__ == "__main__":
    main()
