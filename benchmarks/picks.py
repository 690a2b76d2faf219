"""What does the pick lose on test, over several splits of the data?

    python -m benchmarks.picks studies/digits_mcu.yaml --splits 5

One test split of a small data set says little: its own chance is larger than the tolerance. This runs the whole study
on each split and prints the dense reference and the pick (test accuracies are means over the study's fresh seeds).
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

import numpy as np
from scipy.stats import t

import hwsearch
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
    study, losses, ratios = load_study(options.study), [], []
    print("| split | dense, test | pick, test | loss, points | memory | times smaller |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for split in range(options.splits):
            own = study.model_copy(update={"data": study.data.model_copy(update={"split_seed": split})})
            path = Path(folder) / f"split{split}.yaml"
            write_study(own, path)
            summary = hwsearch.run(path, out=Path(folder) / str(split), workers=options.workers).summary
            dense, pick = summary["dense"], summary["pick"]
            if pick is None:
                print(
                    f"| {split} | {dense['accuracy_test']:.2%} | none is accurate enough | | | |", flush=True
                )
                continue
            losses.append(100 * (dense["accuracy_test"] - pick["accuracy_test"]))
            ratios.append(dense["memory_bytes"] / pick["memory_bytes"])
            print(
                f"| {split} | {dense['accuracy_test']:.2%} | {pick['accuracy_test']:.2%} | {losses[-1]:.2f} "
                f"| {pick['memory_bytes']:,} B | {ratios[-1]:.1f} |",
                flush=True,
            )
    reach = t.ppf(0.975, len(losses) - 1) * np.std(losses, ddof=1) / np.sqrt(len(losses))
    print(
        f"\nmean loss {np.mean(losses):.2f} points (95 % interval +-{reach:.2f}), smallest ratio {min(ratios):.1f}"
    )


if __name__ == "__main__":
    main()
