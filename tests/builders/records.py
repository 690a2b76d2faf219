"""Records of trials by the few numbers that decisions look at, and what a search knows with them."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from hwsearch.plan.plan import make_plan
from hwsearch.predict.quality import Calibration, Quality
from hwsearch.records.trials import TrialRecord, latest
from hwsearch.search.decide.state import SearchState
from hwsearch.space.candidate import Candidate
from hwsearch.study.model import load_study

DENSE = {"memory_bytes": 4000.0, "energy_j": 4e-6, "weight_bytes": 4000.0}
DENSE_ERROR = 0.02
GOOD, POOR = Quality(32, 0.95, 0.03, 0.1, 0.02), Quality(32, 0.1, 0.2, 0.2, 0.2)


def record(trial, sparsity, curve, cost, outcome="trained"):
    costs = {"memory_bytes": cost, "energy_j": cost * 1e-9, "weight_bytes": cost}
    return TrialRecord(
        trial=trial, candidate=Candidate((sparsity,), "weight", (4,), 3), outcome=outcome, reason="",
        predicted=costs, measured=costs if curve else None, accuracy_val=curve[-1] if curve else None,
        curve=curve, similarity=0.9 - sparsity / 2, layer_sparsity=(sparsity,) * 3,
    )  # fmt: skip


def estimator(quality=GOOD, alike=0.5):
    """Return an estimator that finds all candidates alike on the same share of inputs."""
    similarity = SimpleNamespace(alike=lambda some, others: np.full(len(some), alike))
    return Calibration(similarity, quality, 0)


def state_of(plan, records=(), calibration=None, *, dense_cost=DENSE, dense_error=DENSE_ERROR):
    calibrations = () if calibration is None else (calibration,)
    return SearchState(plan, dense_cost, (dense_error,), calibrations, latest(records))


def with_search(plan, **changes):
    search = plan.study.search.model_copy(update=changes)
    return replace(plan, study=plan.study.model_copy(update={"search": search}))


def plan_of_three_rungs(folder, text):
    """Return the plan of a study whose candidates are trained in three rungs, without an audit."""
    path = folder / "study.yaml"
    path.write_text(text.replace(", epochs: 3", ", epochs: 16"))
    return with_search(make_plan(load_study(path), path), audit=0.0, early=False)
