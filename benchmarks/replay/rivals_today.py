"""Rivals of today as contestants, of packages that are no part of this project and are imported only once they run.

    pip install neural-pipeline-search==0.17.0               # primo, primo_prior
    pip install botorch==0.18.1 optuna-integration==5.0.0    # qlognehvi; elsewhere: the other needs gpytorch 1.13
    python -m benchmarks.replay.picks --work DIR --also benchmarks.replay.rivals_today --contestants primo --budget 15

PriMO (arXiv 2511.08371) starts with MO-ASHA over the epochs, the world's rungs, for as many full trainings as there are
knobs; what goes on is charged for the cycles that it was missing. Then it trains in full what a Gaussian process of the
weighted sum of the objectives asks for. Its settings are the package's, but for ``eta`` 4, as the rungs are 1, 4 and 16
epochs. It is told what hwsearch is: which errors count, and what prices span. Both objectives are scaled by these, so
that their sum means something (told plain errors, two runs of 25 trainings picked nothing better than their first
design had). The package draws the weights once a run, and so do we. ``primo_prior`` is told what a user would say of
each objective (PRIORS); the package uses it after the first design only.

qLogNEHVI is that of Optuna's BoTorchSampler: ten random trainings, then a Gaussian process of both objectives; the
reference point is the worst that was seen. BoTorch compiles a kernel at its first use, which takes minutes on a busy
machine and only saves time: with ``CXX=/bin/false`` it does without.
"""

from __future__ import annotations

import itertools
import random
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from benchmarks.replay.baselines import CONTESTANTS, Contestant, of_sampler
from benchmarks.replay.trainings import Step, Trainings
from benchmarks.replay.world import WORST_ERROR, World
from hwsearch.space.candidate import Candidate
from hwsearch.space.space import canonical

PRIORS = {"error": (0.5, 8), "memory_bytes": (0.9, 4)}
"""Sparsity and bits of every layer that are said to be good for an objective; any granularity."""
CONFIDENCE = 0.5  # the package's `medium`
ETA, EPOCHS = 4, "epochs"
REPEATS = 50  # proposals in a row that were trained before, each seconds of choosing: after these it ends


def candidate_of(world: World, config: Mapping[str, Any]) -> Candidate:
    """Return the candidate of a configuration; a knob that it does not name has one level only."""
    return world.space.candidate(
        {
            name: (int(config[name]) if isinstance(n, int) else str(config[name])) if name in config else 0
            for name, n in world.space.knobs.items()
        }
    )


def rung_of(world: World, epochs: int) -> int:
    """Return the rung after which so many epochs were trained.

    Raises:
        ValueError: There is none.
    """
    return list(itertools.accumulate(world.cycles)).index(epochs)


def up_to(own: Trainings, candidate: Candidate, rung: int) -> Iterator[Step]:
    """Train the cycles up to this rung that a candidate is missing."""
    while candidate.digest not in own.last or own.last[candidate.digest].rung < rung:
        yield own.further(candidate)


def told(world: World, seed: int, candidate: Candidate, rung: int) -> list[float]:
    """Return the error over the largest that counts, and log bytes from 0 (least price in the space) to 1 (dense)."""
    space, dense = world.space, world.plan.dense_timesteps
    n = max(1, space.per_layer)
    least = [
        canonical(Candidate((max(space.sparsity),) * n, own, (min(space.weight_bits),) * n, dense))
        for own in space.granularity
    ]
    most = Candidate((0.0,), "weight", (max(space.weight_bits),), dense)
    low, high = np.log(world.price(least).min()), np.log(world.price([most])[0])
    n_bytes = float(world.bytes_truth([candidate])[0])
    error = 1.0 - world.observe(candidate, rung, seed)
    return [error / WORST_ERROR, float((np.log(n_bytes) - low) / (high - low))]


def centers(world: World) -> dict[str, dict[str, int]]:
    """Return PRIORS as levels of the knobs."""
    levels = {"sparsity": world.space.sparsity, "weight_bits": world.space.weight_bits}
    return {
        objective: {
            name: levels[knob].index(value)
            for name in world.space.knobs
            for knob, value in zip(levels, values, strict=True)
            if name.startswith(knob)
        }
        for objective, values in PRIORS.items()
    }


def primo(prior: bool) -> Contestant:
    """Return PriMO, with or without priors."""

    def contestant(world: World, seed: int) -> Iterator[Step]:
        own, twins = Trainings(world, seed), 0
        asking = _primo(world, seed, prior)
        while twins <= REPEATS:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                trial = asking.ask()
            candidate = candidate_of(world, trial.config)
            rung = rung_of(world, trial.config[EPOCHS])
            steps = 0
            for step in up_to(own, candidate, rung):
                steps += step.train_steps
                yield step
            twins = 0 if steps else twins + 1
            asking.tell(trial, told(world, seed, candidate, rung))

    return contestant


def _primo(world: World, seed: int, prior: bool) -> Any:
    """Return the package's optimiser of a world's space; it draws from the generators of all three libraries."""
    import neps
    import torch
    from neps.space import HPOCategorical, HPOInteger, SearchSpace

    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 (the package draws from it)
    torch.manual_seed(seed)
    knobs: dict[str, Any] = {
        name: HPOInteger(0, n - 1) if isinstance(n, int) else HPOCategorical(list(n))
        for name, n in world.space.knobs.items()
        if n != 1
    }
    knobs[EPOCHS] = HPOInteger(world.cycles[0], sum(world.cycles), is_fidelity=True)
    said = centers(world) if prior else {}
    sure = {objective: dict.fromkeys(own, CONFIDENCE) for objective, own in said.items()}
    return neps.AskAndTell(
        neps.algorithms.primo(SearchSpace(knobs), eta=ETA, prior_centers=said, prior_confidences=sure or None)
    )


def _nehvi(seed: int) -> Any:
    """Return Optuna's sampler of BoTorch's noisy expected hypervolume improvement."""
    from optuna_integration import BoTorchSampler
    from optuna_integration.botorch import qnehvi_candidates_func

    return BoTorchSampler(candidates_func=qnehvi_candidates_func, seed=seed)


CONTESTANTS |= {
    "primo": primo(prior=False),
    "primo_prior": primo(prior=True),
    "qlognehvi": of_sampler(_nehvi),
}
