"""The Python interface: run a study, look at its front, pick, export.

>>> result = hwsearch.run("studies/digits_mcu.yaml")      # doctest: +SKIP
>>> result.front                                          # a pandas DataFrame    # doctest: +SKIP
>>> result.export(result.pick(within=0.01), to="model")   # doctest: +SKIP
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from hwsearch.comparison.finders import FINDERS, compare
from hwsearch.errors import Fault, InputError, NothingFits, RecordError, Unfinished
from hwsearch.export.agree import layers_of
from hwsearch.export.bundle import FORMATS, Model, write_export
from hwsearch.hardware.arithmetic import arithmetic_claim
from hwsearch.hardware.cost_model import cost_fields, price
from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.profiles.load import load_profile
from hwsearch.plan.plan import Plan, make_plan
from hwsearch.records.changed import refuse_changed
from hwsearch.records.events import Event
from hwsearch.records.finished import answered, asked, pages_stand
from hwsearch.records.run_folder import RunFolder, damaged, open_run
from hwsearch.records.trials import FRONT_COLUMNS, read_table
from hwsearch.report.figures import write_front_png
from hwsearch.report.page import write_report
from hwsearch.report.tables import read_run
from hwsearch.report.tickets import write_comparison
from hwsearch.results.other_device import FrontOn, front_elsewhere, front_here
from hwsearch.results.recover import Recovered, recover
from hwsearch.results.unfinished import dense_so_far, front_so_far, so_far
from hwsearch.search.decide.pick import pick_row
from hwsearch.search.jobs.job import Bench
from hwsearch.search.jobs.pool import Trainer
from hwsearch.search.run import search
from hwsearch.search.store.cache import Cache
from hwsearch.search.warm_start import plan_to_run
from hwsearch.study.laws import Accuracy
from hwsearch.study.model import Study, load_study, override
from hwsearch.study.yaml_border import check_option
from hwsearch.train.device import find_device

if TYPE_CHECKING:
    from hwsearch.records.trials import TrialRecord

_RECORDED_INPUTS = 32


def run(
    study: str | Path,
    *,
    out: str | Path | None = None,
    data_root: str | Path | None = None,
    workers: int = 1,
    storage: str | None = None,
    seed: int | None = None,
    device: str = "auto",
    listen: Callable[[Event], None] | None = None,
) -> Result:
    """Run a study to its end, or go on with it where it stopped; one that was answered before is answered at once.

    Args:
        study: The study file.
        out: The run folder; None: ``runs/<name of the study>``.
        data_root: Folder of data sets.
        workers: Processes that train; results do not depend on it. With more than one, a script needs the usual
            ``if __name__ == "__main__":``.
        storage: URL of an Optuna storage; None: the one that the run folder remembers, else a file in it.
        seed: Replaces the study's seed.
        device: ``cpu``, ``cuda``, or ``auto``: the GPU where torch finds one. A GPU is fed by one process.
        listen: Told of every event.

    Raises:
        InputError: The study, its profile, its data or an option breaks a law; nothing was spent.
        NothingFits: No candidate keeps every budget; the message names the nearest miss.
        StorageAway: The storage is locked or cannot be reached.
    """
    path = Path(study)
    loaded, folder = asked(path, out=None if out is None else Path(out), data_root=data_root, seed=seed)
    if workers < 1:
        raise InputError([Fault("--workers", "there must be at least one worker", str(workers))])
    found = find_device(device)
    summary = answered(loaded, path, folder, storage)
    if summary is None:
        given = {"--seed": seed, "--data-root": data_root}
        plan = plan_to_run(loaded, path, [name for name, value in given.items() if value is not None])
        hear, processes = listen or (lambda event: None), workers if found == "cpu" else 1
        summary = search(plan, folder, storage=storage, workers=processes, listen=hear, device=found)
    if not pages_stand(folder, summary):
        _write_pages(folder)
    if not summary["front_size"]:
        raise NothingFits(summary["nearest_miss"])
    return load_run(folder.path, storage=storage)


def _write_pages(folder: RunFolder) -> Path:
    """Write report.html, and front.png where there is a front; return the page."""
    tables = read_run(folder.path)
    if not tables.front.empty:
        write_front_png(tables, folder.front_png)
    return write_report(folder.path)


def compare_finders(
    study: str | Path,
    *,
    out: str | Path | None = None,
    data_root: str | Path | None = None,
    finders: Sequence[str] = FINDERS,
    tell: Callable[[str], None] | None = None,
) -> Path:
    """Compare every ticket finder on a study and write tickets.csv, tickets.md and tickets.png.

    Args:
        study: The study file; its ``final.seeds`` says how many seeds.
        out: The folder; None: ``runs/<name of the study>``. Work that is kept in its cache is not done again.
        data_root: Folder of data sets.
        finders: Which of ``hwsearch.comparison.finders.FINDERS``.
        tell: Told what is being done.

    Returns:
        The folder.

    Raises:
        InputError: The study, its profile or its data break a law, a finder is unknown, or the folder is that of
            another study's run.
    """
    unknown = [name for name in finders if name not in FINDERS]
    if unknown:
        raise InputError([Fault("--only", f"a finder must be one of {', '.join(FINDERS)}", unknown[0])])
    path = Path(study)
    root = None if data_root is None else str(Path(data_root).resolve())
    loaded = override(load_study(path), data_root=root)
    folder = RunFolder(Path(out) if out is not None else Path("runs") / loaded.name)
    plan = make_plan(loaded, path, [] if root is None else ["--data-root"])
    refuse_changed(plan.study, plan.profile, folder)
    bench = Bench(plan.spec, plan.data, plan.widths, plan.study.train.neuron_loop)
    with Trainer(bench, 1) as trainer:
        cache = Cache(folder.cache, plan.digest, folder.shared)
        table, facts = compare(plan, cache, trainer, tell or (lambda text: None), finders)
    within = 0.01 if loaded.pick.within is None else loaded.pick.within
    return write_comparison(table, facts, loaded.name, within, folder.path)


def load_run(path: str | Path, *, storage: str | None = None) -> Result:
    """Return the result of a run, or what there is of one that has not ended (``Result.finished``).

    Args:
        path: The run folder.
        storage: URL of its Optuna storage; None: the one that the folder remembers (without its password).

    Raises:
        InputError: There is no run.
        RecordError: Its folder is damaged.
    """
    folder = open_run(Path(path))
    if folder.summary.exists() or folder.report.exists() or folder.front.exists():
        folder.read_summary()
    return Result(folder, storage)


@dataclass(frozen=True)
class Result:
    """A run; everything is read from its folder and its storage.

    Attributes:
        folder: The run folder.
        storage: URL of its Optuna storage; None: the one that the folder remembers.
    """

    folder: RunFolder
    storage: str | None = field(default=None, repr=False)  # it may hold a password

    @property
    def finished(self) -> bool:
        """Whether the run came to its end; until then what it has is provisional."""
        return self.folder.summary.exists()

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of the state of the run."""
        if not self.finished:
            return (so_far(self.folder).words,)
        known, now = self.summary.get("answers", {}), load_study(self.folder.study).search.candidates
        if now <= known.get("candidates", now):
            return ()
        return (f"this answers {known['candidates']} candidates; {now} are asked for by now, and not done",)

    @property
    def front(self) -> pd.DataFrame:
        """front.csv: the Pareto front with test accuracies; of an unfinished run, that of the search so far.

        Raises:
            RecordError: The file is missing or damaged.
            Unfinished: There is no front yet.
        """
        if not self.finished:
            return front_so_far(self.folder)
        size = self.summary["front_size"]
        if not size and not self.folder.front.exists():
            return pd.DataFrame(columns=list(FRONT_COLUMNS))
        front = read_table(self.folder.front, FRONT_COLUMNS)
        if len(front) != size:
            law = f"a front must have the rows that the summary counts, {size}"
            raise RecordError(damaged(self.folder.front, law, str(len(front))))
        return front

    @property
    def trials(self) -> pd.DataFrame:
        """trials.csv: every candidate ever asked.

        Raises:
            RecordError: The file is missing or damaged.
        """
        return read_table(self.folder.trials, ("trial", "outcome"))

    @property
    def dense(self) -> dict[str, Any]:
        """The dense reference by column; of an unfinished run, that of the search, without test accuracies."""
        return self.summary["dense"] if self.finished else dense_so_far(self.folder)

    @property
    def summary(self) -> dict[str, Any]:
        """summary.json."""
        return self.folder.read_summary()

    def pick(
        self,
        rule: str | None = None,
        *,
        within: float | str | None = None,
        min_accuracy: float | str | None = None,
    ) -> pd.Series:
        """Return the front's member that a rule picks; without arguments, by the study's rule.

        Args:
            rule: ``smallest``, ``frugal`` or ``accurate``.
            within: Accuracy that may be lost against the dense reference: 0.01 or ``"1%"``.
            min_accuracy: Accuracy needed, instead: 0.95 or ``"95%"``.

        Raises:
            InputError: A tolerance is no share, or both are given.
            NothingFits: Nothing fits, or no member is accurate enough.
            Unfinished: There is no front yet.
        """
        lost: float | None = check_option("within", Accuracy | None, within)
        needed: float | None = check_option("min_accuracy", Accuracy | None, min_accuracy)
        wanted, front = load_study(self.folder.study).pick, self.front
        if front.empty:
            raise NothingFits(self.summary["nearest_miss"])
        if lost is None and needed is None:
            lost, needed = wanted.within, wanted.min_accuracy
        dense = None if lost is None else self.dense["accuracy_val"]
        row = pick_row(front, rule or wanted.rule, dense or 0.0, lost, needed)
        if row is None:
            best = front["accuracy_val"].max()
            raise NothingFits(
                f"no member of the front is accurate enough: the best reaches {best} on validation"
            )
        return row

    def front_on(self, profile: str | Path | HardwareProfile) -> FrontOn:
        """Return the front on another device, and which candidates are not on it, and why; nothing is trained.

        On the run's own device (by id or file) it is `front`. Elsewhere the networks are priced anew, by their final
        trainings where they had some, and held against the device's limits, the study's budgets and ``search.worth``.
        Accuracies stay those of the integer model at the widths of the run's own device.

        Raises:
            InputError: The device is unknown.
            NothingFits: No trained candidate is of use there.
        """
        device = profile if isinstance(profile, HardwareProfile) else load_profile(profile, "profile")
        if device.digest == load_profile(self.folder.profile).digest:
            return front_here(self.folder, self.front, self.storage)
        found = front_elsewhere(self.folder, device, self.dense, self.storage)
        return replace(found, notes=(*found.notes, *(self.summary["notes"] if self.finished else ())))

    def export(
        self, trial: int | pd.Series | None = None, *, to: str | Path, formats: Sequence[str] = FORMATS
    ) -> Path:
        """Write a trial's model as files; without a trial, the study's pick.

        Raises:
            InputError: The trial was not trained, or the target is no place for an export.
            NothingFits: There is no pick.
            RecordError: The network had to be trained again, and is not what was recorded.
        """
        if trial is None:
            trial = self.pick()
        number = int(trial["trial"]) if isinstance(trial, pd.Series) else int(trial)
        own = recover(self.folder, number, self.storage)
        return write_export(_model(own), Path(to), formats)

    def report(self) -> Path:
        """Write report.html and front.png anew; return the page.

        Raises:
            RecordError: A file is missing or damaged.
            Unfinished: The run has not ended: there is nothing to report yet.
        """
        if not self.finished:
            todo = "a report needs the final trainings; hwsearch front and hwsearch pick show what there is"
            raise Unfinished(f"{self.folder.path}: {so_far(self.folder).words} ({todo})")
        return _write_pages(self.folder)


