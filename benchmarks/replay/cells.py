"""Every candidate of a world in arrays, and where a candidate stands in them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from benchmarks.replay import energies, mixes, response
from benchmarks.replay.mixes import Cut
from benchmarks.replay.response import EARLY_RUNGS, RUNGS, Response, features
from benchmarks.tabular.build import lab_of
from hwsearch.plan.plan import Plan
from hwsearch.search.stages.context import Context
from hwsearch.space.candidate import Candidate
from hwsearch.space.space import SearchSpace, canonical
from hwsearch.study.digest import digest

_CHUNK = 1 << 16


@dataclass(frozen=True, eq=False)
class Cells:
    """N settings of the knobs, in the order granularity, sparsity (of each layer), bits (of each layer), T.

    Attributes:
        space: Their levels.
        accuracy: [N, rungs] true (`World` says which rungs there are).
        foretold: [N] bytes before training.
        measured: [N] bytes after training.
        trainings: [N, seeds, rungs] what was measured; None where a model tells the truth.
        energy_j: [N, 2] before and after training; None: nobody asked for it.
    """

    space: SearchSpace
    accuracy: np.ndarray
    foretold: np.ndarray
    measured: np.ndarray
    trainings: np.ndarray | None = None
    energy_j: np.ndarray | None = None

    def rows(self, candidates: Sequence[Candidate]) -> np.ndarray:
        """Return where candidates stand: [N]."""
        space, n = self.space, max(1, self.space.per_layer)
        levels = (space.granularity, space.sparsity, space.weight_bits, space.timesteps)
        places = [{level: place for place, level in enumerate(own)} for own in levels]
        knobs = [
            (
                places[0][c.granularity],
                *(places[1][s] for s in (c.sparsity * n)[:n]),
                *(places[2][b] for b in (c.weight_bits * n)[:n]),
                places[3][c.timesteps],
            )
            for c in candidates
        ]
        return np.ravel_multi_index(np.array(knobs, np.int64).reshape(-1, 2 * n + 2).T, shape_of(space))


def shape_of(space: SearchSpace) -> tuple[int, ...]:
    """Return the number of levels of each knob, in the order of the cells."""
    n = max(1, space.per_layer)
    sizes = (len(space.sparsity),) * n + (len(space.weight_bits),) * n
    return (len(space.granularity), *sizes, len(space.timesteps))


def grid_cells(plan: Plan, table: pd.DataFrame) -> Cells:
    """Return the cells of the table's grid."""
    space = plan.space
    grid = table[table["kind"] == "grid"].assign(cell=lambda own: own["key"].str.rpartition("-")[0])
    by_cell = dict(iter(grid.sort_values("seed").groupby("cell")))
    settings = itertools.product(space.granularity, space.sparsity, space.weight_bits, space.timesteps)
    own = [by_cell[canonical(Candidate((s,), g, (b,), t)).digest] for g, s, b, t in settings]
    measured = np.array([rows[[*RUNGS, *EARLY_RUNGS]].to_numpy() for rows in own])
    return Cells(
        space,
        measured.mean(1),
        np.array([rows["memory_bytes"].mean() for rows in own]),
        np.array([rows["memory_bytes_measured"].mean() for rows in own]),
        measured,
        np.array([rows[["energy_j", "energy_j_measured"]].mean().to_numpy() for rows in own]),
    )


def layer_cells(task: str, plan: Plan, table: pd.DataFrame, work: Path) -> Cells:
    """Return the cells of every per-layer mix, by the model fitted on the table.

    Kept in a file of the work folder, named by all that it depends on.
    """
    path = work / f"{task}-layers-{digest([*_sources(mixes, response), *_task(plan), table.to_csv()])}.npz"
    if not path.exists():
        context = _context(task, work)
        cut = _cut(task, plan, work)
        known = response.trainings(context, table)
        with threadpool_limits(1):  # sums that several threads make come out in any order
            models = [response.fit(known.inputs, outputs) for outputs in (known.outputs, known.early)]
        np.savez_compressed(path, **_every_mix(plan.space, cut, *models))
    with np.load(path) as arrays:
        return Cells(plan.space, **arrays)


