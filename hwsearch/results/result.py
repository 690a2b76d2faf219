"""A run as its user sees it: the front, the candidates, the pick, another device, an export.

What it hands out are pandas frames and plain values: this is the public interface; inside, the package passes records.
The front and the pick of a run that has ended are read from its files: what only the others need is loaded with them,
since torch takes seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from hwsearch.errors import NothingFits, Unfinished
from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.profiles.load import load_profile
from hwsearch.records.front import DenseRow, read_front_frame
from hwsearch.records.run_folder import RunFolder, open_run
from hwsearch.records.stress import StressRow
from hwsearch.records.summary import Summary, read_summary
from hwsearch.records.trial_table import read_trials_frame
from hwsearch.results.picked import Tolerance, chance_of_pick, foretold_instead, picked_of, tolerance_of
from hwsearch.study.model import Study, load_study

if TYPE_CHECKING:
    from hwsearch.results.other_device import FrontOn
    from hwsearch.results.stressed import StressAsked


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
    def study(self) -> Study:
        """The study as used, defaults filled in; ``study.write(path)`` writes it, to be asked by ``hwsearch run``.

        Raises:
            InputError: The run folder's study.yaml is gone or damaged.
        """
        return load_study(self.folder.study)

    @property
    def laws(self) -> tuple[NeuronLaw, ...]:
        """The laws of the network's neurons, each once."""
        study = self.study
        network = study.network
        if network.nir is None:
            return (NeuronLaw(network.leak_shift, network.threshold, network.reset),)
        from hwsearch.plan.plan import make_plan
        from hwsearch.results.recover import with_used_files

        return make_plan(with_used_files(study, self.folder), self.folder.study).laws

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of the state of the run."""
        if not self.finished:
            from hwsearch.results.unfinished import so_far

            return (so_far(self.folder).words,)
        known, now = self._numbers.answers, self.study.search.candidates
        if known is None or now <= known.candidates:
            return ()
        return (f"this answers {known.candidates} candidates; {now} are asked for by now, and not done",)

    @property
    def front(self) -> pd.DataFrame:
        """front.csv: the Pareto front with test accuracies; of an unfinished run, that of the search so far.

        Raises:
            RecordError: The file is missing or damaged.
            Unfinished: There is no front yet.
        """
        if not self.finished:
            from hwsearch.results.unfinished import front_so_far

            return front_so_far(self.folder)
        return read_front_frame(self.folder.front, self._numbers.front_size)

    @property
    def trials(self) -> pd.DataFrame:
        """trials.csv: every candidate ever asked.

        Raises:
            RecordError: The file is missing or damaged.
        """
        return read_trials_frame(self.folder.trials)

    @property
    def dense(self) -> dict[str, Any]:
        """The dense reference by column; of an unfinished run, that of the search, without test accuracies."""
        return dict(self._dense.columns())

    @property
    def _dense(self) -> DenseRow:
        if self.finished:
            return self._numbers.dense
        from hwsearch.results.unfinished import dense_so_far

        return dense_so_far(self.folder)

    @property
    def summary(self) -> dict[str, Any]:
        """summary.json, as plain values.

        Raises:
            RecordError: The file is missing or damaged.
        """
        return self._numbers.plain()

    @property
    def _numbers(self) -> Summary:
        return read_summary(self.folder.summary)

    def pick(
        self,
        rule: str | None = None,
        *,
        within: float | str | None = None,
        min_accuracy: float | str | None = None,
        min_score: float | str | None = None,
        chance: float | str | None = None,
    ) -> pd.Series:
        """Return the front's member that a rule picks; without arguments, by the study's rule.

        Args:
            rule: ``smallest``, ``frugal`` or ``accurate``.
            within: Score (accuracy, unless the study says another) that may be lost against the dense reference: 0.01
                or ``"1%"``.
            min_accuracy: Accuracy needed, instead: 0.95 or ``"95%"``.
            min_score: The same of the study's score, whichever it is.
            chance: That the recipe is worse than that, in the mean over fresh splits and seeds: at most; without, the
                study's, and where that asks for none the mean of its trainings decides.

        Raises:
            InputError: A tolerance is no share, two are given, or ``min_accuracy`` where the score is another.
            NothingFits: Nothing fits, or no member is accurate enough.
            Unfinished: There is no front yet.
        """
        tolerance = tolerance_of(self.study, within, min_accuracy, min_score, chance)
        front = self.front
        if front.empty:
            raise NothingFits(self._numbers.nearest_miss or "")
        if not self.finished:  # how sure a recipe is only final trainings tell
            tolerance = replace(tolerance, chance=None)
        return picked_of(front, self.study, rule, tolerance, lambda: self._dense.score)

    def chance_of_pick(self, row: pd.Series, **tolerance: float | str | None) -> float | None:
        """Return how likely a member's recipe is worse than asked, on fresh splits; None: that is not known.

        Args:
            row: Of `front`.
            tolerance: As of `foretold_instead`.
        """
        return chance_of_pick(row, self._asked(tolerance), self._dense.score)

    def foretold_instead(self, rule: str | None = None, **tolerance: float | str | None) -> str:
        """Say which member would be picked if what is foretold of it came true; nothing where none would.

        Args:
            rule: As of `pick`.
            tolerance: ``within``, ``min_accuracy`` or ``min_score``, and ``chance``, as of `pick`.
        """
        return foretold_instead(self.front, self.study, rule, self._asked(tolerance), self._dense.score)

    def _asked(self, tolerance: Mapping[str, float | str | None]) -> Tolerance:
        names = ("within", "min_accuracy", "min_score", "chance")
        return tolerance_of(self.study, *(tolerance.get(name) for name in names))

    def front_on(self, profile: str | Path | HardwareProfile) -> FrontOn:
        """Return the front on another device, and which candidates are not on it, and why; nothing is trained.

        On the run's own device (by id or file) it is `front`. Elsewhere the networks are priced anew, by their final
        trainings where they had some, and held against the device's limits, the study's budgets and ``search.worth``.
        Accuracies stay those of the integer model at the widths of the run's own device.

        Raises:
            InputError: The device is unknown.
            NothingFits: No trained candidate is of use there.
        """
        from hwsearch.results.other_device import front_elsewhere, front_here

        device = self._device(profile)
        if device.digest == load_profile(self.folder.profile).digest:
            return front_here(self.folder, self.front, self.storage)
        found = front_elsewhere(self.folder, device, self._dense, self.storage)
        return replace(found, notes=(*found.notes, *(self._numbers.notes if self.finished else ())))

    @staticmethod
    def _device(profile: str | Path | HardwareProfile) -> HardwareProfile:
        return profile if isinstance(profile, HardwareProfile) else load_profile(profile, "profile")

    def against_plain(self, profile: str | Path | HardwareProfile | None = None) -> str:
        """Say whether the spiking or a plain network is smaller, and which is more frugal, at the study's tolerance.

        Args:
            profile: Another device than the run's own, where the networks are priced anew; None: its own.

        Returns:
            A sentence; nothing where the run was held against no plain network.

        Raises:
            InputError: The device is unknown.
            NothingFits: No trained candidate is of use there.
            RecordError: A file is damaged.
        """
        if not self.finished or self._numbers.rival is None:
            return ""
        device = None if profile is None else self._device(profile)
        if device is None or device.digest == load_profile(self.folder.profile).digest:
            from hwsearch.report.rival import rival_words
            from hwsearch.report.tables import read_run

            tables = read_run(self.folder.path)
            return rival_words(tables.summary, tables.front, tables.rivals)
        from hwsearch.results.rival_elsewhere import rival_words_on

        return rival_words_on(self.folder, device, self.front_on(device).front, self._dense)

    def export(
        self,
        trial: int | pd.Series | None = None,
        *,
        to: str | Path,
        formats: Sequence[str] = ("config", "weights"),
    ) -> Path:
        """Write a trial's model as files; without a trial, the study's pick.

        Raises:
            InputError: The trial was not trained, the target is no place for an export, or there are too few validation
                samples to learn a monitor on.
            NothingFits: There is no pick.
            RecordError: The network had to be trained again, and is not what was recorded.
        """
        from hwsearch.export.bundle import write_export
        from hwsearch.results.export_model import model_of
        from hwsearch.results.recover import recover

        if trial is None:
            trial = self.pick()
        number = int(trial["trial"]) if isinstance(trial, pd.Series) else int(trial)
        recovered = recover(self.folder, number, self.storage)
        return write_export(model_of(recovered, monitored="monitor" in formats), Path(to), formats)

    def stress(
        self,
        trials: Sequence[int] | None = None,
        *,
        asked: StressAsked | None = None,
        tell: Callable[[str], object] = lambda text: None,
    ) -> list[StressRow]:
        """Measure what trials lose under disturbances, beside the dense networks that they were cut from.

        Writes stress.csv, stress.png and the report, which has a section of it; the same question is not measured
        again.

        Args:
            trials: Their numbers; None: the study's pick.
            asked: Which split, draws, samples and kinds; None: ten draws of every kind on 500 test samples at most.
            tell: Told what is being done.

        Raises:
            InputError: A trial was not trained, or what is asked breaks a law.
            NothingFits: There is no pick.
            RecordError: A network is not what was recorded.
            Unfinished: The run has not ended.
        """
        from hwsearch.report.page import write_pages
        from hwsearch.results.stressed import StressAsked, stress_run

        if not self.finished:
            raise Unfinished(f"{self.folder.path}: only a run that has ended is put under stress")
        chosen = trials or [int(self.pick()["trial"])]
        rows = stress_run(self.folder, chosen, asked or StressAsked(), tell, self.storage)
        write_pages(self.folder.path)
        return rows

    def report(self, language: str | None = None) -> Path:
        """Write report.html and front.png anew, of an unfinished run unfinished.html; return the page.

        Args:
            language: Of its first page, ``en`` or ``ja``; None: as the page that lies there has it, else English.

        Raises:
            InputError: The language is unknown.
            RecordError: A file is missing or damaged.
            Unfinished: Nothing was begun.
        """
        from hwsearch.results.paper import page_of

        return page_of(self.folder, language)

    def plan(self, language: str | None = None) -> Path:
        """Write the first page and the staged plan as Markdown (``plan.en.md``); otherwise as `report`."""
        from hwsearch.results.paper import plan_of

        return plan_of(self.folder, language)

    def figures(self) -> tuple[Any, ...]:
        """Return plotly figures: the front in each pair of objectives, and how many candidates ended how."""
        from hwsearch.report.plotly_figures import front_figure, funnel_figure
        from hwsearch.report.tables import read_run

        tables = read_run(self.folder.path)
        return (*front_figure(tables), funnel_figure(tables))

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the answer, the front, the next step; of an unfinished run, how far it is."""
        from hwsearch.report.notebook import notebook_html
        from hwsearch.report.tables import read_run

        if not self.finished:
            return "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return notebook_html(read_run(self.folder.path))


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
    # a run that broke off while it wrote its tables has a front, and goes on
    left = folder.front.exists() and not folder.trials.exists()
    if folder.summary.exists() or folder.report.exists() or left:
        read_summary(folder.summary)
    return Result(folder, storage)
