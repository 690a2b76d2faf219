"""Worlds to replay a search in: what training any candidate would measure and cost, without training it.

    world = load_world("digits/layers", Path("/tmp/replay"))
    world.observe(candidate, rung=1, seed=0)    # accuracy after 4 epochs, as a contestant with seed 0 sees it
    world.truth([candidate], rung=2)            # what it is compared by; no contestant may ask

``grid``: one choice for all layers. Every cell was trained with three seeds; a contestant sees one of these trainings,
drawn by its seed and the candidate, and the truth is their mean (so it has noise left: sd / sqrt(3)). Bytes before and
after training are the table's.

``layers``: sparsity and bits of each layer, one granularity, the longest T. The truth is a model fitted on the table's
trainings (`response`), the noise is that of its replicates (`noise`), bytes before training are the product's own price
on the dense network of seed 0 (`mixes`), after training that times the ratio of the model. All of it is laid out once
for every candidate that exists, so the best hypervolume and the least model are exact, not what some search found.

Where the pick's rule is ``frugal``, costs are energies in place of bytes (`energies`; of a ``grid`` the table's), for
contestants and for the pick; hypervolumes and targets of a contest stay those of bytes.

Accuracies are of validation. Rungs 0 to 2 are after 1, 4, 16 epochs (cycles of 1, 3, 12); rungs 3 and 4 are the first
two trained at a quarter and half of T, as the search does, and measured at T. What was trained so and then goes on is
taken for as good after the last as any (measured in benchmarks/results/short_trainings.md). The hypervolume is the
share of the box error in [0, 0.15] x log bytes in [log least, log most of the space] that is dominated; it is fixed
before any contest. The target of a contest is the least model whose true accuracy holds the floor (dense less 2
points).

Files are kept in the work folder, deletable at any time; the first load of a ``layers`` world takes minutes, later ones
a second or two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.replay.cells import Cells, grid_cells, layer_cells, layer_energies
from benchmarks.replay.noise import Noise, measure_noise
from benchmarks.tabular.build import HERE, plan_of
from hwsearch.plan.plan import Plan, make_plan
from hwsearch.search.decide.front import Box, hypervolume, non_dominated
from hwsearch.space.candidate import Candidate
from hwsearch.space.space import SearchSpace
from hwsearch.study.model import load_study

NAMES = ("digits/grid", "digits/layers", "mnist/grid", "mnist/layers", "fsdd/layers")
"""The last one is held out: nothing of the method was settled on it, and it was built and replayed last."""
COSTS = {"smallest": "memory_bytes", "frugal": "energy_j"}
"""What the pick counts, by its rule."""
WORST_ERROR, FLOOR_POINTS, NEAR = 0.15, 0.02, 0.10
_FINAL = 2
FULL_TIME, EARLY_TIME = (0, 1, 2), (3, 4, 2)
"""The rungs of a training, at its own T or the first ones at fewer timesteps."""


@dataclass(frozen=True, eq=False)
class World:
    """A space whose trainings are known.

    Attributes:
        name: One of NAMES.
        plan: The task's plan.
        cells: Every candidate that exists.
        noise: Of a training.
        cycles: Epochs of the own cycle of each of a training's rungs.
        rule: Of the pick (``pick.rule``), one of COSTS.
    """

    name: str
    plan: Plan
    cells: Cells
    noise: Noise
    cycles: tuple[int, ...] = (1, 3, 12)
    rule: str = "smallest"

    @property
    def space(self) -> SearchSpace:
        """What may be tried."""
        return self.plan.space

    def price(self, candidates: Sequence[Candidate]) -> np.ndarray:
        """Return the memory in bytes [N] foretold before training."""
        return self.cells.foretold[self.cells.rows(candidates)]

    def truth(self, candidates: Sequence[Candidate], rung: int) -> np.ndarray:
        """Return the mean accuracy [N] at a rung; not for contestants."""
        return self.cells.accuracy[self.cells.rows(candidates), rung]

    def bytes_truth(self, candidates: Sequence[Candidate]) -> np.ndarray:
        """Return the memory in bytes [N] after training."""
        return self.cells.measured[self.cells.rows(candidates)]

    def costs(self, candidates: Sequence[Candidate], *, trained: bool) -> list[dict[str, float]]:
        """Return what is known of candidates' costs, by column, before or after training."""
        rows = self.cells.rows(candidates)
        n_bytes = (self.cells.measured if trained else self.cells.foretold)[rows].tolist()
        found = [{"memory_bytes": own, "weight_bytes": own} for own in n_bytes]
        if self.cells.energy_j is None:
            return found
        joules = self.cells.energy_j[rows, int(trained)].tolist()
        return [own | {"energy_j": energy_j} for own, energy_j in zip(found, joules, strict=True)]

    @property
    def cost_name(self) -> str:
        """Column of what the pick counts."""
        return COSTS[self.rule]

    @property
    def every_cost(self) -> np.ndarray:
        """What the pick counts of each cell after training."""
        if self.rule == "smallest":
            return self.cells.measured
        assert self.cells.energy_j is not None
        return np.asarray(self.cells.energy_j[:, 1])

    def cost_truth(self, candidates: Sequence[Candidate]) -> np.ndarray:
        """Return what the pick counts of candidates [N] after training."""
        return self.every_cost[self.cells.rows(candidates)]

    def least_cost(self, floor: float) -> float:
        """Return the least of what the pick counts whose true accuracy is at least so much."""
        return float(self.every_cost[self.cells.accuracy[:, _FINAL] >= floor].min())

    def observe(self, candidate: Candidate, rung: int, seed: int) -> float:
        """Return the accuracy that a contestant with this seed measures of a candidate at a rung."""
        (row,) = self.cells.rows([candidate])
        rng = np.random.default_rng([seed, int(candidate.digest, 16)])
        if self.cells.trainings is not None:
            own = self.cells.trainings[row]  # [seeds, rungs]
            return float(own[rng.integers(len(own)), rung])
        n_val = len(self.plan.data.y_val)
        return round(float(self.noise.draw(self.cells.accuracy[row], rng)[rung]) * n_val) / n_val

    def steps(self, candidate: Candidate, rung: int) -> int:
        """Return the samples times timesteps of a rung's own cycle."""
        timesteps = candidate.timesteps
        if rung in EARLY_TIME[:2]:
            rung = EARLY_TIME.index(rung)
            timesteps = self.plan.rung_timesteps(rung, timesteps)
        return self.cycles[rung] * len(self.plan.data.y_train) * timesteps

    @cached_property
    def full_steps(self) -> int:
        """Samples times timesteps of one full training at the longest T."""
        return sum(self.cycles) * len(self.plan.data.y_train) * self.plan.dense_timesteps

    def hypervolume(self, accuracy: np.ndarray, n_bytes: np.ndarray) -> float:
        """Return the share of the box that networks dominate."""
        least, most = self._log_bytes
        box = Box(WORST_ERROR, np.array([most]), most - least)
        return hypervolume(box, 1.0 - np.asarray(accuracy), np.log(np.asarray(n_bytes, float))[:, None])

    @cached_property
    def best(self) -> np.ndarray:
        """Rows of the cells on the true front."""
        accurate = np.flatnonzero(self.cells.accuracy[:, _FINAL] > 1.0 - WORST_ERROR)
        values = [1.0 - self.cells.accuracy[accurate, _FINAL], self.cells.measured[accurate]]
        own: np.ndarray = accurate[non_dominated(np.column_stack(values))]
        return own

    @cached_property
    def reference(self) -> float:
        """The best hypervolume that exists."""
        return self.hypervolume(self.cells.accuracy[self.best, _FINAL], self.cells.measured[self.best])

    @cached_property
    def floor(self) -> float:
        """Accuracy of the dense network at 8 bits and the longest T, less 2 points."""
        dense = Candidate((0.0,), "weight", (max(self.space.weight_bits),), self.plan.dense_timesteps)
        return float(self.truth([dense], _FINAL)[0]) - FLOOR_POINTS

    @cached_property
    def margin(self) -> float:
        """Standard deviation of one training's accuracy at the floor."""
        return self.noise.margin(self.floor)

    @cached_property
    def least_bytes(self) -> float:
        """Bytes of the least network whose true accuracy holds the floor."""
        return float(self.cells.measured[self.cells.accuracy[:, _FINAL] >= self.floor].min())

    def holds(self, accuracy: np.ndarray, n_bytes: np.ndarray) -> np.ndarray:
        """Return which networks [N] hold the floor less the margin within 10 % of the least bytes."""
        near = np.asarray(n_bytes) <= self.least_bytes * (1 + NEAR)
        own: np.ndarray = (np.asarray(accuracy) >= self.floor - self.margin) & near
        return own

    @cached_property
    def _log_bytes(self) -> tuple[float, float]:
        return float(np.log(self.cells.measured.min())), float(np.log(self.cells.measured.max()))


