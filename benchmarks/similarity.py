"""How well ticket similarity predicts agreement and trained accuracy; benchmarks/results/similarity.md has the tables.

    python -m benchmarks.similarity [--seeds 3] [--judging 200]

Agreement: on each (network, task) pair random per-layer mixes (sparsity and bits of every layer, granularity) are
predicted from probes of 128 validation inputs and 192 settling candidates, and measured on up to 256 other validation
inputs, as a run does it; means over seeds of dense network and draw. Again on other mixes and up to 1,000 test inputs,
with the rank correlation of the measurement on two halves of them: what no estimator can exceed by much; and all three
estimators on these, as they are and settled. They were tuned on the digits, MNIST and Fashion-MNIST conv pairs; the
others were never looked at. Accuracy: Spearman of similarity, and of measured one-shot agreement, with the accuracy
after 16 epochs of the tabular benchmark's mixes, all of them and the better half. Speed: joint candidates a second on
one core, after probing.
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

from hwsearch.network.params import Ticket
from hwsearch.plan.plan import Plan, make_plan
from hwsearch.predict.joint import joint_of
from hwsearch.predict.quality import Calibration, quality_of
from hwsearch.search.jobs.job import Bench
from hwsearch.search.jobs.pool import Trainer
from hwsearch.search.stages.calibration import calibrate, layer_sparsity, one_shot_agreement
from hwsearch.search.stages.context import Context, Reference
from hwsearch.search.stages.dense import dense_reference
from hwsearch.search.stages.tickets import ticket_of
from hwsearch.search.store.cache import Cache
from hwsearch.space.candidate import Candidate
from hwsearch.study.model import load_study
from hwsearch.train.machine import tune_process

HERE = Path(__file__).parent
PAIRS = {
    "digits, fc128-fc128": ("tabular/digits.yaml", {}),
    "MNIST, fc128-fc64": ("tabular/mnist.yaml", {}),
    "Fashion-MNIST, fc128-fc64 (not tuned on)": ("tabular/mnist.yaml", {"name": "fashion-mnist"}),
    "Fashion-MNIST, 8c3-p2-16c3-p2-fc64": (
        "tabular/mnist.yaml",
        {"name": "fashion-mnist", "layers": "8c3-p2-16c3-p2-fc64"},
    ),
    "MNIST, 8c3-p2-16c3-p2-fc64 (not tuned on)": ("tabular/mnist.yaml", {"layers": "8c3-p2-16c3-p2-fc64"}),
}
ESTIMATORS = ("probe_and_add", "margin_gradient", "flip_rate")
SPEED = 20_000
TESTED = 1000


def lab_of(path: Path, change: dict[str, str], seed: int, folder: Path) -> Context:
    """Return the trained dense network of a pair, with per-layer knobs."""
    study = load_study(path)
    network = study.network.model_copy(update={k: v for k, v in change.items() if k == "layers"})
    data = study.data.model_copy(update={k: v for k, v in change.items() if k == "name"})
    space = study.space.model_copy(update={"per_layer": True})
    study = study.model_copy(update={"network": network, "data": data, "space": space, "seed": seed})
    plan = make_plan(study, path)
    with Trainer(Bench(plan.networks, plan.data, plan.widths, "fused"), 1) as trainer:
        cache = Cache(folder, f"{plan.digest}-{seed}")
        return Context(plan, (Reference(plan, dense_reference(plan, trainer, cache)),), trainer, cache)


def mixes(plan: Plan, n: int, seed: int) -> list[Candidate]:
    """Return random candidates with knobs of each layer."""
    rng, layers = np.random.default_rng([seed, 0xBE]), len(plan.spec.prunable)
    return [
        Candidate(
            tuple(rng.choice(plan.space.sparsity, layers).tolist()),
            str(rng.choice(plan.space.granularity)),
            tuple(rng.choice(plan.space.weight_bits, layers).tolist()),
            4,
        )
        for _ in range(n)
    ]


def speed_of(plan: Plan, sight: Calibration) -> float:
    """Return joint candidates a second of one core."""
    candidates = mixes(plan, SPEED, 0)
    joint = joint_of(candidates, [c.sparsity for c in candidates], plan.spec.connections)
    start = time.process_time()  # of one core, whatever else runs
    sight.similarity.agreement(joint)
    return SPEED / (time.process_time() - start)


def foretold(
    context: Context, sight: Calibration, candidates: list[Candidate]
) -> tuple[np.ndarray, list[Ticket]]:
    """Return the agreements of candidates that similarity expects, and their tickets."""
    tickets = [ticket_of(context, c) for c in candidates]
    sparsities = [layer_sparsity(context.plan.spec, t, c) for t, c in zip(tickets, candidates, strict=True)]
    return sight.similarity.agreement(
        joint_of(candidates, sparsities, context.plan.spec.connections)
    ), tickets


def tested(context: Context, sight: Calibration, n: int) -> dict[str, float]:
    """Return the quality on other mixes and test inputs.

    halves: Rank correlation of two halves' measurements.
    raw_ and settled_ of each estimator: its rank correlation with the measurement.
    """
    candidates = mixes(context.plan, n, 1 + context.plan.study.seed)
    expected, tickets = foretold(context, sight, candidates)
    agree = one_shot_agreement(
        context.plan, context.yardstick.dense, tickets, context.plan.data.x_test[:TESTED]
    )
    halves = spearmanr(agree[:, ::2].mean(1), agree[:, 1::2].mean(1)).statistic
    row = asdict(quality_of(expected, agree)) | {"halves": float(halves)}
    sparsities = [layer_sparsity(context.plan.spec, t, c) for t, c in zip(tickets, candidates, strict=True)]
    joint = joint_of(candidates, sparsities, context.plan.spec.connections)
    for name in ESTIMATORS:
        search = context.plan.study.search.model_copy(update={"similarity": name})
        plan = replace(context.plan, study=context.plan.study.model_copy(update={"search": search}))
        own = calibrate(plan, context.yardstick.dense, partial(ticket_of, context)).similarity
        raw, settled = own.estimator.expected(joint), own.agreement(joint)
        row[f"raw_{name}"] = float(spearmanr(raw, agree.mean(1)).statistic)
        row[f"settled_{name}"] = float(spearmanr(settled, agree.mean(1)).statistic)
    return row


def outcome(context: Context, sight: Calibration, table: Path) -> tuple[int, list[float]]:
    """Return how many mixes the table has, and Spearman with their trained accuracy.

    Of similarity over all and over the better half; then of measured one-shot agreement, likewise.
    """
    frame = pd.read_csv(table, dtype={"sparsity": str, "weight_bits": str})
    frame = frame[(frame["kind"] == "mix") & (frame["seed"] == context.plan.study.seed)]
    n = len(context.plan.spec.prunable)
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
    expected, tickets = foretold(context, sight, candidates)
    measured = one_shot_agreement(
        context.plan, context.yardstick.dense, tickets, context.plan.data.x_val
    ).mean(1)
    trained = frame["val_16"].to_numpy()
    better = trained >= np.median(trained)
    rows = [np.full(len(frame), True), better]
    return len(frame), [
        float(spearmanr(own[i], trained[i]).statistic) for own in (expected, measured) for i in rows
    ]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--judging", type=int, default=200)
    args = parser.parse_args()
    tune_process()
    agreement, test, accuracy, speeds, estimators = [], [], [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for pair, (study, change) in PAIRS.items():
            qualities, tests = [], []
            for seed in range(args.seeds):
                context = lab_of(HERE / study, change, seed, Path(folder))
                sight = calibrate(
                    context.plan, context.yardstick.dense, partial(ticket_of, context), args.judging
                )
                qualities.append(asdict(sight.quality))
                tests.append(tested(context, sight, args.judging))
                if seed == 0:
                    speeds.append(f"| {pair} | {speed_of(context.plan, sight):,.0f} |")
                    table = (HERE / study).with_suffix("").with_suffix(".csv.gz")
                    if not change and table.exists():
                        n, ranks = outcome(context, sight, table)
                        accuracy.append(f"| {pair} | {n} | {' | '.join(f'{rank:.3f}' for rank in ranks)} |")
            agreement.append(row(pair, qualities, ["mae", "ece", "brier"]))
            test.append(row(pair, tests, ["mae", "ece", "halves"]))
            means = pd.DataFrame(tests).mean()
            own = [f"{means[f'raw_{name}']:.3f}, {means[f'settled_{name}']:.3f}" for name in ESTIMATORS]
            estimators.append(f"| {pair} | {' | '.join(own)} |")
    start = "| network and task | "
    print(start + "Spearman | least | mean absolute error | ECE | Brier |\n|---|---|---|---|---|---|")
    print("\n".join(agreement))
    print(
        "\n"
        + start
        + "Spearman | least | mean absolute error | ECE | two halves |\n|---|---|---|---|---|---|"
    )
    print("\n".join(test))
    print("\n" + start + f"{' | '.join(ESTIMATORS)} |\n|---|---|---|---|")
    print("\n".join(estimators))
    print("\n" + start + "mixes | similarity: all | better half | one-shot: all | better half |")
    print("|---|---|---|---|---|---|")
    print("\n".join(accuracy))
    print("\n" + start + "joint candidates a second |\n|---|---|")
    print("\n".join(speeds))


def row(pair: str, qualities: list[dict[str, float]], columns: list[str]) -> str:
    """Return a pair's row: Spearman, the least of it, and the means of columns."""
    frame = pd.DataFrame(qualities)
    values = [frame["spearman"].mean(), frame["spearman"].min(), *frame[columns].mean()]
    return f"| {pair} | {' | '.join(f'{value:.3f}' for value in values)} |"


if __name__ == "__main__":
    main()
