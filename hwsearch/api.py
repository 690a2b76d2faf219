"""The Python interface: run a study, look at its front, pick, export.

>>> result = hwsearch.run("studies/digits_mcu.yaml")      # doctest: +SKIP
>>> result.front                                          # a pandas DataFrame    # doctest: +SKIP
>>> result.export(result.pick(within=0.01), to="model")   # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hwsearch.comparison.finders import FINDERS, compare
from hwsearch.errors import Fault, InputError, NothingFits, Unfinished
from hwsearch.plan.plan import Plan, make_plan
from hwsearch.records.changed import refuse_changed
from hwsearch.records.events import Event
from hwsearch.records.files import write_text
from hwsearch.records.finished import answered, asked, lacks_rival, pages_stand
from hwsearch.records.run_folder import RunFolder
from hwsearch.records.summary import Summary
from hwsearch.report.page import write_pages
from hwsearch.report.tickets import write_comparison
from hwsearch.results.result import Result, load_run
from hwsearch.search.jobs.pool import Bench, Trainer, Workers
from hwsearch.search.jobs.scheduler import Scheduler
from hwsearch.search.learn_from import plan_to_run
from hwsearch.search.run import hold_against_rival, search
from hwsearch.search.store.environment import open_cache, recorded_device
from hwsearch.study.model import Study, load_study, override
from hwsearch.study.places import placed
from hwsearch.study.shipped import find_study
from hwsearch.train.device import DEVICES, find_device, unknown_device


def run(
    study: str | Path,
    *,
    out: str | Path | None = None,
    data_root: str | Path | None = None,
    workers: int = 1,
    storage: str | None = None,
    seed: int | None = None,
    device: str = "auto",
    scheduler: str | Scheduler | None = None,
    listen: Callable[[Event], None] | None = None,
) -> Result:
    """Run a study to its end, or go on with it where it stopped; one that was answered before is answered at once.

    Args:
        study: The study file, or the name of one here or shipped (``digits_mcu``).
        out: The run folder; None: ``runs/<name of the study>``.
        data_root: Folder of data sets.
        workers: Processes that train; results do not depend on it. With more than one, a script needs the usual
            ``if __name__ == "__main__":``.
        storage: URL of an Optuna storage; None: the one that the run folder remembers, else a file in it.
        seed: Replaces the study's seed.
        device: ``cpu``, ``cuda``, or ``auto``: the GPU where torch finds one. A GPU is fed by one process.
        scheduler: ``tcp://HOST:PORT`` of a Dask cluster whose workers train instead; with certificates, a `Scheduler`.
        listen: Told of every event.

    Raises:
        InputError: The study, its profile, its data or an option breaks a law; nothing was spent.
        NothingFits: No candidate keeps every budget; the message names the nearest miss.
        StorageAway: The storage is locked or cannot be reached.
        WorkersAway: Those who train cannot be reached, or die again and again.
    """
    path = find_study(study, "study")
    loaded, folder = asked(path, out=None if out is None else Path(out), data_root=data_root, seed=seed)
    given = {"--seed": seed, "--data-root": data_root}
    options = [name for name, value in given.items() if value is not None]
    asker = Asker(workers, storage, device, listen, scheduler)
    return answer(loaded, path, folder, asker, options)


@dataclass(frozen=True)
class Asker:
    """How a study is to be answered, which makes no difference to the answer; as the arguments of `run`."""

    workers: int = 1
    storage: str | None = None
    device: str = "auto"
    listen: Callable[[Event], None] | None = None
    scheduler: str | Scheduler | None = None

    def check(self) -> None:
        """Refuse workers that cannot be.

        Raises:
            InputError: There are none, the device is none that is there, or the scheduler's address or a certificate is
                at fault.
        """
        if self.workers < 1:
            raise InputError([Fault("--workers", "there must be at least one worker", str(self.workers))])
        if self.scheduler is None:
            find_device(self.device)
            return
        _scheduler(self.scheduler).check()
        if self.device not in DEVICES:
            raise InputError([unknown_device(self.device)])

    @contextmanager
    def hired(self, folder: RunFolder) -> Iterator[tuple[Workers, str]]:
        """Yield who trains, and on what: processes here, or a cluster that is connected to as long.

        Args:
            folder: A run that was begun on processors goes on there, unless it is asked otherwise.

        Raises:
            InputError: The device cannot be had, or workers of the cluster are not like the driver.
            WorkersAway: The scheduler cannot be reached, or has no workers.
        """
        asked = "cpu" if self.device == "auto" and recorded_device(folder) == "cpu" else self.device
        if self.scheduler is None:
            found = find_device(asked)
            yield self.workers if found == "cpu" else 1, found
            return
        from hwsearch.search.jobs.cluster import Cluster

        hear = self.listen or (lambda event: None)
        with Cluster(_scheduler(self.scheduler), lambda text: hear(Event("note", text))) as cluster:
            yield cluster, cluster.device(asked)


def _scheduler(scheduler: str | Scheduler) -> Scheduler:
    return scheduler if isinstance(scheduler, Scheduler) else Scheduler(scheduler)


def answer(study: Study, path: Path, folder: RunFolder, asker: Asker, options: Sequence[str] = ()) -> Result:
    """Answer a study in a folder: at once where it is answered, else by its search, or the rest of it.

    Args:
        study: The question, options put over it.
        path: Its file, written or not: paths in the study are relative to it.
        folder: Where it is answered.
        asker: Who trains, and where the search is kept.
        options: Which options were put over the study, for faults.

    Raises:
        InputError: As `run`.
        NothingFits: As `run`.
        StorageAway: As `run`.
    """
    asker.check()
    storage = asker.storage
    summary = answered(study, path, folder, storage)
    if summary is None:
        summary = _searched(plan_to_run(study, path, options), folder, asker)
    elif lacks_rival(study, summary, folder):
        plan, hear = plan_to_run(study, path, options), asker.listen or (lambda event: None)
        with asker.hired(folder) as (workers, _):
            summary = hold_against_rival(plan, folder, summary, workers, hear)
    if not pages_stand(folder, summary):
        write_pages(folder.path)
    if not summary.front_size:
        raise NothingFits(summary.nearest_miss or "")
    return load_run(folder.path, storage=storage)


def _searched(plan: Plan, folder: RunFolder, asker: Asker) -> Summary:
    """Run a search to its end, or the rest of it; its pages are there before plain networks are awaited."""
    hear = asker.listen or (lambda event: None)

    def show() -> None:
        write_pages(folder.path)
        hear(Event("note", f"the front is there: {folder.front_png}; plain networks are awaited"))

    with asker.hired(folder) as (workers, device):
        return search(
            plan, folder, storage=asker.storage, workers=workers, listen=hear, device=device, found=show
        )


def confirm(path: str | Path, asker: Asker | None = None) -> Result:
    """Train the front's recipes of a run with every fresh seed, and write its tables anew.

    A run trains so only what may change the pick (``final.chance``); the numbers of others rest on fewer trainings.
    What was trained is not trained again, and a later `run` in the folder keeps it.

    Args:
        path: The run folder.
        asker: Who trains; None: this process.

    Raises:
        InputError: There is no run, or what it was begun with has changed.
        Unfinished: The run has not ended: there is no front to confirm.
        StorageAway, WorkersAway: As `run`.
    """
    asker = Asker() if asker is None else asker
    asker.check()
    result = load_run(path, storage=asker.storage)
    folder = result.folder
    if not result.finished:
        raise Unfinished(
            f"{folder.path}: only a run that has ended is confirmed (`hwsearch run` goes on with it)"
        )
    plan = plan_to_run(load_study(folder.study), folder.study, ())
    write_text(folder.confirmed, "Recipes are trained with every fresh seed: hwsearch front --confirm.\n")
    _searched(plan, folder, asker)
    write_pages(folder.path)
    return load_run(folder.path, storage=asker.storage)


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
        study: The study file, or the name of one; its ``final.seeds`` says how many seeds.
        out: The folder; None: ``runs/<name of the study>``. Work that is kept in its cache is not done again.
        data_root: Folder of data sets.
        finders: Which of ``hwsearch.comparison.finders.FINDERS``.
        tell: Told what is being done.

    Returns:
        The folder.

    Raises:
        InputError: The study, its profile or its data break a law, a finder is unknown, or the folder is that of
            another study's run, or was begun with what gives other numbers.
    """
    unknown = [name for name in finders if name not in FINDERS]
    if unknown:
        raise InputError([Fault("--only", f"a finder must be one of {', '.join(FINDERS)}", unknown[0])])
    path = find_study(study, "study")
    root = None if data_root is None else str(Path(data_root).resolve())
    loaded = override(load_study(path), data_root=root)
    if listed := loaded.network.alternatives:
        fault = Fault(
            "network.layers", "finders are compared on one network", ", ".join(listed), "give one of them"
        )
        raise InputError(placed([fault], path))
    folder = RunFolder(Path(out) if out is not None else Path("runs") / loaded.name)
    plan = make_plan(loaded, path, [] if root is None else ["--data-root"])
    refuse_changed(plan.study, plan.profile, folder)
    bench, say = (
        Bench(plan.networks, plan.data, plan.widths, plan.study.train.neuron_loop),
        tell or (lambda _: None),
    )
    cache = open_cache(folder, plan, "cpu", say)
    with Trainer(bench, 1) as trainer:
        table, facts = compare(plan, cache, trainer, say, finders)
    within = 0.01 if loaded.pick.within is None else loaded.pick.within
    return write_comparison(table, facts, loaded.name, within, folder.path)


__all__ = ["Result", "confirm", "load_run", "make_plan", "run"]
