"""Do picks keep what a study asks under noise (``robustness``) on test noise, which is of other draws?

    python -m benchmarks.robustness studies/digits_mcu.yaml --work DIR > benchmarks/results/robustness.md

The study is run with each demand and seed; finals of a demand that is asked later come from the run's cache. Beside
the pick stands what would have been picked without the demand, both on the test split under 20 draws of test noise.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import hwsearch
from hwsearch.errors import NothingFits
from hwsearch.hardware.cost_model import price
from hwsearch.results.recover import recover
from hwsearch.results.result import Result
from hwsearch.search.decide.pick import pick_row
from hwsearch.stress.kinds import kind_of
from hwsearch.stress.measure import Samples, Settings, right, under
from hwsearch.stress.models import Stored
from hwsearch.study.model import load_study, write_study
from hwsearch.study.search_sections import Robustness

CASES = (
    (Robustness(noise=0.1, lose_at_most=0.02), (0.005,)),
    (Robustness(noise=0.2, lose_at_most=0.08), (0.005, 0.06)),
)
"""What is demanded, and the accuracy that picks may lose against the dense network: much of it lets small ones in."""
DRAWS = 20


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("study", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args()
    print("# Picks that keep their accuracy under noise\n")
    print(f"`python -m benchmarks.robustness {options.study} --work DIR --seeds {options.seeds}`\n")
    print(
        "Points lost under the noise: on validation as the run measured it (10 draws), with what it is held to\n"
        "(95 % certainty), and on test (20 other draws, 95 % interval over samples and draws).\n"
    )
    head = ("noise", "may lose", "seed", "within", "pick", "bytes", "on validation", "on test")
    print(f"| {' | '.join((*head, 'without the demand', 'bytes', 'on test'))} |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    study = load_study(options.study)
    for seed in range(options.seeds):
        for demand, tolerances in CASES:
            own = study.model_copy(update={"robustness": demand, "seed": seed, "rival": False})
            options.work.mkdir(parents=True, exist_ok=True)
            path = options.work / f"seed{seed}.yaml"
            write_study(own, path)
            result = hwsearch.run(path, out=options.work / f"seed{seed}", workers=options.workers)
            for within in tolerances:
                print(line(result, demand, seed, within), flush=True)


def line(result: Result, demand: Robustness, seed: int, within: float) -> str:
    """Return a row: the pick, and what would be picked without the demand."""
    free = pick_row(result.front, result.study.pick.rule, result.dense["accuracy_val"], within)
    begin = f"| {demand.noise:g} | {100 * demand.lose_at_most:g} | {seed} | {100 * within:g} |"
    without = "none | |"
    if free is not None:
        trial = int(free["trial"])
        without = f"trial {trial} | {free['memory_bytes']:,} | {lost(result, trial, demand)}"
    try:
        pick = result.pick(within=within)
    except NothingFits:
        return f"{begin} none keeps it | | | | {without} |"
    on_test = lost(result, int(pick["trial"]), demand)
    picked = f"trial {pick['trial']} | {pick['memory_bytes']:,} | {_on_validation(pick)} | {on_test}"
    return f"{begin} {picked} | {without} |"


def _on_validation(pick: Mapping[str, Any]) -> str:
    return f"{100 * pick['noise_loss']:.1f}, at most {100 * pick['noise_loss_high']:.1f}"


def lost(result: Result, trial: int, demand: Robustness) -> str:
    """Return the points that a trial loses on test, with their interval."""
    found = recover(result.folder, trial)
    data = found.plan.data
    samples = Samples("test", data.x_test, data.y_test)
    stored = Stored(found.network, price(found.workload, found.plan.profile).formats)
    shares = under(stored, samples, kind_of("noise"), demand.noise, Settings(seeds=DRAWS))
    lost = right(stored.network, samples.x, samples.y) - shares
    half = 1.96 * np.hypot(
        lost.mean(0).std(ddof=1) / np.sqrt(lost.shape[1]), lost.mean(1).std(ddof=1) / np.sqrt(len(lost))
    )
    return f"{100 * lost.mean():.1f} ± {100 * half:.1f}"


if __name__ == "__main__":
    main()
