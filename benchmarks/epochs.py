"""How well does a candidate's accuracy after 1, 4 or 16 epochs rank it? From the tabular benchmark, no training.

    python -m benchmarks.epochs

The 300 mixes (knobs of each layer) that the benchmark trained with three seeds: validation accuracy of one seed after
so many epochs against the mean test accuracy of the other two after 16 (Spearman's rank correlation, mean over which
seed is left out), for all mixes, the better half and the best quarter by that mean.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

HERE = Path(__file__).parent
TASKS = ("digits", "mnist")
EPOCHS, SEEDS = (1, 4, 16), (0, 1, 2)
SHARES = (0.0, 0.5, 0.75)


def table(task: str) -> np.ndarray:
    """Return rank correlations [epochs, shares]."""
    frame = pd.read_csv(HERE / f"tabular/{task}.csv.gz", dtype={"sparsity": str, "weight_bits": str}).query(
        "kind == 'mix'"
    )
    frame["mix"] = frame["key"].str.rsplit("-", n=1).str[0]
    by = {seed: frame[frame["seed"] == seed].set_index("mix") for seed in SEEDS}
    mixes = by[SEEDS[-1]].index
    ranks = []
    for own in SEEDS:
        others = [by[seed].loc[mixes, "test"].to_numpy() for seed in SEEDS if seed != own]
        truth = np.mean(others, axis=0)
        which = [truth >= np.quantile(truth, share) for share in SHARES]
        ranks.append(
            [
                [
                    spearmanr(by[own].loc[mixes, f"val_{epochs}"].to_numpy()[w], truth[w]).statistic
                    for w in which
                ]
                for epochs in EPOCHS
            ]
        )
    mean: np.ndarray = np.mean(ranks, axis=0)
    return mean


def main() -> None:
    """Print the table."""
    print("| task | epochs | all mixes | better half | best quarter |\n|---|---|---|---|---|")
    for task in TASKS:
        for epochs, row in zip(EPOCHS, table(task), strict=True):
            print(f"| {task} | {epochs} | {' | '.join(f'{own:.3f}' for own in row)} |")


if __name__ == "__main__":
    main()