def layer_energies(task: str, plan: Plan, table: pd.DataFrame, work: Path) -> np.ndarray:
    """Return the energy [N, 2] of every per-layer mix in joules, before and after training, by the model of `energies`.

    Kept in files of the work folder, as `layer_cells` are.
    """
    sources = _sources(energies, mixes, response)
    path = work / f"{task}-energy-{digest([*sources, *_task(plan), table.to_csv()])}.npz"
    if not path.exists():
        context = _context(task, work)
        priced = energies.mix_energies(
            context, plan.space, work / f"{task}-joules-{digest([*sources, *_task(plan)])}.npz"
        )
        spent = energies.spent(context, response.trainings(context, table), table)
        with threadpool_limits(1):
            model = response.fit(spent.inputs, spent.outputs)
        np.savez_compressed(path, energy_j=_every_energy(plan.space, _cut(task, plan, work), priced, model))
    with np.load(path) as arrays:
        return np.asarray(arrays["energy_j"])


def _sources(*modules: ModuleType) -> list[str]:
    """Return the texts of modules that what is kept depends on."""
    return [Path(str(own.__file__)).read_text() for own in modules]


def _context(task: str, work: Path) -> Context:
    """Return the dense network of seed 0, which cuts the grid's cells as the table did: ranked over all layers."""
    return lab_of(task, 0, work / "dense")


def _cut(task: str, plan: Plan, work: Path) -> Cut:
    """Return every way to cut a task's network."""
    path = work / f"{task}-cuts-{digest([*_sources(mixes), *_task(plan)])}.npz"
    return mixes.mix_cuts(_context(task, work), plan.space, path)


def _task(plan: Plan) -> list[str]:
    """Return what a world depends on of its plan: not how it is searched."""
    study = plan.study
    sections = (study.data, study.network, study.space, study.train, study.tickets)
    return [*(digest(own) for own in sections), plan.profile.digest]


def _every_mix(space: SearchSpace, cut: Cut, model: Response, early: Response) -> dict[str, np.ndarray]:
    """Return the columns of all mixes; ``early`` is the model of rungs at fewer timesteps."""
    size = int(np.prod(shape_of(space)))
    accuracy = np.empty((size, len(RUNGS) + len(EARLY_RUNGS)), np.float32)
    foretold, ratio = np.empty(size), np.empty(size)
    for part in _parts(space, cut):
        accuracy[part.rows, : len(RUNGS)], ratio[part.rows] = model.predict(part.inputs)
        accuracy[part.rows, len(RUNGS) :], _ = early.predict(part.inputs)
        foretold[part.rows] = cut.bytes_at(part.cuts, part.bits)
    return {"accuracy": accuracy, "foretold": foretold, "measured": np.rint(foretold * ratio)}


def _every_energy(space: SearchSpace, cut: Cut, priced: energies.Energies, model: Response) -> np.ndarray:
    """Return the energies [N, 2] of all mixes."""
    energy_j = np.empty((int(np.prod(shape_of(space))), 2))
    for part in _parts(space, cut):
        parts = priced.parts(part.cuts, part.bits)
        ratio = np.exp(energies.log_ratio(model, energies.features(part.inputs, parts)))
        energy_j[part.rows] = parts.sum(1)[:, None] * np.column_stack([np.ones(len(ratio)), ratio])
    return energy_j


@dataclass(frozen=True, eq=False)
class _Part:
    """Some of all mixes: their rows [N], how they are cut [N], levels of bits [N, L], what models see [N, D]."""

    rows: np.ndarray
    cuts: np.ndarray
    bits: np.ndarray
    inputs: np.ndarray


def _parts(space: SearchSpace, cut: Cut) -> Iterator[_Part]:
    """Yield all mixes, some at a time."""
    shape, n = shape_of(space), space.per_layer
    size = int(np.prod(shape))
    for first in range(0, size, _CHUNK):
        rows = np.arange(first, min(first + _CHUNK, size))
        levels = np.array(np.unravel_index(rows, shape)).T
        sparsity, bits = levels[:, 1 : n + 1], levels[:, n + 1 : 2 * n + 1]
        own = np.where(
            (sparsity == 0).all(1), space.granularity.index("weight"), levels[:, 0]
        )  # one spelling
        cuts = np.ravel_multi_index((own, *sparsity.T), shape[: n + 1])
        inputs = features(
            own[:, None] == np.arange(shape[0]),
            np.array(space.weight_bits, float)[bits],
            cut.kept[cuts],
            cut.channels[cuts],
        )
        yield _Part(rows, cuts, bits, inputs)
