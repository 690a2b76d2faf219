"""How much a run leaves that belongs on its front: live runs, and then all that they left trained on as well.

    python tests/bench/left.py --work DIR [--seeds 5] [--part 0 --parts 2]   # resumable; run each part
    python tests/bench/left.py --work DIR --table

Runs of 128 trials of the tabular benchmark's digits task with knobs of each layer, as in `ablations`. When a run has
ended, the same folder goes on with ``finish: 0``: everything that was stopped is trained to the end, whatever its
chance. ``on the front``: no trial of the run as it had ended dominates it, and it is at most 15 points less accurate
than the best of them. What was cut before training is not trained by this.
"""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

import pandas as pd

import hwsearch
from hwsearch.measure.accuracy import wilson
from hwsearch.search.left import RULED_OUT
from hwsearch.study.model import load_study, write_study
from tests.bench.ablations import TRIALS, WORST
from tests.bench.resumable import resume

HERE = Path(__file__).parent
EDGES = (0.0, RULED_OUT, 0.05, 0.1, 0.2, 1.0)


def run(seed: int) -> list[dict[str, object]]:
    """Return what a run left, and what became of it."""
    study = load_study(HERE / "tabular/digits.yaml")
    study = study.model_copy(
        update={
            "space": study.space.model_copy(update={"per_layer": True}),
            "final": study.final.model_copy(update={"seeds": 1}),
            "pick": study.pick.model_copy(update={"within": WORST, "min_accuracy": None}),
            "seed": seed,
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        ended, whole = (
            _trials(study.model_copy(update={"search": search}), Path(folder))
            for search in (
                study.search.model_copy(update={"candidates": TRIALS, "batch": 8, **more})
                for more in ({}, {"finish": 0.0})
            )
        )
    done = ended[(ended["outcome"] == "trained") & ended["feasible"]]
    later = whole[len(ended) :].set_index("digest")
    rows = []
    for own in ended[ended["chance"].notna()].itertuples():
        row = {
            "seed": seed,
            "outcome": own.outcome,
            "chance": own.chance,
            "steps": float(ended["train_steps"].sum()),
        }
        if own.digest in later.index:
            then = later.loc[own.digest]
            better = (done["accuracy_val"] >= then["accuracy_val"]) & (
                done["memory_bytes"] <= then["memory_bytes"]
            )
            worst = 1 - done["accuracy_val"].max() + WORST
            on_front = not better.any() and 1 - then["accuracy_val"] < worst
            row |= {"trained": True, "on the front": bool(on_front and then["feasible"])}
        else:
            row |= {"trained": False, "on the front": None}
        rows.append(row)
    return rows


def _trials(study: object, folder: Path) -> pd.DataFrame:
    write_study(study, folder / "study.yaml")
    hwsearch.run(folder / "study.yaml", out=folder / "run")
    return pd.read_csv(folder / "run" / "trials.csv")


def table(rows: list[dict]) -> None:
    """Print the table."""
    frame = pd.DataFrame(rows)
    trained = frame[frame["trained"]]
    runs = frame["seed"].nunique()
    print(
        f"{runs} runs leave {len(frame) / runs:.0f} each; {frame['chance'].sum() / runs:.1f} foretold on the front,"
    )
    print(f"{trained['on the front'].sum() / runs:.1f} are\n")
    print("| chance | candidates | mean chance | on the front | 95 % interval |\n|---|---|---|---|---|")
    for low, high in itertools.pairwise(EDGES):
        _row(f"{low:.0%} to {high:.0%}", trained[trained["chance"].between(low, high, inclusive="left")])
    _row("all that was stopped", trained)
    untrained = (~frame["trained"]).sum()
    print(f"| cut before training, not trained | {untrained} | | | |")


def _row(label: str, own: pd.DataFrame) -> None:
    if own.empty:
        print(f"| {label} | 0 | | | |")
        return
    share = own["on the front"].astype(float).mean()
    low, high = wilson(share, len(own))
    print(f"| {label} | {len(own)} | {own['chance'].mean():.1%} | {share:.1%} | {low:.1%} to {high:.1%} |")


def main() -> None:
    """Parse the command line."""
    resume(__doc__, lambda seeds: [(seed,) for seed in range(seeds)], lambda row: (row["seed"],), run, table)


if __name__ == "__main__":
    main()
