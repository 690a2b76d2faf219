"""What does the pick lose on test, over several splits of the data, and what do fewer final trainings change of it?

    python -m benchmarks.picks studies/digits_mcu.yaml --splits 8

One test split of a small data set says little: its own chance is larger than the tolerance. This runs the whole study
on each split and prints the dense reference and the pick (test accuracies are means over fresh seeds). Then it trains
every finalist with every seed, as `hwsearch front --confirm` does, and prints the pick of that beside it.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import t

import hwsearch
from hwsearch.api import Asker
from hwsearch.study.model import load_study, write_study


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("study", type=Path)
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args()
    study, raced, confirmed = load_study(options.study), [], []
    print(
        "| split | dense, test | pick | loses, points | spent | pick of all trainings | loses, points | spent |"
    )
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for split in range(options.splits):
            own = study.model_copy(update={"data": study.data.model_copy(update={"split_seed": split})})
            path, out = Path(folder) / f"split{split}.yaml", Path(folder) / str(split)
            write_study(own, path)
            first = hwsearch.run(path, out=out, workers=options.workers).summary
            whole = hwsearch.confirm(out, Asker(options.workers)).summary
            raced.append(numbers(first))
            confirmed.append(numbers(whole))
            cells = " | ".join(f"{words(summary)} | {spent(summary):.1f}" for summary in (first, whole))
            print(f"| {split} | {first['dense']['accuracy_test']:.2%} | {cells} |", flush=True)
    print(f"\nSpent: trainings, counted in the dense network's. As raced: {over(raced)}.")
    print(f"With every training: {over(confirmed)}.")
    both = np.array([a - b for a, b in zip(raced, confirmed, strict=True) if len(a) and len(b)])
    print(
        f"Raced less that: {mean_of(both[:, 0])} points, {mean_of(100 * both[:, 1])} % of the dense network's bytes."
    )


def numbers(summary: Mapping[str, Any]) -> np.ndarray:
    """Return points lost on test and the share of the dense network's bytes; nothing where there is no pick."""
    dense, pick = summary["dense"], summary["pick"]
    if pick is None:
        return np.array([])
    return np.array(
        [
            100 * (dense["accuracy_test"] - pick["accuracy_test"]),
            pick["memory_bytes"] / dense["memory_bytes"],
            spent(summary),
        ]
    )


def words(summary: Mapping[str, Any]) -> str:
    """Return the pick in two cells."""
    pick, found = summary["pick"], numbers(summary)
    if pick is None:
        return "none is accurate enough |"
    return f"trial {pick['trial']}: {pick['memory_bytes']:,} B, {1 / found[1]:.1f} times smaller | {found[0]:.2f}"


def spent(summary: Mapping[str, Any]) -> float:
    """Return all trainings of a run, counted in dense ones."""
    return float(summary["cost"]["train_steps"] / summary["cost"]["dense_train_steps"])


def over(rows: list[np.ndarray]) -> str:
    """Return means over the splits, and the worst."""
    table = np.array([row for row in rows if len(row)])
    lost, share, trainings = table.T
    return (
        f"loses {mean_of(lost)} points, at most {lost.max():.2f}; at least {1 / share.max():.1f} times smaller, "
        f"{mean_of(100 * share)} % of the dense network's bytes; {mean_of(trainings)} trainings"
    )


def mean_of(values: np.ndarray) -> str:
    """Return a mean with its 95 % interval over the splits (t)."""
    if len(values) < 2:
        return f"{np.mean(values):.2f}"
    reach = t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    return f"{np.mean(values):.2f} (+- {reach:.2f})"


if __name__ == "__main__":
    main()
