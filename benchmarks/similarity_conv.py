"""What was tried to rank untrained conv nets better, and what a better ranking is worth; results/similarity.md.

    python -m benchmarks.similarity_conv --work DIR [--seeds 2] [--trained 160]

Each way predicts 200 mixes, which are measured on 1,000 test inputs, after settling on up to 400 others and 256
validation inputs (as it is: 192 and 128). Its price is what it runs, in short trainings of one candidate of a conv net
(4 epochs, a step backward counted as two forward). Worth: random mixes of the MNIST conv net are trained for 1 + 3
epochs, as in the tabular benchmark: how well does what is known before tell their validation accuracy, by itself and as
the curve of the search's surrogate? Trainings are kept in DIR; a second call goes on.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.interpolate import RegularGridInterpolator
from scipy.special import logit
from scipy.stats import rankdata

from benchmarks.similarity import HERE, PAIRS, lab_of, mixes
from hwsearch.network.params import Ticket
from hwsearch.plan.fidelity import REFERENCE_BITS
from hwsearch.plan.schedules import candidate_schedule
from hwsearch.predict.joint import Joint, joint_of, knobs_of
from hwsearch.predict.layer_sensitivity import EstimatorScope
from hwsearch.predict.probe_and_add import probe_and_add
from hwsearch.predict.probes import Probes, probe, untrained_logits
from hwsearch.predict.process import Inputs
from hwsearch.predict.quality import spearman
from hwsearch.predict.surrogate import fit, fit_values
from hwsearch.search.jobs.job import Bench, Job, run_job
from hwsearch.search.stages.calibration import layer_sparsity
from hwsearch.search.stages.context import Context
from hwsearch.search.stages.dense import dense_ticket
from hwsearch.search.stages.tickets import ticket_of
from hwsearch.space.candidate import Candidate
from hwsearch.train.machine import tune_process

NETS = {
    "Fashion-MNIST conv": PAIRS["Fashion-MNIST, 8c3-p2-16c3-p2-fc64"],
    "MNIST conv": PAIRS["MNIST, 8c3-p2-16c3-p2-fc64 (not tuned on)"],
    "residual": ("../studies/fashion_resnet.yaml", {}),
    "digits MLP": PAIRS["digits, fc128-fc128"],
    "MNIST MLP": PAIRS["MNIST, fc128-fc64"],
}
SETTLING, PROBED, JUDGED, TESTED, CHANCE = 400, 128, 200, 1000, 0.2
PAIRED, DEEP = (0.0, 0.5, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99), 4
MIXES_SEED, CYCLES, STACK, T = 7, (1, 3), 16, 4
NEAR = "share of mixes near chance; of the squared rank error"
TRAINING = sum(CYCLES) * 2000 * T * 3  # samples times timesteps, forward; MORE: of probes that a run has not
MORE = {"added": 0, "alone": 256 * 3 * 4 * 14 * 6, "pairs": 256 * 3 * (4 * 14 * 6 + 3 * len(PAIRED) ** 2)}
LEARNED, DRAWS = (12, 24, 48), 20
Tables = dict[tuple[str, int], RegularGridInterpolator]


@dataclass(frozen=True, eq=False)
class Lab:
    """What is measured once of a network; each way predicts from it.

    Attributes:
        probes: Of its layers, on the first half of the inputs.
        settling, judged: Candidates to settle on, and others.
        agree, truth: [N, B] whether each of these agrees with the dense network on validation, and on test.
        classes: [B] what the dense network predicts on validation.
        alone: By granularity and layer, what it loses of the signal, of sparsity and bits.
        pairs: What it and the next layer lose together beyond that, of both sparsities.
    """

    probes: Probes
    settling: Joint
    agree: np.ndarray
    classes: np.ndarray
    judged: Joint
    truth: np.ndarray
    alone: Tables
    pairs: Tables


@dataclass(frozen=True)
class Way:
    """A way to predict.

    Attributes:
        candidates, inputs: Settled on.
        even: Whether each class of the dense network's predictions weighs the same.
        line: ``added`` (probe and add), ``alone`` (the signal that each layer alone retains, multiplied), or ``pairs``
            (the same, less what neighbours lose together).
    """

    candidates: int = 192
    inputs: int = PROBED
    even: bool = False
    line: str = "added"


WAYS = {
    "as it is: 192 candidates, 128 inputs": Way(),
    "400 candidates": Way(candidates=400),
    "256 inputs": Way(inputs=256),
    "classes weighted evenly": Way(even=True),
    "400 candidates, 256 inputs, even": Way(400, 256, even=True),
    "each layer cut and quantised at once, multiplied": Way(line="alone"),
    "pairs of layers": Way(line="pairs"),
    "pairs of layers, 256 inputs": Way(inputs=256, line="pairs"),
    "pairs of layers, 400 candidates, 256 inputs, even": Way(400, 256, even=True, line="pairs"),
}


def joint_and_tickets(context: Context, candidates: list[Candidate]) -> tuple[Joint, list[Ticket]]:
    """Return candidates as arrays, and their tickets."""
    spec, tickets = context.plan.spec, [ticket_of(context, c) for c in candidates]
    sparsities = [layer_sparsity(spec, t, c) for t, c in zip(tickets, candidates, strict=True)]
    return joint_of(candidates, sparsities, spec.connections), tickets


def agreement(context: Context, tickets: list[Ticket], x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return [N, B], whether tickets agree with the dense network, and [B], what that predicts."""
    plan = context.plan
    whole = replace(dense_ticket(plan, plan.study.seed), params=context.yardstick.dense.params)
    said = untrained_logits(plan.spec, [whole, *tickets], x, min(plan.space.timesteps)).argmax(-1)
    return said[1:] == said[0], said[0]


