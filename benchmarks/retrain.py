"""What does retraining regain after a drift, next to doing nothing, to training and to searching anew, at what cost?

    python -m benchmarks.retrain RUN [RUN ...] --work DIR > benchmarks/results/retrain.md

Each RUN is the folder of a finished run, which is copied below DIR. Its pick is exported; the data are changed: of
whole numbers each place loses contrast and gains an offset; of measured values one sensor gains an offset
(``SENSORS``). The export is trained on with them by `hwsearch.api_retrain`. Beside it the dense network is trained on
the changed data from chance, its encoder fitted anew, and, for the first draw, the whole study is searched on them. The
test part is the study's; each draw is another drift, or another seed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import hwsearch
from hwsearch.api_retrain import retrain
from hwsearch.data.datasets import dataset_of, find_root
from hwsearch.data.encode.standardise import Standardise
from hwsearch.data.parts import split_samples
from hwsearch.data.readers.read import read_samples
from hwsearch.data.samples import Samples
from hwsearch.data.together import equal_samples
from hwsearch.export.bundle import verify
from hwsearch.plan.plan import Plan, make_plan
from hwsearch.plan.schedules import dense_schedule
from hwsearch.records.run_folder import RunFolder
from hwsearch.results.recover import with_used_files
from hwsearch.results.retrained import RetrainedExport
from hwsearch.search.jobs.job import Bench, Job, run_job
from hwsearch.search.run import search
from hwsearch.search.stages.dense import dense_ticket
from hwsearch.study.parts_section import Parts

STRENGTHS = (0.5, 1.0)
SENSORS = {"hydraulic_opta_cooler": 6, "hydraulic_opta_pump": 7, "hydraulic_opta": 6}
OFFSET = 0.2
"""Of the range of a sensor that the encoder tells apart."""


@dataclass(frozen=True)
class Outcome:
    """One drift of one task.

    Attributes:
        export: What retraining gave.
        fresh: Test accuracy of the dense network, trained anew on the changed data.
        fresh_steps: What that cost.
        search: The study, searched on the changed data.
    """

    export: RetrainedExport
    fresh: float
    fresh_steps: int
    search: hwsearch.Result | None

    @property
    def retrained(self) -> float:
        """Test accuracy after retraining; as before where no epoch was better on validation."""
        after = self.export.result.after
        return self.before if after is None else after.test.accuracy

    @property
    def before(self) -> float:
        """Test accuracy of the model as it was."""
        return self.export.result.before.test.accuracy


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--data-root", type=Path, default=None)
    parser.add_argument("--draws", type=int, default=3)
    options = parser.parse_args()
    print("# Retraining after a drift\n")
    print(f"`python -m benchmarks.retrain RUN ... --work DIR --draws {options.draws}`\n")
    print("\n".join(_HEAD))
    costs = []
    for run in options.runs:
        task = task_of(run, options.work, options.data_root)
        for drift in task.drifts():
            found = [_outcome(task, drift, draw) for draw in range(options.draws)]
            print(_row(task, drift, found), flush=True)
            costs += [f"- {task.name}, {drift.words}: {_cost(found)}"]
    print(
        "\nWhat retraining took on the machine that made the table; joules are estimated from core seconds:\n"
    )
    print("\n".join(costs))


_HEAD = (
    "Accuracy on test, mean of the draws of a drift (lowest to highest). Validation chose the epoch of retraining;",
    "*doing nothing* is the same network on the changed data. Steps are training steps, samples times timesteps.",
    "*Searched anew* is the pick of the whole study on the first draw's data: the network handed over, and its bytes",
    "where the retrained one keeps its own.",
    "Of digits and spoken digits each pixel or spectral band keeps a share of its contrast, down to 1 - strength, and",
    "gains up to strength / 2 of the range; each draw is another drift. On the hydraulic rig one sensor gains",
    f"{OFFSET:g} of the range that the encoder tells apart; each draw is another order of the training samples. Which",
    "sensor was chosen by what its drift costs the pick on test, since most cost nothing: these rows show what is",
    "regained, not how often it is needed. The test samples are the study's throughout; retraining draws its",
    "validation samples from the others.\n",
    "| task | drift | undrifted | doing nothing | retrained | dense network trained anew | searched anew "
    "| steps of retraining | of the dense training | of the search anew | share of it |",
    "|---|---|---|---|---|---|---|---|---|---|---|",
)


@dataclass(frozen=True)
class Drift:
    """A change of the inputs.

    Attributes:
        strength: Of whole numbers, 0 .. 1.
        sensor: Of measured values, the one that gains an offset; None: it is of whole numbers.
    """

    strength: float
    sensor: int | None = None

    @property
    def words(self) -> str:
        """It in words."""
        return (
            f"strength {self.strength:g}"
            if self.sensor is None
            else f"sensor {self.sensor}, +{self.strength:g}"
        )


@dataclass(frozen=True, eq=False)
class Task:
    """A finished run, its pick exported.

    Attributes:
        model: The export.
        plan: The run's.
        samples: As they were read.
        undrifted: Test accuracy of the export's network.
        memory_bytes: Of it.
        work: Folder of what is made here.
    """

    model: Path
    plan: Plan
    samples: Samples
    undrifted: float
    memory_bytes: int
    work: Path

    @property
    def name(self) -> str:
        """Of the study."""
        return self.plan.study.name

    def drifts(self) -> list[Drift]:
        """Return the drifts that it is put under."""
        if self.samples.input_max is not None:
            return [Drift(strength) for strength in STRENGTHS]
        return [Drift(OFFSET, SENSORS[self.name])]


def task_of(run: Path, work: Path, data_root: Path | None) -> Task:
    """Copy a run, export its pick, read its samples."""
    copy = work / run.name / "run"
    if not copy.exists():
        shutil.copytree(run, copy)
    result = hwsearch.load_run(copy)
    study = with_used_files(result.study, result.folder)
    root = find_root(study.data.root, data_root, os.environ)
    if root is not None:
        study = study.model_copy(update={"data": study.data.model_copy(update={"root": str(root.resolve())})})
    model = result.export(to=work / run.name / "model", formats=["config", "weights", "c"])
    plan = make_plan(study, result.folder.study)
    pick = result.summary["pick"]
    return Task(
        model, plan, read_samples(study.data, root), float(pick["accuracy_test_own"]), int(pick["memory_bytes"]),
        work / run.name,
    )  # fmt: skip


def _outcome(task: Task, drift: Drift, draw: int) -> Outcome:
    """Return what becomes of a model under one drift."""
    print(f"{task.name}: {drift.words}, draw {draw}", file=sys.stderr, flush=True)
    path = task.work / f"drift_{drift.strength:g}_{draw}.npz"
    changed = replace(task.samples, x=drifted(task, drift, draw))
    write_changed(changed, task, path)
    export = retrain(task.model, path.with_suffix(".yaml"), to=path.with_suffix(""), seed=draw)
    if export.folder is not None:
        failed = [check.name for check in verify(export.folder, library=draw == 0) if not check.passed]
        if failed:
            raise SystemExit(f"{export.folder} does not verify: {', '.join(failed)}")
    plan, data = task.plan, dataset_of(task.plan.study.data, changed)
    bench = Bench(plan.networks, data, plan.widths, plan.study.train.neuron_loop)
    job = Job(
        (dense_ticket(plan, draw),), plan.dense_timesteps, dense_schedule(plan), draw, test=True,
        widths=plan.reference_widths,
    )  # fmt: skip
    (measured,) = run_job(bench, job)
    if measured.accuracy_test is None:
        raise SystemExit(f"the dense network must train; got {measured.failure}")
    found = None if draw else _searched(replace(plan, data=data), task.work / f"search_{drift.strength:g}")
    return Outcome(export, measured.accuracy_test, measured.train_steps, found)


def _searched(plan: Plan, at: Path) -> hwsearch.Result:
    """Return the whole study as searched on other data."""
    study = plan.study.model_copy(update={"rival": False})
    search(replace(plan, study=study), RunFolder(at), storage=None, workers=1, listen=lambda event: None)
    return hwsearch.load_run(at)


def write_changed(changed: Samples, task: Task, path: Path) -> None:
    """Write changed samples, their test part that of the study, and a section that names them."""
    data, samples = task.plan.study.data, task.samples
    split = split_samples(data, samples, equal_samples(samples.x))
    part = np.full(len(samples.y), "train")
    part[split.test] = "test"
    arrays = {"x": changed.x, "y": changed.y, "part": part}
    uses: dict[str, object] = {"npz": path.name, "part": "part"}
    if samples.official_test is not None:
        uses["split"] = "official"  # what leaks through such a split is named, not refused
    if samples.groups is not None:
        arrays["group"] = samples.groups
        uses["group"] = "group"
    np.savez(path, **arrays)  # type: ignore[arg-type]  # its keywords are names of arrays
    own = ("root", "encode", "input_bits", "split")
    kept = {key: getattr(data, key) for key in Parts.model_fields if key not in own}
    uses |= {key: value for key, value in kept.items() if value is not None}
    path.with_suffix(".yaml").write_text("data:\n" + "".join(f"  {k}: {v}\n" for k, v in uses.items()))


def drifted(task: Task, drift: Drift, draw: int) -> np.ndarray:
    """Return samples as sensors that have changed would give them, those of sequences all along alike."""
    x, most = task.samples.x, task.samples.input_max
    if drift.sensor is None:
        assert most is not None
        rng, shape = np.random.default_rng((draw, 0xD21F)), x.shape[-3:]
        contrast = rng.uniform(1 - drift.strength, 1, shape)
        offset = rng.uniform(0, drift.strength * most / 2, shape)
        return np.rint(x * contrast + offset).clip(0, most).astype(np.uint8)
    encoding = task.plan.data.encoding
    step = None if encoding is None else encoding.steps[0]
    if not isinstance(step, Standardise):
        raise SystemExit(f"{task.name}: measured values must be standardised")
    offset = np.broadcast_to(drift.strength * 2 * step.clip * step.deviation, x.shape[-3:])
    moved = x.astype(np.float64)
    moved[..., drift.sensor, :, :] += offset[drift.sensor]
    return moved.astype(np.float32)


def _row(task: Task, drift: Drift, found: Sequence[Outcome]) -> str:
    steps, dense = found[0].export.result.train_steps, found[0].fresh_steps
    searched = found[0].search
    assert searched is not None
    pick, search = searched.summary["pick"], _steps(searched)
    anew = f"{100 * pick['accuracy_test_own']:.1f} %, {pick['memory_bytes']:,} B for {task.memory_bytes:,}"
    cells = [
        task.name, drift.words, f"{100 * task.undrifted:.1f} %", _mean([each.before for each in found]),
        _mean([each.retrained for each in found]), _mean([each.fresh for each in found]), anew, f"{steps:,}",
        f"{dense:,}", f"{search:,}", f"{100 * steps / search:.1f} %",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _steps(result: hwsearch.Result) -> int:
    """Return the training steps that a run's answer rests on."""
    cost = result.summary["cost"]
    return int(cost["train_steps"] + cost["reused_train_steps"])


def _mean(values: Sequence[float]) -> str:
    return f"{100 * float(np.mean(values)):.1f} % ({100 * min(values):.1f} to {100 * max(values):.1f})"


def _cost(found: Sequence[Outcome]) -> str:
    spent = [each.export.spent for each in found]
    epochs = ", ".join(str(each.export.result.epoch or "none") for each in found)
    return (
        f"{np.mean([each.seconds for each in spent]):.1f} s, about {np.mean([each.energy_j for each in spent]):,.0f} J "
        f"at {spent[0].core_watts:g} W a busy core; epochs kept: {epochs} of {len(found[0].export.result.curve)}"
    )


if __name__ == "__main__":
    main()
