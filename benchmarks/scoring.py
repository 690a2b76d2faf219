"""What collecting statistics and scoring costs, against one epoch of dense training of one network.

    python -m benchmarks.scoring studies/*.yaml

Statistics are those of both criteria that need them, on the study's own number of samples; the best of three runs each.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from hwsearch.network.params import initial_params
from hwsearch.plan.plan import make_plan
from hwsearch.search.stages.dense import dense_fit
from hwsearch.study.model import load_study
from hwsearch.tickets.criteria import score
from hwsearch.tickets.fit import dense_masks
from hwsearch.tickets.observe import observe
from hwsearch.train.machine import OneThread, keep_freed_memory


def seconds(work: Callable[[], object]) -> float:
    """Return the least of three times."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def row(path: Path) -> str:
    """Return a study's row."""
    plan = make_plan(load_study(path), path)
    fit = dense_fit(plan, plan.data, 0)
    epoch = replace(fit, schedule=replace(fit.schedule, epochs=1))
    init = initial_params(plan.spec, 0)
    (dense,) = epoch.train([init], [dense_masks(init)])

    def statistics() -> None:
        seen = observe(plan.spec, dense, fit.x[: plan.study.tickets.samples], fit.timesteps)
        for criterion in ("spike_probability", "second_order"):
            score(criterion, dense, seen)

    whole, own = seconds(lambda: epoch.train([init], [dense_masks(init)])), seconds(statistics)
    weights, samples = plan.spec.n_weights, len(fit.y)
    return f"| {plan.study.name} | {weights:,} | {samples:,} | {whole:.2f} | {own:.2f} | {own / whole:.2f} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("studies", nargs="+", type=Path)
    print("| study | weights | samples | an epoch, s | statistics and scores, s | share |")
    print("|---|---|---|---|---|---|")
    keep_freed_memory()
    with OneThread():
        for path in parser.parse_args().studies:
            print(row(path), flush=True)


if __name__ == "__main__":
    main()
