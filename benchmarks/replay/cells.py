"""Every candidate of a world in arrays, and where a candidate stands in them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from benchmarks.replay import mixes, response
from benchmarks.replay.mixes import Cut
from benchmarks.replay.response import EARLY_RUNGS, RUNGS, Response, features
from benchmarks.tabular.build import lab_of
from hwsearch.plan.plan import Plan
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
    """

    space: SearchSpace
    accuracy: np.ndarray
    foretold: np.ndarray
    measured: np.ndarray
    trainings: np.ndarray | None = None

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
    )


def layer_cells(task: str, plan: Plan, table: pd.DataFrame, work: Path) -> Cells:
    """Return the cells of every per-layer mix, by the model fitted on the table.

    Kept in a file of the work folder, named by all that it depends on.
    """
    sources = [Path(own.__file__).read_text() for own in (mixes, response)]
    path = work / f"{task}-layers-{digest([*sources, *_task(plan), table.to_csv()])}.npz"
    if not path.exists():
        context = lab_of(
            task, 0, work / "dense"
        )  # cuts the grid's cells as the table did: ranked over all layers
        cut = mixes.mix_cuts(
            context, plan.space, work / f"{task}-cuts-{digest([sources[0], *_task(plan)])}.npz"
        )
        known = response.trainings(context, table)
        with threadpool_limits(1):  # sums that several threads make come out in any order
            models = [response.fit(known.inputs, outputs) for outputs in (known.outputs, known.early)]
        np.savez_compressed(path, **_every_mix(plan.space, cut, *models))
    with np.load(path) as arrays:
        return Cells(plan.space, **arrays)


def _task(plan: Plan) -> list[str]:
    """Return what a world depends on of its plan: not how it is searched."""
    study = plan.study
    sections = (study.data, study.network, study.space, study.train, study.tickets)
    return [*(digest(own) for own in sections), plan.profile.digest]


def _every_mix(space: SearchSpace, cut: Cut, model: Response, early: Response) -> dict[str, np.ndarray]:
    """Return the columns of all mixes; ``early`` is the model of rungs at fewer timesteps."""
    shape, n = shape_of(space), space.per_layer
    size = int(np.prod(shape))
    accuracy = np.empty((size, len(RUNGS) + len(EARLY_RUNGS)), np.float32)
    foretold, ratio = np.empty(size), np.empty(size)
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
        accuracy[rows, : len(RUNGS)], ratio[rows] = model.predict(inputs)
        accuracy[rows, len(RUNGS) :], _ = early.predict(inputs)
        foretold[rows] = cut.bytes_at(cuts, bits)
    return {"accuracy": accuracy, "foretold": foretold, "measured": np.rint(foretold * ratio)}
