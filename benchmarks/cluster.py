"""What it costs to train on a Dask cluster: against processes of this machine, a job, and with 64 and 512 workers.

    OMP_NUM_THREADS=1 python -m benchmarks.cluster > benchmarks/results/cluster.md

Training: the same jobs by two processes on two cores, and by a scheduler and four workers that two cores are shared by,
in turn, several times, with and without Dask's profiler; a job is a stack of four candidates of the README's network.
CPU seconds are those of the processes that train: on a machine with other work they say more than the clock does.

A job's cost: jobs that compute nothing, but travel as large as jobs and results of the README's study do, of four
candidates (`benchmarks.cluster_jobs`).

64 workers: a real scheduler and a real driver, each a process; the workers are real Dask workers too, all of them in
one process, and sleep instead of training, with jobs of four candidates and of one. What is lost against workers that
are always busy is what Dask, the driver and the sizes of jobs cost. All share this machine, so that with as many
machines it is less.

64 and 512 workers, each a machine's: simulated, with the processor seconds a job that driver and scheduler were seen to
take, and the latency of a job that computes nothing. (512 workers in one process did not all connect in five minutes.)
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import heapq
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from builders.clusters import RealCluster, wait_until

from benchmarks.cluster_jobs import bench_of_study, job_of_study, nothing, sleep
from hwsearch.search.jobs.cluster import Cluster
from hwsearch.search.jobs.job import Bench, Job, run_job
from hwsearch.search.jobs.pool import Crew
from hwsearch.search.jobs.processes import Processes
from hwsearch.search.jobs.remote import pack
from hwsearch.search.jobs.scheduler import Scheduler

DASK, PROFILED = "Dask, 4 workers", "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED"
SIMULATED = (64, 512)
LATENCY_S = 0.1
"""Of a job that computes nothing, one after the other, as `costs_table` shows it."""
PARTS = ("training", "costs", "crowds")
CANDIDATES = (4, 1)
"""Of a job that many workers sleep over."""
TICK = os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=16, help="of each training")
    parser.add_argument("--epochs", type=int, default=40, help="of a job")
    parser.add_argument("--crowds", type=int, nargs="*", default=[64])
    parser.add_argument(
        "--short", action="store_true", help="a minute that shows that it works, and no figures"
    )
    parser.add_argument(
        "--profiled", action="store_true", help="also with Dask's profiler, which it comes with"
    )
    parser.add_argument(
        "--only", choices=PARTS, action="append", help="a part of it; several times; default: all"
    )
    parser.add_argument("--crowd", nargs=2, metavar=("ADDRESS", "N"), help="be so many workers that sleep")
    args = parser.parse_args()
    if args.crowd:
        asyncio.run(crowd(args.crowd[0], int(args.crowd[1])))
        return
    sleeps = (1.0, 5.0, 20.0)
    if args.short:
        args.repeats, args.jobs, args.epochs, args.crowds, sleeps = 1, 4, 1, [4], (0.1,)
    bench, job = bench_of_study(), job_of_study(args.epochs)
    print(f"# Training on a Dask cluster\n\n`python -m benchmarks.cluster`, {os.cpu_count()} cores.\n")
    with tempfile.TemporaryDirectory() as work:
        parts = args.only or PARTS
        if "training" in parts:
            training_table(bench, job, args.jobs, args.repeats, Path(work), args.profiled)
        if "costs" in parts:
            costs_table(bench, job, Path(work))
        if "crowds" in parts:
            for candidates in CANDIDATES:
                crowds_table(bench, job_of_study(1, candidates), args.crowds, sleeps, Path(work))


def training_table(bench: Bench, job: Job, n_jobs: int, repeats: int, work: Path, profiled: bool) -> None:
    """Train with processes and with a cluster in turn, and print what each took, turn by turn."""
    tasks = [partial(run_job, job=job)] * n_jobs
    rows: dict[str, list[tuple[float, float]]] = {}
    settings = {DASK: {}, f"{DASK}, profiled": {PROFILED: "True"}}
    with contextlib.ExitStack() as stack:
        processes = Processes(bench, 2)
        stack.callback(processes.close, at_once=False)
        crews: dict[str, Crew] = {"2 processes": processes}
        pids: dict[str, Sequence[int]] = {}
        for name, setting in settings.items() if profiled else [(DASK, settings[DASK])]:
            real = stack.enter_context(RealCluster(work / str(len(crews)), 4, **setting))
            cluster = stack.enter_context(Cluster(Scheduler(real.address)))
            wait_until(lambda cluster=cluster: cluster.size == 4)
            crews[name], pids[name] = cluster.crew(bench), real.worker_pids()
            for place, pid in enumerate(pids[name]):
                os.sched_setaffinity(pid, {sorted(os.sched_getaffinity(0))[place % 2]})
        for crew in crews.values():
            list(crew.results(tasks[:4]))  # what is imported and compiled on first use
        pids["2 processes"] = list(processes._pool._processes)
        for _ in range(repeats):
            for name, crew in crews.items():
                taken = timed(lambda crew=crew: list(crew.results(tasks)), pids[name])
                rows.setdefault(name, []).append(taken)
                print(f"{name}: {taken[0]:.1f} s, {taken[1]:.1f} CPU s", file=sys.stderr, flush=True)
    print(f"## Training: {n_jobs} jobs, median of {repeats} turns\n")
    print("| who trains | s | CPU s of who trains |\n|---|---|---|")
    for name, times in rows.items():
        wall, cpu = (statistics.median(values) for values in zip(*times, strict=True))
        print(f"| {name} | {wall:.1f} | {cpu:.1f} |")
    ours, *theirs = rows
    for name in theirs:
        pairs = list(zip(rows[ours], rows[name], strict=True))
        for place, what in enumerate(("time", "CPU time")):
            ratios = sorted(there[place] / here[place] for here, there in pairs)
            print(
                f"\n{name}, over {ours}, {what}: median {statistics.median(ratios):.3f}, "
                f"{ratios[0]:.3f} to {ratios[-1]:.3f}",
                flush=True,
            )


def timed(act: Callable[[], object], pids: Sequence[int]) -> tuple[float, float]:
    """Return the seconds, and the CPU seconds of some processes, that something takes."""
    before, start = cpu_seconds(pids), time.perf_counter()
    act()
    return time.perf_counter() - start, cpu_seconds(pids) - before


def cpu_seconds(pids: Sequence[int]) -> float:
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(each[11]) + int(each[12]) for each in fields) / TICK


def costs_table(bench: Bench, job: Job, work: Path) -> None:
    """Print what a job costs besides its training."""
    result = run_job(bench, job)
    task: Any = partial(nothing, job=job)
    print("\n## A job that computes nothing\n")
    print(
        f"A job is {len(pack(partial(run_job, job=job))):,} bytes packed, "
        f"its result {len(pack(result)):,}; data {data_bytes(bench):,}.\n"
    )
    print("| who | ms a job, one after the other | ms a job, 200 at once |\n|---|---|---|")
    with RealCluster(work / "costs", 4) as real, Cluster(Scheduler(real.address)) as cluster:
        wait_until(lambda: cluster.size == 4)
        processes = Processes(bench, 2)
        for name, crew in (("2 processes", processes), ("Dask, 4 workers", cluster.crew(bench))):
            list(crew.results([task] * 8))
            alone = per_job(lambda crew=crew: [list(crew.results([task])) for _ in range(50)], 50)
            many = per_job(lambda crew=crew: list(crew.results([task] * 200)), 200)
            print(f"| {name} | {1000 * alone:.1f} | {1000 * many:.1f} |")
        processes.close(at_once=False)


def per_job(act: Callable[[], object], n: int) -> float:
    start = time.perf_counter()
    act()
    return (time.perf_counter() - start) / n


def data_bytes(bench: Bench) -> int:
    return sum(value.nbytes for value in vars(bench.data).values() if isinstance(value, np.ndarray))


def crowds_table(bench: Bench, job: Job, crowds: Sequence[int], sleeps: Sequence[float], work: Path) -> None:
    """Print how busy many workers are that sleep instead of training."""
    print(f"\n## Many workers that sleep, candidates a job: {len(job.tickets)}\n")
    print(
        "| workers | s a job | jobs | s | s if nothing were lost | busy | jobs a second "
        "| driver's CPU | scheduler's CPU |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for n in crowds:
        with many_workers(work / f"{n}x{len(job.tickets)}", n) as (cluster, real):
            crew = cluster.crew(bench)
            list(crew.results([partial(sleep, job=job, seconds=0.01)] * n))
            costs = [
                crowd_row(crew, n, partial(sleep, job=job, seconds=seconds), seconds, real)
                for seconds in sleeps
            ]
    simulated_table(*(statistics.median(values) for values in zip(*costs, strict=True)), SIMULATED, sleeps)


def crowd_row(crew: Crew, n: int, task: Any, seconds: float, real: RealCluster) -> tuple[float, float]:
    """Print how long some rounds of jobs take on all workers; return CPU s a job of driver and scheduler."""
    jobs = n * max(2, round(20 / seconds) if n < 100 else 2)
    mine, theirs = [os.getpid()], [real.scheduler.pid]
    before = (cpu_seconds(mine), cpu_seconds(theirs))
    wall = per_job(lambda: list(crew.results([task] * jobs)), 1)
    driver, scheduler = cpu_seconds(mine) - before[0], cpu_seconds(theirs) - before[1]
    ideal = jobs * seconds / n
    print(
        f"| {n} | {seconds:g} | {jobs} | {wall:.1f} | {ideal:.1f} | {ideal / wall:.0%} | {jobs / wall:.0f} "
        f"| {driver / wall:.0%} | {scheduler / wall:.0%} |",
        flush=True,
    )
    return driver / jobs, scheduler / jobs


def simulated_table(
    driver_s: float, scheduler_s: float, workers: Sequence[int], sleeps: Sequence[float]
) -> None:
    """Print how busy as many workers as machines would be, and whom they wait for."""
    print("\n### On machines of their own, simulated\n")
    print(
        f"The driver takes {1000 * driver_s:.0f} ms a job and the scheduler {1000 * scheduler_s:.0f}, each one job "
        f"after the other;\n{1000 * LATENCY_S:.0f} ms pass besides until a worker has its next one.\n"
    )
    print(
        "| workers | s a job | busy | jobs a second | driver busy | scheduler busy |\n|---|---|---|---|---|---|"
    )
    for n in workers:
        for seconds in (*sleeps, 60.0):
            rate = simulated_rate(n, seconds, driver_s, scheduler_s)
            print(
                f"| {n} | {seconds:g} | {rate * seconds / n:.0%} | {rate:.1f} | {rate * driver_s:.0%} "
                f"| {rate * scheduler_s:.0%} |"
            )


def simulated_rate(n: int, seconds: float, driver_s: float, scheduler_s: float, rounds: int = 50) -> float:
    """Return jobs a second of n workers whose results pass a scheduler and a driver, each of one at a time."""
    ready = [(seconds * (1 + place / n), place) for place in range(n)]  # not all at once
    heapq.heapify(ready)
    free_scheduler = free_driver = now = half = 0.0
    for finished in range(rounds * n):
        now, place = heapq.heappop(ready)
        half = now if finished == rounds * n // 2 else half  # by then all is as it stays
        free_scheduler = max(free_scheduler, now) + scheduler_s
        free_driver = max(free_driver, free_scheduler) + driver_s
        heapq.heappush(ready, (free_driver + LATENCY_S + seconds, place))
    return (rounds * n - rounds * n // 2 - 1) / (now - half)


@contextlib.contextmanager
def many_workers(folder: Path, n: int) -> Iterator[tuple[Cluster, RealCluster]]:
    """Yield a scheduler with so many workers, all of them in one process."""
    real = RealCluster(folder, 0)
    real.start_scheduler()
    line = [sys.executable, "-m", "benchmarks.cluster", "--crowd", real.address, str(n)]
    with (folder / "crowd.log").open("ab") as log:
        process = subprocess.Popen(line, stdout=log, stderr=log, env=real.environment)
    try:
        with Cluster(Scheduler(real.address)) as cluster:
            wait_until(lambda: cluster.size == n, 300)
            yield cluster, real
    finally:
        process.kill()
        process.wait()
        real.stop(real.scheduler)


async def crowd(address: str, n: int) -> None:
    """Be so many workers, each with a thread for its jobs."""
    from distributed import Worker

    async with contextlib.AsyncExitStack() as stack:
        for _ in range(n):
            worker = Worker(address, nthreads=1, memory_limit=0, host="127.0.0.1", dashboard_address=None)
            await stack.enter_async_context(worker)
        await asyncio.Event().wait()


if __name__ == "__main__":
    main()
