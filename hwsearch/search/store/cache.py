"""Trained networks on disk, named by the digest of what made them: there is nothing to keep in step.

Deletable at any time: what is missing is computed anew, and so is what is not as it was written (`sealed`). Read
without pickle. What depends on the device or the search lies in the run's own folder; dense networks and what finders
trained may lie in one that runs share (see `folder`).
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.metadata
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hwsearch.errors import RecordError
from hwsearch.measure.answers import Answers
from hwsearch.measure.measured import Measured
from hwsearch.network.params import Params
from hwsearch.network.store import (
    network_arrays,
    network_from,
    network_settings,
    params_arrays,
    params_from,
)
from hwsearch.network.width_loss import WidthLoss
from hwsearch.records.workloads import workload_from
from hwsearch.search.store.sealed import load_sealed, save_sealed
from hwsearch.space.candidate import Candidate
from hwsearch.study.digest import digest

_PLAIN = (
    "failure", "accuracy_val", "accuracy_test", "accuracy_val_float", "sparsity_effective",
    "accumulator_bits", "membrane_bits", "train_steps", "eval_steps", "wall_s",
    "only_float_right", "only_integers_right",
)  # fmt: skip
_ANSWERS = ("answers_val", "answers_test")
_LOG = logging.getLogger(__name__)
UNREADABLE = (KeyError, TypeError, ValueError, AttributeError)
"""What a file's content may raise, where an earlier version wrote it, or it is damaged and unsealed."""


class Cache:
    """The cache of a run.

    Attributes:
        folder: Of what belongs to this run alone.
        owner: Digest of the run's plan.
        shared: Folder of what other runs may use as well.
        environment: Key of what the run computes with; empty for a run of an earlier version, which has files that are
            not sealed.
    """

    def __init__(
        self,
        folder: Path,
        plan_digest: str,
        shared: Path | None = None,
        environment: str = "",
        tell: Callable[[str], object] = _LOG.warning,
    ) -> None:
        """Name the folders, which need not exist; tell: told which file is thrown away, and why."""
        self.folder, self.owner, self.shared = folder, plan_digest, shared or folder
        self.environment, self._tell = environment, tell

    def path(self, kind: str, *key: Any) -> Path:
        """Return the file of a result: its kind, and all that it depends on besides the plan."""
        return self.folder / f"{kind}-{digest([self.owner, kind, *key])}.safetensors"

    def shared_path(self, kind: str, *key: Any) -> Path:
        """Return the file of a result that does not depend on the plan: its kind, and all that it does depend on.

        What it was computed with is part of its name: another one may train otherwise.
        """
        versions = [importlib.metadata.version(name) for name in ("hwsearch", "torch")]
        made_with: Any = self.environment or versions
        return self.shared / f"{kind}-{digest([made_with, kind, *key])}.safetensors"

    def final_path(self, what: Candidate | tuple[int, ...], seed: int) -> Path:
        """Return the file of a final training with a fresh seed: of a candidate, or of a dense reference by its place.

        The place is that of its network in the study's list; empty where there is one.
        """
        names = (what.digest,) if isinstance(what, Candidate) else ("dense", *what)
        return self.path("final", *names, seed)

    def write(self, path: Path, tensors: Mapping[str, np.ndarray], values: Mapping[str, object]) -> None:
        """Keep tensors and JSON values."""
        save_sealed(path, tensors, values)

    def read(self, path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]] | None:
        """Return what `write` kept; None where it is not there, or is not as it was written and so thrown away."""
        try:
            return load_sealed(path, unsealed=not self.environment)
        except RecordError as error:
            self.discard(path, str(error))
            return None

    def discard(self, path: Path, why: str) -> None:
        """Throw a file away, and tell it."""
        self._tell(f"{path.name} in the cache is damaged ({why}): it is thrown away and computed anew")
        with contextlib.suppress(OSError):  # where it may not be removed, it cannot be written anew either
            path.unlink(missing_ok=True)

    def save(self, path: Path, measured: Measured) -> None:
        """Keep a measured candidate."""
        values: dict[str, object] = {name: getattr(measured, name) for name in _PLAIN}
        values["fallen"] = measured.fallen
        for name in ("workload", "loss", *_ANSWERS):
            part = getattr(measured, name)
            values[name] = None if part is None else dataclasses.asdict(part)
        arrays = {}
        if measured.network is not None:
            values["network"] = network_settings(measured.network)
            arrays = network_arrays(measured.network)
        self.write(path, arrays, values)
        if measured.params is not None:
            self.write(_floats(path), params_arrays(measured.params), {})

    def load(self, path: Path, *, with_params: bool = False) -> Measured | None:
        """Return a measured candidate, or None when it is not kept whole."""
        measured = self._measured(path)
        if not with_params:
            return measured
        # read whatever became of the other file: both are written anew together, and damage is told before
        params = self._params(_floats(path))
        return None if measured is None or params is None else replace(measured, params=params)

    def _measured(self, path: Path) -> Measured | None:
        stored = self.read(path)
        if stored is None:
            return None
        try:
            return _measured_from(*stored)
        except UNREADABLE as error:
            self.discard(path, f"it says no measured candidate: {error!r}")
            return None

    def _params(self, path: Path) -> Params | None:
        stored = self.read(path)
        if stored is None:
            return None
        try:
            return params_from(stored[0])
        except UNREADABLE as error:
            self.discard(path, f"it says no parameters: {error!r}")
            return None


def _measured_from(arrays: Mapping[str, np.ndarray], values: Mapping[str, Any]) -> Measured:
    """Return what `Cache.save` was given, without its floats."""
    settings, workload, loss = values.get("network"), values.get("workload"), values["loss"]
    return Measured(
        network=None if settings is None else network_from(settings, arrays),
        workload=None if workload is None else workload_from(workload),
        params=None,
        loss=None if loss is None else WidthLoss(**loss),
        answers_val=_answers_from(values["answers_val"]),
        answers_test=_answers_from(values["answers_test"]),
        fallen=_tuples(values.get("fallen", [])),
        **{name: values[name] for name in _PLAIN},
    )


def _answers_from(values: Any) -> Answers | None:
    """Return the Answers that were kept; JSON turned their tuples into lists."""
    if values is None:
        return None
    return Answers(**{name: _tuples(value) for name, value in values.items()})


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _floats(path: Path) -> Path:
    return path.with_name(path.stem + "-floats.safetensors")
