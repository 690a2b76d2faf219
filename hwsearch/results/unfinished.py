"""What a run that has not ended has so far: its front by the search alone, and the dense network it is held against.

All of it is provisional: accuracies are of one training each, on the validation samples that the search chooses by.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from hwsearch.errors import Unfinished
from hwsearch.hardware.profiles.load import load_profile
from hwsearch.plan.plan import make_plan
from hwsearch.plan.pricing import price_on_device
from hwsearch.records.columns import LATER
from hwsearch.records.front import DenseRow
from hwsearch.records.run_folder import RunFolder
from hwsearch.records.trial_table import read_trials_frame
from hwsearch.report.first_page.words import Language
from hwsearch.report.unfinished_page import Provisional, write_unfinished, write_unfinished_plan
from hwsearch.results.recover import with_used_files
from hwsearch.search.store.cache import Cache
from hwsearch.study.model import Study, load_study

_SHOWN = (
    "trial", "sparsity", "granularity", "weight_bits", "timesteps", "accuracy_val", "memory_bytes", "weight_bytes",
    "state_bytes", "synaptic_ops", "energy_j", "latency_s",
)  # fmt: skip
_GOES_ON = "the line that started it goes on where it stopped"


@dataclass(frozen=True, eq=False)
class SoFar:
    """What there is.

    Attributes:
        front: Trials on the front of the search, by memory; columns of front.csv but for test accuracies.
        evaluated: Candidates that have an outcome.
        total: Candidates that the study asks for.
    """

    front: pd.DataFrame
    evaluated: int
    total: int

    @property
    def words(self) -> str:
        """Say what the numbers are."""
        return (
            f"unfinished: {self.evaluated} of {self.total} candidates have an outcome. Accuracies are those of the "
            f"search, of one training each on validation; the test split was not looked at. Final trainings are still "
            f"to come: {_GOES_ON}"
        )


def so_far(folder: RunFolder) -> SoFar:
    """Return what an unfinished run has; its front may be empty.

    Raises:
        RecordError: trials.csv is damaged.
    """
    total = load_study(folder.study).search.candidates
    if not folder.trials.exists():
        return SoFar(pd.DataFrame(columns=list(_SHOWN)), 0, total)
    trials = read_trials_frame(folder.trials, (*_SHOWN, "outcome", "on_front"))
    shown = [*_SHOWN, *(name for name in ("score_val", *LATER) if name in trials)]
    front = trials.loc[trials["on_front"].astype(bool), shown]
    front = front.sort_values(["memory_bytes", "trial"]).reset_index(drop=True)
    return SoFar(front, len(trials), max(total, len(trials)))


def front_so_far(folder: RunFolder) -> pd.DataFrame:
    """Return the front of an unfinished run, by the search alone.

    Raises:
        Unfinished: No candidate has an outcome yet, or none fits.
        RecordError: trials.csv is damaged.
    """
    found = so_far(folder)
    if found.front.empty:
        raise Unfinished(
            f"{folder.path}: unfinished: {found.evaluated} of {found.total} candidates have an outcome, and none of "
            f"them fits and was trained; {_GOES_ON}"
        )
    return found.front


def dense_so_far(folder: RunFolder) -> DenseRow:
    """Return the dense network of the search, of several the best: accuracy on validation, and costs.

    Raises:
        Unfinished: It is not in the cache.
        InputError: The data or the profile of the run is gone.
    """
    plan = make_plan(with_used_files(load_study(folder.study), folder))
    cache = Cache(folder.cache, plan.digest, environment="as recorded" if folder.environment.exists() else "")
    every = [cache.load(cache.path("dense", *plan.at(i).place)) for i in range(len(plan.networks))]
    score = plan.study.score
    dense = max((d for d in every if d is not None), key=lambda d: d.score_val(score) or 0.0, default=None)
    if dense is None or dense.workload is None:
        raise Unfinished(
            f"{folder.path}: unfinished, and the dense reference is not in its cache, so what is lost against it "
            f"cannot be told: give --min-accuracy, or go on with the run"
        )
    costs = price_on_device(plan, dense.workload).fields
    scored = {} if score == "accuracy" else {"score_val": dense.score_val(score)}
    return DenseRow.model_validate({"accuracy_val": dense.accuracy_val, **scored, **costs})


def write_provisional(folder: RunFolder, study: Study, language: Language = "en") -> Path:
    """Write unfinished.html, what there is of a run that has not ended; return its path.

    Raises:
        RecordError: A file is damaged.
        Unfinished: Nothing was begun.
    """
    return write_unfinished(folder, _provisional(folder, study), language)


def write_provisional_plan(folder: RunFolder, study: Study, language: Language) -> Path:
    """Write that there is no plan yet (``plan.en.md``), likewise."""
    return write_unfinished_plan(folder, _provisional(folder, study), language)


def _provisional(folder: RunFolder, study: Study) -> Provisional:
    found = so_far(folder)
    outcomes = dict(read_trials_frame(folder.trials)["outcome"].value_counts()) if found.evaluated else {}
    if not folder.profile.exists():
        raise Unfinished(f"{folder.path}: {found.words} (nothing was begun that could be reported)")
    device = load_profile(folder.profile).id
    asked = study.search.candidates
    return Provisional(study.name, device, found.words, found.evaluated, asked, found.front, outcomes)
