"""What each part of the search saves: live runs with parts switched off, seed by seed, against plain TPE.

    python -m benchmarks.ablations --work DIR [--seeds 5] [--part 0 --parts 2]   # resumable; run each part
    python -m benchmarks.ablations --work DIR --table

The space is the tabular benchmark's digits task with knobs of each layer (7 knobs), 128 trials each. ``plain`` is
Optuna's TPE with full training (``gp``, ``nsga2``: its other samplers); ``placebo`` has similarity shuffled among
candidates and believed. Counted are the train_steps of trials (``trials alone``) and those that could be trained in
the time of probes and model, by the run's own clock (``model_steps`` of the summary; ``steps`` is both; the time of
Optuna's samplers is not counted); the dense network is the same for all and left out. ``with finals``: the front's
trainings in full with three fresh seeds included. ``reached``: steps until the trials on validation have 95 % of what
``plain`` has in the end, as a ratio to plain's own; trials of an early search are trained in part and cannot be held
against it (-). Hypervolume is the summary's (`search.front`), error up to 0.15 beyond the dense network's. ``final``:
hypervolume of the front's recipes run again on three fresh splits, less plain's.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
from scipy.stats import bootstrap

import hwsearch
from benchmarks.resumable import resume
from hwsearch.measure.accuracy import wilson
from hwsearch.predict.joint import Joint
from hwsearch.predict.quality import Quality
from hwsearch.predict.similarity import Similarity
from hwsearch.search.decide.front import Box, hypervolume
from hwsearch.study.model import load_study, write_study

HERE = Path(__file__).parent
OFF = {"foresee": False, "rungs": False, "rank": False}
CONTESTANTS: dict[str, dict[str, object]] = {
    "plain": OFF,
    "plain, gp": {**OFF, "sampler": "gp"},
    "plain, nsga2": {**OFF, "sampler": "nsga2"},
    "random, rungs": {
        **OFF,
        "sampler": "random",
        "rungs": True,
        "finish": 1.0,
        "early": False,
        "early_time": False,
    },
    "hwsearch": {},
    "less similarity": {"foresee": False},
    "less rungs": {"rungs": False},
    "less ranking": {"rank": False},
    "less finishing": {"finish": 1.0},
    "less twins": {"twins": 1.0},
    "less early": {"early": False},
    "less early time": {"early_time": False},
    "placebo": {},
}
SHARE, WORST, TRIALS = 0.95, 0.15, 128


def run(name: str, seed: int) -> dict[str, object]:
    """Return a contestant's run in numbers."""
    study = load_study(HERE / "tabular/digits.yaml")
    search = study.search.model_copy(update={"candidates": TRIALS, "batch": 8, **CONTESTANTS[name]})
    changed = study.model_copy(
        update={
            "search": search,
            "space": study.space.model_copy(update={"per_layer": True}),
            "final": study.final.model_copy(update={"seeds": 3}),
            "pick": study.pick.model_copy(update={"within": WORST, "min_accuracy": None}),
            "seed": seed,
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        write_study(changed, Path(folder) / "study.yaml")
        if name == "placebo":
            with (
                mock.patch.object(Similarity, "agreement", _shuffled),
                mock.patch.object(Quality, "poor", False),
            ):
                hwsearch.run(Path(folder) / "study.yaml", out=Path(folder) / "run")
        else:
            hwsearch.run(Path(folder) / "study.yaml", out=Path(folder) / "run")
        return {"contestant": name, "seed": seed} | _numbers(Path(folder) / "run")


_agreement = Similarity.agreement


def _shuffled(self: Similarity, joint: Joint) -> np.ndarray:
    """Return the agreements of other candidates of the same list."""
    own = _agreement(self, joint)
    return np.random.default_rng(len(own)).permutation(own)


def _numbers(folder: Path) -> dict[str, object]:
    trials, front = pd.read_csv(folder / "trials.csv"), pd.read_csv(folder / "front.csv")
    summary = json.loads((folder / "summary.json").read_text())
    box = box_up_to(summary["reference_point"])
    done = (trials["outcome"] == "trained") & trials["feasible"]
    ends = [*range(15, TRIALS, 16), len(trials) - 1]  # and when what was stopped is finished
    model = summary["cost"]["model_steps"]
    return {
        "steps": [float(trials["train_steps"][: end + 1].sum() + model) for end in ends],
        "hypervolume": [volume(trials[: end + 1][done[: end + 1]], box, "memory_bytes") for end in ends],
        "final": volume(front, box, "memory_bytes"),
        "model": model,
        "model_s": summary["cost"]["model_s"],
        "finals": summary["cost"]["final_train_steps"],
        **summary["audit"],
        **{key: summary["counts"].get(key, 0) for key in ("trained", "stopped", "foreseen")},
        "similarity": summary["similarity"]["spearman"],
    }


def box_up_to(point: dict[str, float]) -> Box:
    """Return the box up to a summary's reference point: error and one cost."""
    (cost,) = (value for name, value in point.items() if name != "error")
    return Box(point["error"], np.log([cost]))


def volume(rows: pd.DataFrame, box: Box, cost: str) -> float:
    """Return the hypervolume of a table's rows."""
    return hypervolume(box, 1 - rows["accuracy_val"].to_numpy(float), np.log(rows[[cost]].to_numpy(float)))


def table(rows: list[dict]) -> None:
    """Print the table."""
    by = {(row["contestant"], row["seed"]): row for row in rows}
    seeds = sorted({seed for name, seed in by if name == "hwsearch" and ("plain", seed) in by})
    print(f"{len(seeds)} seeds; mean and 95 % bootstrap interval of paired figures\n")
    print("| contestant | trained, stopped | trials alone | steps | with finals | reached (never) | final |")
    print("|---|---|---|---|---|---|---|")
    for name in CONTESTANTS:
        if not all((name, seed) in by for seed in seeds):
            continue
        own, plain = [by[name, seed] for seed in seeds], [by["plain", seed] for seed in seeds]
        pairs = list(zip(own, plain, strict=True))
        alone = [(a["steps"][-1] - a["model"]) / (b["steps"][-1] - b["model"]) for a, b in pairs]
        whole = [a["steps"][-1] / b["steps"][-1] for a, b in pairs]
        finals = [(a["steps"][-1] + a["finals"]) / (b["steps"][-1] + b["finals"]) for a, b in pairs]
        final = [a["final"] - b["final"] for a, b in pairs]
        counts = f"{np.mean([a['trained'] for a in own]):.0f}, {np.mean([a['stopped'] for a in own]):.0f}"
        columns = [
            name,
            counts,
            *map(interval, (alone, whole, finals)),
            _in_full(name, pairs),
            interval(final, "+.4f"),
        ]
        print(f"| {' | '.join(columns)} |")
    print()
    finishing = [name for name, switches in CONTESTANTS.items() if switches.get("finish", 0.0) < 1.0]
    for label, names in (("hwsearch", ["hwsearch"]), ("all that finish", finishing)):
        own = [row for (name, seed), row in by.items() if name in names and seed in seeds]
        audited, left, wrong = (sum(row[key] for row in own) for key in ("continued", "left", "false_cuts"))
        print(
            f"{label}: of {audited} audited {left} would have been left, {_share(wrong, left)} are on the front;"
        )
    runs = [by["hwsearch", seed] for seed in seeds]
    share = [own["model"] / (own["steps"][-1] - own["model"] + own["finals"]) for own in runs]
    print(f"probes and model take as long as {np.mean(share):.0%} of all the training")


def _in_full(name: str, pairs: list[tuple[dict, dict]]) -> str:
    """Return when 95 % of plain's hypervolume was reached, of contestants that train in full."""
    switches = CONTESTANTS[name]
    if switches.get("rungs", True) and switches.get("early", True):
        return "-"
    targets = [SHARE * plain["hypervolume"][-1] for _, plain in pairs]
    ratios = [_reached(a, t) / _reached(b, t) for (a, b), t in zip(pairs, targets, strict=True)]
    found = [ratio for ratio in ratios if np.isfinite(ratio)]
    return f"{interval(found)} ({len(ratios) - len(found)})"


def _share(count: int, of: int) -> str:
    if of == 0:
        return "none"
    low, high = wilson(count / of, of)
    return f"{count} ({low:.0%} to {high:.0%})"


def _reached(row: dict, volume: float) -> float:
    """Return the steps at which a run had that hypervolume; infinite if it never had."""
    return next(
        (s for s, v in zip(row["steps"], row["hypervolume"], strict=True) if v >= volume), float("inf")
    )


def interval(values: list[float], form: str = ".2f") -> str:
    if len(values) < 2:
        return "-"
    if np.ptp(values) == 0:
        return f"{values[0]:{form}}"
    interval = bootstrap((values,), np.mean, rng=0, method="percentile").confidence_interval
    return f"{np.mean(values):{form}} ({interval.low:{form}} to {interval.high:{form}})"


def main() -> None:
    """Parse the command line."""
    resume(
        __doc__,
        lambda seeds: [(name, seed) for seed in range(seeds) for name in CONTESTANTS],
        lambda row: (row["contestant"], row["seed"]),
        lambda name, seed: [run(name, seed)],
        table,
    )


if __name__ == "__main__":
    main()
