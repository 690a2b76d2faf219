"""How the dense reference does on what it has seen nothing of: one group after another left out, or folds.

Each has the study's own dense training and its 8-bit integer model; the rest of the samples is split into training and
validation as the study splits them, and the encoding is fitted on training samples alone. Nothing is chosen on what is
left out.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import numpy as np

from hwsearch.data.datasets import encoded
from hwsearch.data.folds import Fold, folds, left_out_groups
from hwsearch.data.leaks import find_leaks
from hwsearch.data.parts import Split, split_around
from hwsearch.data.samples import Samples
from hwsearch.data.together import equal_samples
from hwsearch.errors import HwsearchError
from hwsearch.measure.accuracy import wilson
from hwsearch.plan.plan import Plan
from hwsearch.records.files import write_text
from hwsearch.search.jobs.pool import Bench, Trainer
from hwsearch.search.stages.dense import dense_job, keep_dense
from hwsearch.search.store.cache import Cache
from hwsearch.search.store.ticket_store import TicketStore

Tell = Callable[[str], None]


@dataclass(frozen=True)
class LeftOut:
    """What a network knows of a group that it was not trained on.

    Attributes:
        group: Its name, or the fold's.
        n: Its predictions: one a sample, or one a timestep.
        accuracy: Of the 8-bit integer model.
        low, high: Its Wilson interval.
        train_steps: Samples times timesteps that were trained, now or in an earlier run.
    """

    group: str
    n: int
    accuracy: float
    low: float
    high: float
    train_steps: int


Parts = Sequence[tuple[Fold, Split]]
"""What is left out, and the split around it."""


def parts_to_leave(plan: Plan, samples: Samples, n_folds: int | None = None) -> Parts:
    """Return what is left out, one after another.

    Args:
        plan: The question.
        samples: All samples, as read.
        n_folds: Folds of groups (or of samples, where there are no groups); None: each group is left out alone.

    Raises:
        InputError: There are too few groups, or a class is missing in what is trained on.
    """
    data, equal = plan.study.data, equal_samples(samples.x)
    parts = left_out_groups(samples) if n_folds is None else folds(data, samples, equal, n_folds)
    return [(part, split_around(data, samples, equal, part.test)) for part in parts]


def leave_out(
    plan: Plan, samples: Samples, parts: Parts, cache: Cache, tell: Tell, device: str = "cpu"
) -> list[LeftOut]:
    """Train the dense reference once for each group, without it, and measure it on that group.

    Args:
        plan: The question.
        samples: All samples, as read.
        parts: What is left out (`parts_to_leave`).
        cache: Where trained networks are stored: what is there is not trained again.
        tell: Told each result as soon as it is there, and what leaks.
        device: ``cpu`` or ``cuda``.

    Raises:
        HwsearchError: A training failed.
    """
    data, equal = plan.study.data, equal_samples(samples.x)
    for note in dict.fromkeys(note for _, split in parts for note in split.notes):
        tell(note)
    rows = []
    for part, split in parts:
        for leak in find_leaks(samples, split.parts, equal):
            tell(f"{part.name}: leak: {leak.words}")
        without = replace(plan, data=encoded(data, samples, split))
        rows.append(_measured(without, part, cache, device))
        tell(f"{part.name}: {rows[-1].accuracy:.4f} of {rows[-1].n}")
    return rows


def _measured(plan: Plan, part: Fold, cache: Cache, device: str) -> LeftOut:
    """Return how the dense network of a plan does on its test part."""
    store = TicketStore(cache)
    job = replace(dense_job(plan, store, plan.study.seed), test=True)
    bench = Bench(plan.networks, plan.data, plan.widths, plan.study.train.neuron_loop, device)
    with Trainer(bench, 1) as trainer:
        measured = trainer.run([job])[0][0]
    if measured.accuracy_test is None:
        raise HwsearchError(f"{part.name}: the dense network could not be trained: {measured.failure}")
    keep_dense(plan, store, job, measured)
    steps = plan.dense_timesteps if plan.data.labels_each_frame else 1
    n = len(plan.data.y_test) * steps
    low, high = wilson(measured.accuracy_test, n)
    return LeftOut(part.name, n, measured.accuracy_test, low, high, measured.train_steps)


def write_left_out(rows: Sequence[LeftOut], path: Path) -> None:
    """Write leave_out.csv: a row a group."""
    stream = io.StringIO()
    table = csv.DictWriter(stream, [field.name for field in fields(LeftOut)], lineterminator="\n")
    table.writeheader()
    table.writerows(asdict(row) for row in rows)
    write_text(path, stream.getvalue())


def left_out_words(rows: Sequence[LeftOut]) -> str:
    """Return the mean over groups and its range, and the accuracy over all samples."""
    accuracies = np.array([row.accuracy for row in rows])
    n = np.array([row.n for row in rows])
    overall = float((accuracies * n).sum() / n.sum())
    low, high = wilson(overall, int(n.sum()))
    return (
        f"mean {accuracies.mean():.2%} of {len(rows)} left out ({accuracies.min():.2%} .. {accuracies.max():.2%}); "
        f"of all {n.sum()} predictions {overall:.2%} ({low:.2%} .. {high:.2%})"
    )
