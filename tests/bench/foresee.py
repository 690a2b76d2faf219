"""What foreseeing saves and what it costs: the same search with and without it, live, seed by seed.

    python tests/bench/foresee.py [--seeds 5]

Two spaces: the README's study (one choice for all layers) and the tabular benchmark's digits with knobs of each layer,
both asked of TPE and of a random sampler. Steps are those of the search's own trainings (dense network, probes and
finals are the same in both or stated apart); the hypervolume is that of the trials on validation, share of the box up
to the dense network's costs. Audited trials would have been cut; a wrong cut is one of these on the search's front.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import hwsearch
from hwsearch.measure.accuracy import wilson
from hwsearch.search.front import hypervolume
from hwsearch.study.model import load_study, write_study

ROOT = Path(__file__).parents[2]
SPACES = {
    "one choice (README)": (ROOT / "studies/digits_mcu.yaml", False),
    "per layer": (ROOT / "tests/bench/tabular/digits.yaml", True),
}


def run(path: Path, per_layer: bool, sampler: str, seed: int, foresee: bool, folder: Path) -> dict[str, Any]:
    """Return a search in numbers."""
    study = load_study(path)
    search = study.search.model_copy(update={"sampler": sampler, "foresee": foresee, "candidates": 128})
    space = study.space.model_copy(update={"per_layer": per_layer})
    final = study.final.model_copy(update={"seeds": 1})
    pick = study.pick.model_copy(update={"within": 0.5, "min_accuracy": None})
    changed = study.model_copy(
        update={"search": search, "space": space, "final": final, "pick": pick, "seed": seed}
    )
    out = folder / f"{path.stem}-{sampler}-{seed}-{foresee}"
    write_study(changed, folder / "study.yaml")
    hwsearch.run(folder / "study.yaml", out=out)
    trials, summary = pd.read_csv(out / "trials.csv"), json.loads((out / "summary.json").read_text())
    tried = trials[(trials["outcome"] == "trained") & trials["feasible"]]
    names = summary["objectives"]
    values = np.array([1 - tried["accuracy_val"] if name == "error" else tried[name] for name in names]).T
    return {
        "steps": int(trials["train_steps"].sum()),
        "hypervolume": hypervolume(values, np.array([summary["reference_point"][name] for name in names])),
        "foreseen": summary["counts"]["foreseen"],
        "trained": summary["counts"]["trained"],
        "probing": summary["cost"]["foresee_eval_steps"],
        **summary["audit"],
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=5)
    seeds = parser.parse_args().seeds
    heads = (
        "trained without, with | steps with / without | probing / steps | hypervolume lost | audited | wrong"
    )
    print(f"| space, sampler | {heads} |")
    print("|---|---|---|---|---|---|---|")
    audited = wrong = 0
    with tempfile.TemporaryDirectory() as temporary:
        for name, (path, per_layer) in SPACES.items():
            for sampler in ("tpe", "random"):
                pairs = [
                    [run(path, per_layer, sampler, seed, on, Path(temporary)) for on in (False, True)]
                    for seed in range(seeds)
                ]
                off, on = (pd.DataFrame([pair[i] for pair in pairs]) for i in (0, 1))
                lost = off["hypervolume"] - on["hypervolume"]
                spread = 0.0 if seeds < 2 else float(lost.std(ddof=1)) / seeds**0.5
                audited, wrong = audited + int(on["continued"].sum()), wrong + int(on["false_cuts"].sum())
                print(
                    f"| {name}, {sampler} | {off['trained'].mean():.1f}, {on['trained'].mean():.1f} "
                    f"| {on['steps'].sum() / off['steps'].sum():.2f} | {on['probing'].sum() / on['steps'].sum():.3f} "
                    f"| {lost.mean():+.4f} (standard error {spread:.4f}) "
                    f"| {int(on['continued'].sum())} | {int(on['false_cuts'].sum())} |",
                    flush=True,
                )
    if audited:
        low, high = wilson(wrong / audited, audited)
        print(f"\nwrong cuts: {wrong} of {audited} audited (95 % interval {low:.1%} to {high:.1%})")


if __name__ == "__main__":
    main()
