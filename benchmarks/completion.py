"""How much a run leaves that belongs on its front: live runs, and then all that they left trained on as well.

    python -m benchmarks.completion --work DIR [--seeds 5] [--part 0 --parts 2]   # resumable; run each part
    python -m benchmarks.completion --work DIR --table

Runs of 128 trials of the tabular benchmark's digits task with knobs of each layer, as in `ablations`. When a run has
ended, all that it stopped or cut is trained as far as the search trains, from where it was stopped, as the run would
have done it. ``on the front``: no trial of the run dominates it, and it is at most 15 points less accurate than the
best of them.
"""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

import pandas as pd

import hwsearch
from benchmarks.ablations import TRIALS, WORST
from benchmarks.resumable import resume
from hwsearch.measure.accuracy import wilson
from hwsearch.plan.plan import make_plan
from hwsearch.plan.pricing import price_on_device
from hwsearch.records.run_folder import RunFolder
from hwsearch.records.trials import TrialRecord
from hwsearch.search.decide.completion import RULED_OUT
from hwsearch.search.jobs.job import Bench
from hwsearch.search.jobs.pool import Trainer
from hwsearch.search.optuna_study import records_of
from hwsearch.search.stages.context import Context, Reference
from hwsearch.search.stages.dense import dense_reference
from hwsearch.search.stages.rungs import Trial, train_rung
from hwsearch.search.stages.tickets import ticket_of
from hwsearch.search.store.cache import Cache
from hwsearch.study.model import Study, load_study, write_study

HERE = Path(__file__).parent
EDGES = (0.0, RULED_OUT / 2, RULED_OUT, 1.0)


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
    search = study.search.model_copy(update={"candidates": TRIALS, "batch": 8})
    study = study.model_copy(update={"search": search})
    with tempfile.TemporaryDirectory() as work:
        path, folder = Path(work) / "study.yaml", RunFolder(Path(work) / "run")
        write_study(study, path)
        hwsearch.run(path, out=folder.path)
        trials = pd.read_csv(folder.trials).set_index("trial")
        records = {record.trial: record for record in records_of(folder, study)}
        left = [records[trial] for trial in trials.index[trials["chance"].notna()]]
        later = _trained(study, path, folder, left)
    front = trials[(trials["outcome"] == "trained") & trials["feasible"]]
    worst = 1 - front["accuracy_val"].max() + WORST
    rows = []
    for record in left:
        accuracy, n_bytes, fits = later[record.trial]
        better = (front["accuracy_val"] >= accuracy) & (front["memory_bytes"] <= n_bytes)
        on_front = bool(fits and not better.any() and 1 - accuracy < worst)
        chance = float(trials.loc[record.trial, "chance"])
        rows.append({"seed": seed, "outcome": record.outcome, "chance": chance, "on the front": on_front})
    return rows


def _trained(
    study: Study, path: Path, folder: RunFolder, left: list[TrialRecord]
) -> dict[int, tuple[float, float, bool]]:
    """Return accuracy, bytes and whether it fits of what was left, trained as far as the search trains."""
    plan = make_plan(study, path)
    with Trainer(Bench(plan.networks, plan.data, plan.widths, study.train.neuron_loop), 1) as trainer:
        cache = Cache(folder.cache, plan.digest)
        context = Context(plan, (Reference(plan, dense_reference(plan, trainer, cache)),), trainer, cache)
        trials = [Trial(record, ticket_of(context, record.candidate)) for record in left]
        trained = train_rung(context, trials, len(plan.cycles) - 1)
    found = {}
    for record in left:
        measured = trained[record.trial]
        assert measured.workload is not None, measured.failure
        assert measured.accuracy_val is not None, measured.failure
        priced = price_on_device(plan, measured.workload)
        n_bytes = float(priced.fields["memory_bytes"] or "nan")
        found[record.trial] = measured.accuracy_val, n_bytes, not priced.faults
    return found


def table(rows: list[dict]) -> None:
    """Print the table."""
    frame = pd.DataFrame(rows)
    runs, came = frame["seed"].nunique(), frame["on the front"].sum()
    predicted = frame["chance"].sum() / runs
    print(f"{runs} runs leave {len(frame) / runs:.0f} each; {predicted:.1f} of them predicted on the front,")
    print(f"{came / runs:.1f} are\n")
    print("| left | candidates | mean chance | on the front | 95 % interval |\n|---|---|---|---|---|")
    stopped = frame[frame["outcome"] == "stopped"]
    for low, high in itertools.pairwise(EDGES):
        rows_between = stopped[stopped["chance"].between(low, high, inclusive="left")]
        _row(f"stopped, chance {low:.0%} to {high:.0%}", rows_between)
    _row("cut before training: foreseen", frame[frame["outcome"] == "foreseen"])
    _row("cut before training: lookalike", frame[frame["outcome"] == "lookalike"])
    _row("all", frame)


def _row(label: str, rows: pd.DataFrame) -> None:
    if rows.empty:
        return
    share = rows["on the front"].mean()
    low, high = wilson(share, len(rows))
    print(f"| {label} | {len(rows)} | {rows['chance'].mean():.1%} | {share:.1%} | {low:.1%} to {high:.1%} |")


def main() -> None:
    """Parse the command line."""
    resume(__doc__, lambda seeds: [(seed,) for seed in range(seeds)], lambda row: (row["seed"],), run, table)


if __name__ == "__main__":
    main()