def _model(own: Recovered) -> Model:
    """Return what an export needs of a recovered trial."""
    cost = price(own.workload, own.plan.profile)
    return Model(
        network=own.network,
        formats=cost.formats,
        pointer_bits=own.plan.profile.pointer_bits,
        config=_config(own.plan, own.record, own),
        inputs=own.plan.data.x_val[:_RECORDED_INPUTS],
    )


def _config(plan: Plan, record: TrialRecord, own: Recovered) -> dict[str, Any]:
    study: Study = plan.study
    return {
        "hwsearch": importlib.metadata.version("hwsearch"),
        "study": _without_paths(study, plan.profile.id),
        "study_digest": study.digest,
        "profile": plan.profile.id,
        "profile_digest": plan.profile.digest,
        "candidate": {**dataclasses.asdict(record.candidate), "digest": record.candidate.digest},
        "trial": record.trial,
        "seed": own.seed,
        "measured": {
            "accuracy_val": own.accuracy_val,
            "accuracy_test": own.accuracy_test,
            "accumulator_bits": own.accumulator_bits,
            "membrane_bits": own.membrane_bits,
            "packed_bytes": price(own.workload, plan.profile).packed_bytes,
            **cost_fields(price(own.workload, plan.profile)),
        },
        "predicted": record.predicted,
        "labels": plan.profile.labels,
        "arithmetic": arithmetic_claim(plan.profile, plan.spec.leak_shift, plan.spec.reset).fields,
        "layers": layers_of(own.network, price(own.workload, plan.profile).formats),
        # those that trained it
        "versions": dict(own.versions),
    }


def _without_paths(study: Study, profile: str) -> dict[str, Any]:
    """Return a study as plain values that say nothing of the machine: its profile by id, other runs by name."""
    values = study.to_yaml_dict()
    values["data"]["root"] = None
    values["device"]["profile"] = profile
    values["search"]["learn_from"] = [Path(own).name for own in study.search.learn_from]
    return values


__all__ = ["Result", "load_run", "make_plan", "run"]
