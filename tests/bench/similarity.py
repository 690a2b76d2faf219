"""How well ticket similarity foretells agreement and trained accuracy; docs/similarity.md has the tables.

    python tests/bench/similarity.py [--seeds 3] [--judging 200]

Agreement: on each (network, task) pair random per-layer mixes (sparsity and bits of every layer, granularity) are
foretold from probes of 256 training inputs and 48 settling candidates, and measured on 256 validation inputs; means
over seeds of dense network and draw. The estimator was tuned on the digits and MNIST pairs; the Fashion-MNIST pairs
were never looked at. Accuracy: Spearman with the accuracy after 16 epochs of the tabular benchmark's mixes, all of them
and the better half. Speed: joint candidates a second on one core, after probing.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from hwsearch.search.cache import Cache
from hwsearch.search.dense import dense_reference
from hwsearch.search.evaluate import ticket_of
from hwsearch.search.foresee import Foresight, foresight, joint_of, layer_sparsity
from hwsearch.search.lab import Lab
from hwsearch.search.plan import Plan, make_plan
from hwsearch.search.trainer import Bench, Trainer
from hwsearch.space.candidate import Candidate
from hwsearch.study.model import load_study
from hwsearch.train.machine import tune_process

HERE = Path(__file__).parent
PAIRS = {
    "digits, fc128-fc128": ("tabular/digits.yaml", {}),
    "MNIST, fc128-fc64": ("tabular/mnist.yaml", {}),
    "Fashion-MNIST, fc128-fc64 (not tuned on)": ("tabular/mnist.yaml", {"name": "fashion-mnist"}),
    "Fashion-MNIST, 8c3-p2-16c3-p2-fc64 (not tuned on)": (
        "tabular/mnist.yaml",
        {"name": "fashion-mnist", "layers": "8c3-p2-16c3-p2-fc64"},
    ),
}
SPEED = 20_000


def lab_of(path: Path, change: dict[str, str], seed: int, folder: Path) -> Lab:
    """Return the trained dense network of a pair, with per-layer knobs."""
    study = load_study(path)
    network = study.network.model_copy(update={k: v for k, v in change.items() if k == "layers"})
    data = study.data.model_copy(update={k: v for k, v in change.items() if k == "name"})
    space = study.space.model_copy(update={"per_layer": True})
    study = study.model_copy(update={"network": network, "data": data, "space": space, "seed": seed})
    plan = make_plan(study, path)
    with Trainer(Bench(plan.spec, plan.data, plan.widths, "fused"), 1) as trainer:
        cache = Cache(folder, f"{plan.digest}-{seed}")
        return Lab(plan, dense_reference(plan, trainer, cache), trainer, cache)


def speed_of(plan: Plan, sight: Foresight) -> float:
    """Return joint candidates a second."""
    rng, n = np.random.default_rng(0), len(plan.spec.layers)
    candidates = [
        Candidate(
            tuple(rng.choice(plan.space.sparsity, n).tolist()),
            str(rng.choice(plan.space.granularity)),
            tuple(rng.choice(plan.space.weight_bits, n).tolist()),
            4,
        )
        for _ in range(SPEED)
    ]
    joint = joint_of(plan, candidates, [c.sparsity for c in candidates])
    start = time.perf_counter()
    sight.similarity.agreement(joint)
    return SPEED / (time.perf_counter() - start)


def outcome(lab: Lab, sight: Foresight, table: Path) -> tuple[float, float, int]:
    """Return Spearman with the trained accuracy of the table's mixes: all, the better half, how many."""
    frame = pd.read_csv(table, dtype={"sparsity": str, "weight_bits": str})
    frame = frame[(frame["kind"] == "mix") & (frame["seed"] == lab.plan.study.seed)]
    n = len(lab.plan.spec.layers)
    candidates = [
        Candidate(
            tuple(map(float, r.sparsity.split("/"))),
            r.granularity,
            tuple(map(int, r.weight_bits.split("/"))),
            4,
        )
        for r in frame.itertuples()
    ]
    assert all(len(c.weight_bits) == n for c in candidates)
    tickets = [ticket_of(lab, c) for c in candidates]
    sparsities = [layer_sparsity(t, c.granularity) for t, c in zip(tickets, candidates, strict=True)]
    foretold = sight.similarity.agreement(joint_of(lab.plan, candidates, sparsities))
    trained = frame["val_16"].to_numpy()
    better = trained >= np.median(trained)
    return (
        float(spearmanr(foretold, trained).statistic),
        float(spearmanr(foretold[better], trained[better]).statistic),
        len(frame),
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--judging", type=int, default=200)
    args = parser.parse_args()
    tune_process()
    agreement, accuracy, speeds = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for pair, (study, change) in PAIRS.items():
            qualities = []
            for seed in range(args.seeds):
                lab = lab_of(HERE / study, change, seed, Path(folder))
                sight = foresight(lab.plan, lab.dense, partial(ticket_of, lab), args.judging)
                qualities.append(asdict(sight.quality))
                if seed == 0:
                    speeds.append(f"| {pair} | {speed_of(lab.plan, sight):,.0f} |")
                    table = (HERE / study).with_suffix("").with_suffix(".csv.gz")
                    if not change and table.exists():
                        every, half, n = outcome(replace(lab, sight=sight), sight, table)
                        accuracy.append(f"| {pair} | {n} | {every:.3f} | {half:.3f} |")
            mean = pd.DataFrame(qualities).mean()
            least = min(q["spearman"] for q in qualities)
            agreement.append(
                f"| {pair} | {mean.spearman:.3f} | {least:.3f} | {mean.mae:.3f} | {mean.ece:.3f} | {mean.brier:.3f} |"
            )
    print(
        "| network and task | Spearman | least | mean absolute error | ECE | Brier |\n|---|---|---|---|---|---|"
    )
    print("\n".join(agreement))
    print("\n| network and task | mixes | Spearman with trained accuracy | better half |\n|---|---|---|---|")
    print("\n".join(accuracy))
    print("\n| network and task | joint candidates a second |\n|---|---|")
    print("\n".join(speeds))


if __name__ == "__main__":
    main()
