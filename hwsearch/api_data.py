"""The Python interface to data: leave one group out after another.

>>> hwsearch.api_data.leave_out("studies/fsdd_speech.yaml")     # doctest: +SKIP
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from hwsearch.comparison.leave_out import leave_out as left_out
from hwsearch.comparison.leave_out import left_out_words, write_left_out
from hwsearch.data.datasets import find_root
from hwsearch.data.readers.read import read_samples
from hwsearch.errors import Fault, InputError
from hwsearch.plan.plan import make_plan
from hwsearch.records.changed import refuse_changed
from hwsearch.records.run_folder import RunFolder
from hwsearch.search.store.environment import open_cache
from hwsearch.study.model import load_study, override
from hwsearch.study.places import placed
from hwsearch.study.shipped import find_study
from hwsearch.train.device import find_device


def leave_out(
    study: str | Path,
    *,
    out: str | Path | None = None,
    data_root: str | Path | None = None,
    n_folds: int | None = None,
    device: str = "auto",
    tell: Callable[[str], None] | None = None,
) -> tuple[Path, str]:
    """Train the dense reference once for each group, without it, and write leave_out.csv.

    Args:
        study: The study file, or the name of a shipped study.
        out: The folder; None: ``runs/<name of the study>``. What is in its cache is not trained again.
        data_root: Folder of data sets.
        n_folds: Folds of whole groups (or of samples, where there are none); None: each group is left out alone.
        device: ``cpu``, ``cuda``, or ``auto``: the GPU where torch finds one.
        tell: Told what is being done.

    Returns:
        The table, and the mean over groups with its range, in words.

    Raises:
        InputError: The study or its data break a law, there are too few groups, or the folder is another study's.
        HwsearchError: A training failed.
    """
    path = find_study(study, "study")
    root = None if data_root is None else str(Path(data_root).resolve())
    loaded = override(load_study(path), data_root=root)
    if listed := loaded.network.alternatives:
        law, got = "groups are left out of the training of one network", ", ".join(listed)
        raise InputError(placed([Fault("network.layers", law, got, "give one of them")], path))
    folder = RunFolder(Path(out) if out is not None else Path("runs") / loaded.name)
    plan = make_plan(loaded, path, [] if root is None else ["--data-root"])
    refuse_changed(plan.study, plan.profile, folder)
    samples = read_samples(plan.study.data, find_root(plan.study.data.root, None, os.environ))
    say, trained_on = tell or (lambda _: None), find_device(device)
    cache = open_cache(folder, plan, trained_on, say)
    try:
        rows = left_out(plan, samples, cache, say, n_folds, trained_on)
    except InputError as error:
        raise InputError(placed(error.faults, path)) from None
    write_left_out(rows, folder.left_out)
    return folder.left_out, left_out_words(rows)
