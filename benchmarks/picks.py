"""What does the pick lose on test, over several splits of the data, and what do fewer final trainings change of it?

    python -m benchmarks.picks studies/digits_mcu.yaml --splits 8
    python -m benchmarks.picks studies/digits_mcu.yaml --splits 8 --final '{}' '{seeds: 3, others: foretold}'
    python -m benchmarks.picks studies/digits_mcu.yaml --splits 8 --final '{seeds: 3, within: 1%, chance: 10%}'

One test split of a small data set says little: its own chance is larger than the tolerance. This runs the whole study
on each split and prints the dense reference and the pick (test accuracies are means over fresh seeds). Then it trains
every finalist with every seed, as `hwsearch front --confirm` does, and prints the pick of that beside it. With
``--final`` the same search ends in several ways instead, each with other keys in the study's sections `final` and
`pick`: what one end has trained the next need not train again, and each is charged for all that it asks. No plain
networks are tried.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML
from scipy.stats import t

import hwsearch
from hwsearch.api import Asker
from hwsearch.study.model import Study, load_study, write_study
from hwsearch.study.search_sections import Final, Pick

CONFIRMED = "every training"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("study", type=Path)
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--final", nargs="+", metavar="KEYS", help="keys of `final` and `pick`, as YAML")
    options = parser.parse_args()
    study = load_study(options.study).model_copy(update={"rival": False})
    ways = options.final or ["{}", CONFIRMED]
    print("| split |" + "".join(f" {way}: dense, test | pick | loses, points | spent |" for way in ways))
    print("|---|" + "---|---|---|---|" * len(ways))
    found: dict[str, list[np.ndarray]] = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as folder:
        for split in range(options.splits):
            data = study.data.model_copy(update={"split_seed": split})
            own = study.model_copy(update={"data": data})
            cells = []
            for way in ways:
                summary = ended(own, Path(folder) / str(split), way, options.workers)
                found[way].append(numbers(summary))
                cells.append(
                    f"{summary['dense']['accuracy_test']:.2%} | {words(summary)} | {spent(summary):.1f}"
                )
            print(f"| {split} | {' | '.join(cells)} |", flush=True)
    print("\nSpent: trainings, counted in the dense network's.\n")
    for way, rows in found.items():
        print(f"- {way}: {over(rows)}.")
    first, *others = ways
    for way in others:
        pairs = zip(found[first], found[way], strict=True)
        both = np.array([b - a for a, b in pairs if len(a) and len(b)])
        share = mean_of(100 * both[:, 1])
        print(f"- {way} less {first}: {mean_of(both[:, 0])} points, {share} % of the dense network's bytes.")


def ended(study: Study, folder: Path, way: str, workers: int) -> dict[str, Any]:
    """Return the summary of a study's run that ends in one of the ways; the folder may hold one that ended otherwise.

    Args:
        study: Of one split.
        folder: Of its run.
        way: Keys of `final` and `pick`, as YAML, or `CONFIRMED`: whatever is on the front is trained with every seed.
        workers: Processes that train.
    """
    if way == CONFIRMED:
        return hwsearch.confirm(folder, Asker(workers)).summary
    keys = YAML(typ="safe").load(way)
    mine = {key: value for key, value in keys.items() if key in Pick.model_fields}
    final = Final.model_validate(study.final.model_dump() | {k: v for k, v in keys.items() if k not in mine})
    pick = Pick.model_validate(study.pick.model_dump() | mine)
    path = folder.with_suffix(".yaml")
    write_study(study.model_copy(update={"final": final, "pick": pick}), path)
    return hwsearch.run(path, out=folder, workers=workers).summary


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
