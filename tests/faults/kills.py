"""Kills real processes of real runs at random moments, and holds what the runs end with to an undisturbed one.

    python tests/faults/kills.py --kills 200 --seed 0 --work DIR [--storage sqlite postgres] [--workers 0 1 2 3 4]
        [--overlap]

A run is the command line on a small study, with its search in SQLite or in a PostgreSQL server, trained in its own
process (``--workers 0`` here) or on a Dask cluster of so many workers. SIGKILL hits the driver or, on a cluster, a
worker, after a time that is drawn; the same line is typed again until it ends. Then trials.csv and front.csv must equal
those of an undisturbed run in one process over SQLite to the last digit, but for wall_s, and the next run begins. A
failure says the folder, whose log is beside it. With ``--overlap`` the study has four batches that overlap.

Most of a small run is Python importing torch. So that kills come at moments that matter, drivers and workers are forked
from this process, which has imported all, and dead workers are started again by it; ``--start fresh`` starts each of
them as a command line, and workers under Dask's nannies, as the tests do.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from builders.clusters import (
    Forked,
    ForkedCluster,
    Fresh,
    Process,
    RealCluster,
    Start,
    import_all,
)
from builders.postgres import PostgresServer, binaries
from builders.tiny import TINY

STUDY = TINY.replace("candidates: 24, batch: 8, stack: 4", "candidates: 12, batch: 4, stack: 2").replace(
    "final: {seeds: 2}", "final: {seeds: 1}"
)
# of a driver that has imported everything a run takes 3 s of a core, half of them training, asking and storing
SMALL = (
    STUDY.replace("train_size: 400", "train_size: 300")
    .replace("fc24-fc16", "fc16")
    .replace("candidates: 12", "candidates: 8")
    .replace("[0.0, 0.5, 0.8, 0.9]", "[0.0, 0.5, 0.8]")
    .replace("within: 0.2", "within: 0.5")
)
OVERLAPPING = SMALL.replace(", epochs: 3", ", epochs: 8").replace(
    "candidates: 8, batch: 4", "candidates: 16, batch: 4, overlap: true"
)
RESUMABLE = (3, 5)
LONGEST_S = 900.0
TABLES = ("trials.csv", "front.csv")


@dataclass
class Tally:
    """What was done in a cell.

    Attributes:
        kills: By what was hit.
        runs: That ended, each compared.
        ends: Exit codes of drivers that nobody killed.
    """

    kills: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    ends: Counter[int] = field(default_factory=Counter)

    @property
    def words(self) -> str:
        ends = ", ".join(f"{n} times exit {code}" for code, n in sorted(self.ends.items()))
        hits = " + ".join(f"{n} {what}" for what, n in sorted(self.kills.items()))
        return f"{sum(self.kills.values())} kills ({hits}), {self.runs} runs ended and equal; {ends}"


class Campaign:
    """One cell: one storage, one crew."""

    def __init__(
        self,
        study: Path,
        work: Path,
        cluster: RealCluster | ForkedCluster | None,
        server: PostgresServer | None,
        start: Start,
    ) -> None:
        self.study, self.work, self.cluster, self.server, self.start = study, work, cluster, server, start
        self.tally = Tally()

    def run(
        self, kills: int, rng: random.Random, whole: Path, whole_s: float, until: float = math.inf
    ) -> Tally:
        """Kill so many times, and let the last run end.

        Args:
            kills: How often.
            rng: Draws what is hit and when.
            whole: Folder of the undisturbed run.
            whole_s: Its seconds: kills come within a little more.
            until: When to kill no more, by the monotonic clock.
        """
        while self._goes_on(kills, until):
            folder = self.work / f"run{self.tally.runs}"
            storage = [] if self.server is None else ["--storage", self.server.database()]
            while self._disturbed(folder, storage, kills if self._goes_on(kills, until) else 0, rng, whole_s):
                pass
            assert_equal(folder, whole)
            self.tally.runs += 1
        return self.tally

    def _goes_on(self, kills: int, until: float) -> bool:
        return sum(self.tally.kills.values()) < kills and time.monotonic() < until

    def _disturbed(
        self, folder: Path, storage: list[str], kills: int, rng: random.Random, whole_s: float
    ) -> bool:
        """Type the line once, and kill; return whether it is to be typed again."""
        scheduler = ["--workers", "1"] if self.cluster is None else ["--scheduler", self.cluster.address]
        with driver(self.study, folder, *storage, *scheduler, start=self.start) as process:
            while sum(self.tally.kills.values()) < kills:
                if not self._ends_within(process, rng.uniform(0, 1.2 * whole_s)):
                    if self.cluster is None or rng.random() < 0.5:
                        process.kill()
                        self.tally.kills["driver"] += 1
                        return True
                    self._kill_worker(rng)
                    continue
                break
            assert self._ends_within(process, LONGEST_S), f"{folder} does not end"
            code = process.code
        self.tally.ends[code] += 1
        log = folder.with_suffix(".log").read_text(errors="replace")
        assert code in (0, *RESUMABLE), f"{folder}: exit {code}\n{log[-3000:]}"
        assert "Traceback" not in log, f"{folder}: {log[-3000:]}"
        return code != 0

    def _ends_within(self, process: Process, seconds: float) -> bool:
        """Return whether a driver ends in time; meanwhile workers that died are started again."""
        end = time.monotonic() + seconds
        while process.code is None and time.monotonic() < end:
            if isinstance(self.cluster, ForkedCluster):
                self.cluster.tend()
            time.sleep(min(0.05, max(0.0, end - time.monotonic())))
        return process.code is not None

    def _kill_worker(self, rng: random.Random) -> None:
        """Kill a worker that lives: all of them may be starting again."""
        assert self.cluster is not None
        pids = self.cluster.worker_pids()
        if pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(rng.choice(pids), signal.SIGKILL)
                self.tally.kills["worker"] += 1


@contextlib.contextmanager
def driver(study: Path, folder: Path, *options: str, start: Start) -> Iterator[Process]:
    """Yield a command line at work on a study; what it says goes to a file beside its folder."""
    process = start(
        ["hwsearch", "run", str(study), "--out", str(folder), *options], folder.with_suffix(".log")
    )
    try:
        yield process
    finally:
        process.kill()


def undisturbed(study: Path, folder: Path, start: Start) -> float:
    """Run a study in one process without disturbing it; return its seconds."""
    began = time.monotonic()
    with driver(study, folder, "--workers", "1", start=start) as process:
        assert process.wait(LONGEST_S) == 0, folder.with_suffix(".log").read_text()
    return time.monotonic() - began


def assert_equal(folder: Path, whole: Path) -> None:
    """Assert that two runs have the same tables to the last digit, but for seconds."""
    for name in TABLES:
        found, wanted = (pd.read_csv(path / name, dtype=str) for path in (folder, whole))
        found, wanted = (table.drop(columns="wall_s", errors="ignore") for table in (found, wanted))
        assert len(wanted), f"{whole / name} is empty"
        pd.testing.assert_frame_equal(found, wanted, obj=f"{folder / name}")


def shares(kills: int, cells: int) -> list[int]:
    """Return how many kills each cell gets, so that all together get as many as asked for."""
    return [kills // cells + (place < kills % cells) for place in range(cells)]


def main() -> None:
    """Kill as the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument(
        "--storage", nargs="+", default=["sqlite", "postgres"], choices=["sqlite", "postgres"]
    )
    parser.add_argument("--workers", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--minutes", type=float, default=math.inf, help="kill no more after so many in all")
    parser.add_argument("--start", choices=["forked", "fresh"], default="forked")
    parser.add_argument("--overlap", action="store_true", help="batches overlap")
    args = parser.parse_args()
    args.work.mkdir(parents=True)
    study, whole = args.work / "tiny.yaml", args.work / "whole"
    study.write_text(OVERLAPPING if args.overlap else SMALL)
    start = Forked if args.start == "forked" else Fresh
    make = ForkedCluster if args.start == "forked" else RealCluster
    if args.start == "forked":
        import_all(study)
    whole_s = undisturbed(study, whole, start)
    print(f"seed {args.seed}; an undisturbed run takes {whole_s:.1f} s", flush=True)
    cells = [(storage, workers) for workers in args.workers for storage in args.storage]
    total = Tally()
    with contextlib.ExitStack() as stack:
        server = None
        if "postgres" in args.storage:
            found = binaries()
            assert found is not None, "PostgreSQL is not installed"
            server = stack.enter_context(PostgresServer(found))
        for (storage, workers), kills in zip(cells, shares(args.kills, len(cells)), strict=True):
            name = f"{storage}-{workers}"
            with contextlib.ExitStack() as cell:
                cluster = None
                if workers:
                    cluster = cell.enter_context(make(args.work / f"{name}-cluster", workers))
                (args.work / name).mkdir()
                place = server if storage == "postgres" else None
                campaign = Campaign(study, args.work / name, cluster, place, start)
                until = time.monotonic() + 60 * args.minutes / len(cells)
                tally = campaign.run(kills, random.Random(f"{args.seed} {name}"), whole, whole_s, until)
            crew = "one process" if not workers else f"Dask, {workers} worker{'s' * (workers > 1)}"
            print(f"{storage}, {crew}: {tally.words}", flush=True)
            total.kills += tally.kills
            total.runs += tally.runs
            total.ends += tally.ends
    print(f"all: {total.words}")


if __name__ == "__main__":
    main()