def load_world(name: str, work: Path, rule: str = "smallest") -> World:
    """Return a world, from what is kept in the work folder where it is.

    Args:
        name: One of NAMES.
        work: The folder.
        rule: Of the pick, one of COSTS.

    Raises:
        ValueError: There is no such world.
    """
    if name not in NAMES:
        raise ValueError(f"a world must be one of {', '.join(NAMES)}; got {name}")
    task, kind = name.split("/")
    table = read_table(task)
    plan = plan_of(task) if kind == "grid" else layers_plan(task)
    cells = grid_cells(plan, table) if kind == "grid" else layer_cells(task, plan, table, work)
    if rule == "frugal" and cells.energy_j is None:
        cells = replace(cells, energy_j=layer_energies(task, plan, table, work))
    return World(name, plan, cells, measure_noise(table), rule=rule)


def layers_plan(task: str) -> Plan:
    """Return the plan of a task with knobs of each layer, at the longest T."""
    path = HERE / f"{task}.yaml"
    study = load_study(path)
    space = study.space.model_copy(update={"per_layer": True, "timesteps": (max(study.space.timesteps),)})
    return make_plan(study.model_copy(update={"space": space}), path)


def read_table(task: str) -> pd.DataFrame:
    """Return a task's table."""
    return pd.read_csv(HERE / f"{task}.csv.gz", dtype={"sparsity": str, "weight_bits": str})