def measured(context: Context) -> Lab:
    """Run all that any way needs; inputs and settling candidates are those of a run."""
    plan, rng = context.plan, np.random.default_rng([context.plan.study.seed, 0x5EE])
    data, space = plan.data, plan.space
    unseen = data.x_val[rng.permutation(len(data.x_val))]
    rng.permutation(len(data.x_train))  # a run draws here, to fill up what is too small
    x, more = unseen[:PROBED], unseen[PROBED : 2 * PROBED]
    drawn = [space.candidate(space.draw(rng)) for _ in range(SETTLING)]
    settling, tickets = joint_and_tickets(context, drawn)
    halves = [agreement(context, tickets, part) for part in (x, more)]
    agree, classes = (np.concatenate(parts, -1) for parts in zip(*halves, strict=True))
    judged, tickets = joint_and_tickets(context, mixes(plan, JUDGED, 1 + plan.study.seed))
    truth, _ = agreement(context, tickets, data.x_test[:TESTED])
    scope = EstimatorScope(space.granularity, space.weight_bits, REFERENCE_BITS, min(space.timesteps))
    probes = probe(plan.spec, context.yardstick.dense.params, x, scope)
    return Lab(probes, settling, agree, classes, judged, truth, *tables(context, x, probes.logits))


def tables(context: Context, x: np.ndarray, whole: np.ndarray) -> tuple[Tables, Tables]:
    """Run each layer cut and quantised, and each two neighbours cut together, all else dense."""
    plan, space, alone, pairs = context.plan, context.plan.space, {}, {}
    n, q, k = len(plan.spec.prunable), len(space.weight_bits), len(PAIRED)
    each = [((cut,), (width,)) for cut in space.sparsity for width in space.weight_bits]
    both = [(cuts, (REFERENCE_BITS,) * 2) for cuts in itertools.product(PAIRED, repeat=2)]

    def lost(name: str, layer: int, settings: list) -> tuple[np.ndarray, np.ndarray]:
        def spread(values: tuple, dense: float) -> tuple:
            return (dense,) * layer + values + (dense,) * (n - layer - len(values))

        asked = [(spread(cuts, 0.0), name, spread(bits, REFERENCE_BITS), T) for cuts, bits in settings]
        joint, tickets = joint_and_tickets(context, [Candidate(*knobs) for knobs in asked])
        logits = untrained_logits(plan.spec, tickets, x, min(space.timesteps))
        rising = 1e-9 * np.arange(len(settings))[:, None]  # with few channels some levels are the same
        return _loss(whole, logits), joint.sparsity[:, layer : layer + 2] + rising

    for name, layer in itertools.product(space.granularity if n <= DEEP else (), range(n)):
        loss, levels = lost(name, layer, each)
        alone[name, layer] = RegularGridInterpolator((levels[::q, 0], space.weight_bits), loss.reshape(-1, q))
        if layer + 1 < n:
            loss, levels = lost(name, layer, both)
            loss = loss.reshape(k, k)
            beyond = loss - loss[:, :1] - loss[:1] + loss[0, 0]
            pairs[name, layer] = RegularGridInterpolator((levels[::k, 0], levels[:k, 1]), beyond)
    return alone, pairs


