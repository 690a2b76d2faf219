"""Records of trials, by the few numbers that decisions look at."""

from hwsearch.records.trials import TrialRecord
from hwsearch.space.candidate import Candidate

DENSE = {"memory_bytes": 4000.0, "energy_j": 4e-6, "weight_bytes": 4000.0}


def record(trial, sparsity, curve, cost, outcome="trained"):
    costs = {"memory_bytes": cost, "energy_j": cost * 1e-9, "weight_bytes": cost}
    return TrialRecord(
        trial=trial, candidate=Candidate((sparsity,), "weight", (4,), 3), outcome=outcome, reason="",
        predicted=costs, measured=costs if curve else None, accuracy_val=curve[-1] if curve else None,
        curve=curve, similarity=0.9 - sparsity / 2, layer_sparsity=(sparsity,) * 3,
    )  # fmt: skip
