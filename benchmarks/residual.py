"""A residual network of 12 layers with weights: trained by us and by SpikingJelly, then searched, exported, verified.

    python -m benchmarks.residual [--study studies/fashion_resnet.yaml] [--seeds 4] > benchmarks/results/residual.md

The dense network of the study is trained by our loop and by SpikingJelly's multi-step modules (`spikingjelly_net`),
from the same start weights, with the same 8-bit fake quantisation, Adam, cosine, and order of the samples; one thread
each, both in turn in one process, one process a core. Then the study is run, and its pick exported to a temporary
folder and verified. Progress goes to standard error.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from scipy.stats import t as student

from benchmarks.spikingjelly_net import SpikingJellyNet
from hwsearch.api import make_plan
from hwsearch.measure.accuracy import CONFIDENCE, wilson
from hwsearch.measure.floats import logits
from hwsearch.network.params import Ticket
from hwsearch.plan.plan import Plan
from hwsearch.plan.schedules import dense_schedule
from hwsearch.search.stages.dense import dense_ticket
from hwsearch.study.model import load_study
from hwsearch.train.loop import train_stack
from hwsearch.train.machine import tune_process

BATCH = 250
Trainer = Callable[[Plan, Ticket, int], Callable[[np.ndarray], np.ndarray]]
"""(the question, start weights, seed) -> trained: inputs [N, C, H, W] -> classes [N]"""


@dataclass(frozen=True)
class Row:
    """What one training gave.

    Attributes:
        val, test: Right answers, one a sample.
        cpu_s: Processor time of the training.
    """

    val: np.ndarray
    test: np.ndarray
    cpu_s: float


def ours(plan: Plan, ticket: Ticket, seed: int) -> Callable[[np.ndarray], np.ndarray]:
    """Train the dense network as a run does."""
    (trained,) = train_stack(
        plan.spec, [ticket], plan.data.x_train, plan.data.y_train,
        timesteps=plan.dense_timesteps, schedule=dense_schedule(plan), seed=seed,
    )  # fmt: skip
    assert trained.params is not None, trained.failure
    done = replace(ticket, params=trained.params)
    return lambda x: logits(plan.spec, [done], x, plan.dense_timesteps)[0].argmax(1)


def spikingjelly(plan: Plan, ticket: Ticket, seed: int) -> Callable[[np.ndarray], np.ndarray]:
    """Train it as a user of SpikingJelly does."""
    schedule, data = dense_schedule(plan), plan.data
    net = SpikingJellyNet(plan.spec, ticket)
    adam = torch.optim.Adam(net.parameters(), lr=schedule.learning_rate)
    generator = torch.Generator().manual_seed(seed)
    x, y = _floats(data.x_train, plan), torch.from_numpy(data.y_train)
    n_steps, step = schedule.epochs * math.ceil(len(y) / schedule.batch_size), 0
    for _ in range(schedule.epochs):
        for batch in torch.randperm(len(y), generator=generator).split(schedule.batch_size):
            rate = schedule.learning_rate * 0.5 * (1 + math.cos(math.pi * step / n_steps))
            adam.param_groups[0]["lr"] = rate
            out = net(_shown(x[batch], plan)).mean(0)
            loss = F.cross_entropy(schedule.loss_gain * out, y[batch])
            adam.zero_grad()
            loss.backward()
            adam.step()
            step += 1
    net.eval()

    def answer(x: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            parts = [net(_shown(part, plan)).mean(0).argmax(1) for part in _floats(x, plan).split(BATCH)]
        return torch.cat(parts).numpy()

    return answer


TRAINERS: dict[str, Trainer] = {"ours": ours, "SpikingJelly": spikingjelly}


def _floats(x: np.ndarray, plan: Plan) -> torch.Tensor:
    return torch.from_numpy(x.astype(np.float32) / plan.data.input_max)


def _shown(x: torch.Tensor, plan: Plan) -> torch.Tensor:
    """Return still images shown at every timestep, [T, B, C, H, W]."""
    return x.unsqueeze(0).repeat(plan.dense_timesteps, 1, 1, 1, 1)


def trained(study: Path, seed: int) -> dict[str, Row]:
    """Train one seed by each trainer, in turn."""
    tune_process()
    plan, rows = make_plan(load_study(study), study), {}
    few = replace(plan.data, x_train=plan.data.x_train[:BATCH], y_train=plan.data.y_train[:BATCH])
    for train in TRAINERS.values():  # what the first training of a process loads is not counted
        train(replace(plan, data=few), dense_ticket(plan, seed), seed)
    for name, train in TRAINERS.items():
        start = time.process_time()
        answer = train(plan, dense_ticket(plan, seed), seed)
        seconds = time.process_time() - start
        data = plan.data
        rows[name] = Row(answer(data.x_val) == data.y_val, answer(data.x_test) == data.y_test, seconds)
        print(
            f"seed {seed}, {name}: {rows[name].val.mean():.2%}, {seconds:.0f} s", file=sys.stderr, flush=True
        )
    return rows


def print_trainings(results: Sequence[dict[str, Row]]) -> None:
    """Print accuracies with their intervals, gaps and times."""
    print("| seed | ours: validation | SpikingJelly: validation | ours: test | SpikingJelly: test | ours, s |"
          " SpikingJelly, s | times faster |\n|---|---|---|---|---|---|---|---|")  # fmt: skip
    for seed, rows in enumerate(results):
        own, other = rows["ours"], rows["SpikingJelly"]
        cells = [_share(values) for values in (own.val, other.val, own.test, other.test)]
        times = f"{own.cpu_s:.0f} | {other.cpu_s:.0f} | {other.cpu_s / own.cpu_s:.2f}"
        print(f"| {seed} | {' | '.join(cells)} | {times} |")
    print("\n| | mean, ours | mean, SpikingJelly | difference, points | 95 % interval (t, over seeds) |")
    print("|---|---|---|---|---|")
    for part in ("val", "test"):
        means = np.array([[getattr(rows[name], part).mean() for name in TRAINERS] for rows in results])
        gaps = 100 * (means[:, 0] - means[:, 1])
        reach = _reach(gaps)
        name = {"val": "validation", "test": "test"}[part]
        left, right = means.mean(0)
        print(f"| {name} | {left:.2%} | {right:.2%} | {gaps.mean():+.2f} | {reach} |")


def _share(right: np.ndarray) -> str:
    low, high = wilson(right.mean(), len(right))
    return f"{right.mean():.2%} ({low:.1%} to {high:.1%})"


def _reach(gaps: np.ndarray) -> str:
    if len(gaps) < 2:
        return ""
    reach = student.ppf(0.5 + CONFIDENCE / 2, len(gaps) - 1) * gaps.std(ddof=1) / math.sqrt(len(gaps))
    return f"{gaps.mean() - reach:+.2f} to {gaps.mean() + reach:+.2f}"


def print_search(study: Path, workers: int) -> None:
    """Run the study by the command line, export its pick, verify it, and print what each says in the end."""
    with tempfile.TemporaryDirectory() as folder:
        run, model = f"{folder}/run", f"{folder}/model"
        hwsearch("run", str(study), "--out", run, "--workers", str(workers))
        for args in (("front", run), ("pick", run), ("export", run, "--to", model), ("verify", model)):
            said = hwsearch(*args).replace(folder, "DIR")
            print(f"\n`hwsearch {' '.join(args).replace(folder, 'DIR')}`:\n\n```\n{said.rstrip()}\n```")


def hwsearch(*args: str) -> str:
    """Run a command; its progress goes to standard error.

    Raises:
        CalledProcessError: It failed.
    """
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "hwsearch", *args], stdout=subprocess.PIPE, text=True, check=True
    )
    print(
        f"hwsearch {args[0]}: {time.perf_counter() - start:.0f} s\n{done.stdout}", file=sys.stderr, flush=True
    )
    return done.stdout


def main() -> None:
    """Print the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--study", type=Path, default=Path("studies/fashion_resnet.yaml"))
    parser.add_argument("--seeds", type=int, default=4)
    options = parser.parse_args()
    cores, start = len(os.sched_getaffinity(0)), time.perf_counter()
    with multiprocessing.get_context("spawn").Pool(cores) as pool:
        results = pool.starmap(trained, [(options.study, seed) for seed in range(options.seeds)], chunksize=1)
    dense_s = time.perf_counter() - start
    print("# A residual network of 12 layers\n\nRebuilt by `python -m benchmarks.residual`; "
          f"{cores} cores, torch {torch.__version__}.\n\n## Dense, ours and SpikingJelly's\n")  # fmt: skip
    print_trainings(results)
    print("\n## Searched, picked, exported, verified")
    start = time.perf_counter()
    print_search(options.study, cores)
    search_s = time.perf_counter() - start
    print(
        f"\nWall time: {dense_s:.0f} s for the trainings above, {search_s:.0f} s for the search and its export."
    )


if __name__ == "__main__":
    main()