def predictor(lab: Lab, way: Way) -> Callable[[Joint], np.ndarray]:
    """Return what predicts the logit of the agreement of candidates."""
    estimator = probe_and_add(lab.probes)
    agree, classes = lab.agree[: way.candidates, : way.inputs], lab.classes[: way.inputs]
    weights = 1 / np.bincount(classes)[classes] if way.even else np.ones(len(classes))
    y = logit(np.clip(agree @ weights / weights.sum(), 0.01, 0.99)) / 2

    def inputs(joint: Joint) -> Inputs:
        knobs, groups = knobs_of(joint, estimator.granularities)
        if way.line == "added":
            line = logit(np.clip(estimator.expected(joint).astype(float), 0.01, 0.99))[:, None] / 2.5
        else:
            line = np.log(lost(joint).clip(0) + 0.02)[:, None]
        return Inputs(np.append(knobs, line, 1), np.append(groups, 3), line, np.zeros((len(joint), 0)))

    def lost(joint: Joint) -> np.ndarray:
        total = np.zeros(len(joint))
        for known in (lab.alone, lab.pairs)[: 2 if way.line == "pairs" else 1]:
            for (name, layer), table in known.items():
                rows = np.flatnonzero(joint.granularity[:, layer] == name)
                second = joint.bits[rows, layer] if known is lab.alone else joint.sparsity[rows, layer + 1]
                ends = np.array([(levels[0], levels[-1]) for levels in table.grid]).T
                total[rows] += table(np.clip(np.stack([joint.sparsity[rows, layer], second], 1), *ends))
        return total

    process = fit_values(inputs(lab.settling[slice(0, way.candidates)]), y)
    return lambda joint: 2 * process.mean(inputs(joint))


