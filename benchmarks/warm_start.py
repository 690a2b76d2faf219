"""What learning from another run of the same task saves: live, another device, another seed.

    python -m benchmarks.warm_start --work DIR [--seeds 5] [--part 0 --parts 2]   # resumable; run each part
    python -m benchmarks.warm_start --work DIR --table

First a run of 128 trials on ``nrf51822_microbit`` (error, memory), as in `ablations`. Then, with another seed, one of
64 trials on ``generic_45nm`` (error, energy): ``alone``, and learning from the first (`search.learn_from`). Both
train in full and finish nothing of what was stopped (``early: false``, ``finish: 1``).
Hypervolume is the summary's (`search.front`), error up to 0.15 beyond the dense network's. ``reached``: steps until
the trials have the hypervolume that ``alone`` has in the end, as a ratio to what ``alone`` took; ``final``: hypervolume
of the front's recipes run again on three fresh splits, less that of ``alone``.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import hwsearch
from benchmarks.ablations import WORST, box_up_to, interval, volume
from benchmarks.resumable import resume
from hwsearch.study.model import Study, load_study, write_study

HERE = Path(__file__).parent
BATCH, EVERY, FIRST, SECOND = 8, 16, 128, 64
_OTHER_SEED = 100


def run(seed: int) -> list[dict]:
    """Return the second run, alone and with what the first one learned, in numbers."""
    study = load_study(HERE / "tabular/digits.yaml")
    space = study.space.model_copy(update={"per_layer": True})
    device = study.device.model_copy(update={"profile": "generic_45nm", "budgets": {}})
    first = _with(
        study, space=space, seed=seed, final=study.final.model_copy(update={"seeds": 1}), candidates=FIRST
    )
    second = _with(
        study, space=space, seed=seed + _OTHER_SEED, device=device, objectives=("error", "energy_j"), candidates=SECOND,
        final=study.final.model_copy(update={"seeds": 3}),
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        _run(first, folder / "first")
        _run(second, folder / "alone")
        learning = second.search.model_copy(update={"learn_from": (str(folder / "first"),)})
        _run(second.model_copy(update={"search": learning}), folder / "learning")
        return [{"name": name, "seed": seed} | _numbers(folder / name) for name in ("alone", "learning")]


def _with(study: Study, *, candidates: int, **updates: object) -> Study:
    search = study.search.model_copy(
        update={"candidates": candidates, "batch": BATCH, "finish": 1.0, "early": False}
    )
    pick = study.pick.model_copy(update={"within": WORST, "min_accuracy": None})
    return study.model_copy(update={"search": search, "pick": pick, **updates})


def _run(study: Study, out: Path) -> None:
    write_study(study, out.with_suffix(".yaml"))
    hwsearch.run(out.with_suffix(".yaml"), out=out)


def _numbers(folder: Path) -> dict:
    trials, front = pd.read_csv(folder / "trials.csv"), pd.read_csv(folder / "front.csv")
    summary = json.loads((folder / "summary.json").read_text())
    box = box_up_to(summary["reference_point"])
    done = (trials["outcome"] == "trained") & trials["feasible"]
    ends = range(EVERY - 1, len(trials), EVERY)
    model = summary["cost"]["model_steps"]
    return {
        "steps": [float(trials["train_steps"][: end + 1].sum() + model) for end in ends],
        "hypervolume": [volume(trials[: end + 1][done[: end + 1]], box, "energy_j") for end in ends],
        "final": volume(front, box, "energy_j"),
    }


def table(rows: list[dict]) -> None:
    """Print the table."""
    by = {(row["name"], row["seed"]): row for row in rows}
    seeds = sorted({seed for _, seed in by})
    alone, learning = [[by[name, seed] for seed in seeds] for name in ("alone", "learning")]
    pairs = list(zip(learning, alone, strict=True))
    print(f"{len(seeds)} seeds; mean and 95 % bootstrap interval of paired figures\n")
    print("| trials | steps, learning / alone | hypervolume alone | learning less alone |\n|---|---|---|---|")
    for end in range(len(alone[0]["steps"])):
        steps = [a["steps"][end] / b["steps"][end] for a, b in pairs]
        more = [a["hypervolume"][end] - b["hypervolume"][end] for a, b in pairs]
        level = np.mean([b["hypervolume"][end] for b in alone])
        print(f"| {EVERY * (end + 1)} | {interval(steps)} | {level:.3f} | {interval(more, '+.4f')} |")
    ratios = [
        next(
            (s for s, v in zip(a["steps"], a["hypervolume"], strict=True) if v >= b["hypervolume"][-1]),
            np.inf,
        )
        / b["steps"][b["hypervolume"].index(b["hypervolume"][-1])]
        for a, b in pairs
    ]
    found = [ratio for ratio in ratios if np.isfinite(ratio)]
    print(
        f"\nreached: {interval(found)} of alone's steps in {len(found)} of {len(ratios)} runs; the others never"
    )
    print(f"final: {interval([a['final'] - b['final'] for a, b in pairs], '+.4f')}")


def main() -> None:
    """Parse the command line."""
    resume(__doc__, lambda seeds: [(seed,) for seed in range(seeds)], lambda row: (row["seed"],), run, table)


if __name__ == "__main__":
    main()