def _loss(whole: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """Return -log of the correlation of logits with the dense network's, class and input means taken out."""
    whole, moved = (z - z.mean(-1, keepdims=True) for z in (whole, moved))
    whole, moved = (z - z.mean(-2, keepdims=True) for z in (whole, moved))
    sizes = np.sqrt((whole**2).sum() * (moved**2).sum((-2, -1)) + 1e-12)
    return np.asarray(-np.log(np.clip((whole * moved).sum((-2, -1)) / sizes, 0.03, 1.0)))


def judged_ways(lab: Lab) -> dict[str, tuple[float, float]]:
    """Return, for each way, Spearman over all judged mixes and over those that agree on more than CHANCE."""
    truth, above = lab.truth.mean(1), lab.truth.mean(1) > CHANCE
    ways = {name: way for name, way in WAYS.items() if lab.alone or way.line == "added"}
    told = {name: predictor(lab, way)(lab.judged) for name, way in ways.items()}
    ranks = {name: (spearman(p, truth), spearman(p[above], truth[above])) for name, p in told.items()}
    error = (rankdata(told[next(iter(WAYS))]) - rankdata(truth)) ** 2
    ranks[NEAR] = float((~above).mean()), float(error[~above].sum() / error.sum())
    halves = np.array_split(lab.truth, 2, 1)
    for n in (128, 500):
        own, rest = halves[0][:, :n].mean(1), halves[1].mean(1)
        ranks[f"running each one itself, {n} inputs"] = spearman(own, rest), spearman(own[above], rest[above])
    return ranks


def speed_of(lab: Lab, way: Way) -> float:
    """Return joint candidates a second of one core."""
    joint, predict = lab.settling[np.arange(20_000) % SETTLING], predictor(lab, way)
    start, _ = time.process_time(), predict(joint)
    return len(joint) / (time.process_time() - start)


def trained(context: Context, n: int, path: Path) -> pd.DataFrame:
    """Return validation accuracies of n mixes after each cycle; what the file lacks is trained."""
    plan = context.plan
    bench = Bench(plan.networks, plan.data, plan.widths, plan.study.train.neuron_loop)
    rows = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    for first in range(len(rows), n, STACK):
        tickets = tuple(ticket_of(context, c) for c in mixes(plan, n, MIXES_SEED)[first : first + STACK])
        new: list[dict[str, float]] = [{"mix": first + i} for i in range(len(tickets))]
        for index, epochs in enumerate(CYCLES):
            schedule = replace(candidate_schedule(plan), epochs=epochs)
            results = run_job(bench, Job(tickets, T, schedule, index, keep_params=True))
            for row, own in zip(new, results, strict=True):
                row[f"val_{sum(CYCLES[: index + 1])}"] = own.accuracy_val
            tickets = tuple(replace(t, params=own.params) for t, own in zip(tickets, results, strict=True))
        with path.open("a") as file:
            file.writelines(json.dumps(row) + "\n" for row in new)
        rows += new
    return pd.DataFrame(rows[:n])


def worth(context: Context, lab: Lab, frame: pd.DataFrame) -> None:
    """Print how well each ranking tells the accuracy after training, alone and in the surrogate."""
    joint, tickets = joint_and_tickets(context, mixes(context.plan, len(frame), MIXES_SEED))
    own = agreement(context, tickets, context.plan.data.x_val)[0].mean(1)
    bits = [sum(m.sum() * b for m, b in zip(t.masks, t.bits, strict=True)) for t in tickets]
    size, accuracy, rng = np.log10(bits), frame["val_4"].to_numpy(), np.random.default_rng(0)
    base, better = predictor(lab, Way())(joint), accuracy >= np.median(accuracy)
    curves = {
        "similarity as it is": base,
        "pairs of layers, 256 inputs": predictor(lab, WAYS["pairs of layers, 256 inputs"])(joint),
        "running each one once (500 inputs)": logit(np.clip(own, 0.01, 0.99)),
    }
    others = {"logarithm of the bits that stay": size, "accuracy after 1 epoch": frame["val_1"].to_numpy()}
    print("\n| ranking | all | less as it is | better half | less as it is |\n|---|---|---|---|---|")
    for name, values in (curves | others).items():
        cells = []
        for rows in (np.arange(len(accuracy)), np.flatnonzero(better)):
            draws = rng.choice(rows, (2000, len(rows)))
            apart = [spearman(values[d], accuracy[d]) - spearman(base[d], accuracy[d]) for d in draws]
            low, high = np.quantile(apart, [0.025, 0.975])
            cells.append(f"{spearman(values[rows], accuracy[rows]):.3f} | {low:+.3f} to {high:+.3f}")
        print(f"| {name} | {' | '.join(cells)} |")
    print(f"\n| the surrogate's curve | {' | '.join(f'{n} trained' for n in LEARNED)} |\n|---|---|---|---|")
    for name, values in {"none": None, **curves}.items():
        print(f"| {name} | {' | '.join(_learned(joint, size, values, accuracy))} |")


def _learned(joint: Joint, size: np.ndarray, curve: np.ndarray | None, accuracy: np.ndarray) -> list[str]:
    """Return Spearman of the surrogate on what it did not learn from, for each of LEARNED: all; better half."""
    knobs, groups = knobs_of(joint, sorted(set(joint.granularity.ravel())))
    curves = np.zeros((len(joint), 0)) if curve is None else (curve / 2.5)[:, None]
    inputs = Inputs(knobs, groups, size[:, None] - size.mean(), curves)
    better, cells = accuracy >= np.median(accuracy), []
    for n in LEARNED:
        ranks = []
        for seed in range(DRAWS):
            learned, rest = np.split(np.random.default_rng(seed).permutation(len(accuracy)), [n])
            mean, half = fit(inputs[learned], accuracy[learned]).mean(inputs[rest]), better[rest]
            ranks.append([spearman(mean, accuracy[rest]), spearman(mean[half], accuracy[rest][half])])
        cells.append("; ".join(f"{value:.3f}" for value in np.mean(ranks, 0)))
    return cells


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder of dense networks and trainings")
    parser.add_argument("--seeds", type=int, default=2, help="of the conv nets; of the others one")
    parser.add_argument("--trained", type=int, default=160)
    args = parser.parse_args()
    tune_process()
    ranks, speeds = {}, {}
    for net, (study, change) in NETS.items():
        labs = []
        for seed in range(args.seeds if net.endswith("conv") else 1):
            context = lab_of((HERE / study).resolve(), change, seed, args.work)
            labs.append(measured(context))
            if net == "MNIST conv" and seed == 0:
                speeds = {name: f"{speed_of(labs[0], way):,.0f}" for name, way in WAYS.items()}
                own = context, labs[0]
        ranks[net] = [judged_ways(lab) for lab in labs]
    print(f"| way | settling, trainings | {' | '.join(NETS)} | a second |\n|{'---|' * (len(NETS) + 3)}")
    for name in next(iter(ranks.values()))[0]:
        found = [[lab[name] for lab in labs if name in lab] for labs in ranks.values()]
        cells = ["; ".join(f"{v:.3f}" for v in np.mean(each, 0)) if each else "" for each in found]
        way = WAYS.get(name)
        price = f"{(2 * way.candidates * way.inputs + MORE[way.line]) / TRAINING:.1f}" if way else ""
        print(f"| {name} | {price} | {' | '.join(cells)} | {speeds.get(name, '')} |")
    worth(*own, trained(own[0], args.trained, args.work / "trained.jsonl"))


if __name__ == "__main__":
    main()
