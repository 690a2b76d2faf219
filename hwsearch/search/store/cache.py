"""Trained networks on disk, named by the digest of what made them: there is nothing to keep in step.

Deletable at any time: what is missing is computed anew. Read without pickle. What depends on the device or the search
lies in the run's own folder; dense networks and what finders trained may lie in one that runs share (see `folder`).
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
from dataclasses import replace
from pathlib import Path
from typing import Any

from hwsearch.errors import RecordError
from hwsearch.measure.answers import Answers
from hwsearch.measure.measured import Measured
from hwsearch.network.store import (
    load_params,
    load_tensors,
    network_arrays,
    network_from,
    network_settings,
    save_params,
    save_tensors,
)
from hwsearch.network.width_loss import WidthLoss
from hwsearch.records.workloads import workload_from
from hwsearch.space.candidate import Candidate
from hwsearch.study.digest import digest

_PLAIN = (
    "failure", "accuracy_val", "accuracy_test", "accuracy_val_float", "sparsity_effective",
    "accumulator_bits", "membrane_bits", "train_steps", "eval_steps", "wall_s",
    "only_float_right", "only_integers_right",
)  # fmt: skip
_ANSWERS = ("answers_val", "answers_test")


class Cache:
    """The cache of a run.

    Attributes:
        folder: Of what belongs to this run alone.
        owner: Digest of the run's plan.
        shared: Folder of what other runs may use as well.
    """

    def __init__(self, folder: Path, plan_digest: str, shared: Path | None = None) -> None:
        self.folder, self.owner, self.shared = folder, plan_digest, shared or folder

    def path(self, kind: str, *key: Any) -> Path:
        """Return the file of a result: its kind, and all that it depends on besides the plan."""
        return self.folder / f"{kind}-{digest([self.owner, kind, *key])}.safetensors"

    def shared_path(self, kind: str, *key: Any) -> Path:
        """Return the file of a result that does not depend on the plan: its kind, and all that it does depend on.

        The versions of the program and of torch are part of its name: another one may train otherwise.
        """
        versions = [importlib.metadata.version(name) for name in ("hwsearch", "torch")]
        return self.shared / f"{kind}-{digest([versions, kind, *key])}.safetensors"

    def final_path(self, what: Candidate | tuple[int, ...], seed: int) -> Path:
        """Return the file of a final training with a fresh seed: of a candidate, or of a dense reference by its place.

        The place is that of its network in the study's list; empty where there is one.
        """
        names = (what.digest,) if isinstance(what, Candidate) else ("dense", *what)
        return self.path("final", *names, seed)

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
        save_tensors(path, arrays, values)
        if measured.params is not None:
            save_params(_floats(path), measured.params)

    def load(self, path: Path, *, with_params: bool = False) -> Measured | None:
        """Return a measured candidate, or None when it is not kept whole."""
        try:
            arrays, values = load_tensors(path)
            settings: Any = values.get("network")
            workload: Any = values.get("workload")
            loss: Any = values["loss"]
            measured = Measured(
                network=None if settings is None else network_from(settings, arrays),
                workload=None if workload is None else workload_from(workload),
                params=None,
                loss=None if loss is None else WidthLoss(**loss),
                answers_val=_answers_from(values["answers_val"]),
                answers_test=_answers_from(values["answers_test"]),
                fallen=_tuples(values.get("fallen", [])),
                **{name: values[name] for name in _PLAIN},  # type: ignore[arg-type]
            )
            if with_params:
                measured = replace(measured, params=load_params(_floats(path)))
            return measured
        except (RecordError, KeyError):
            return None


def _answers_from(values: Any) -> Answers | None:
    """Return the Answers that were kept; JSON turned their tuples into lists."""
    if values is None:
        return None
    return Answers(**{name: _tuples(value) for name, value in values.items()})


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _floats(path: Path) -> Path:
    return path.with_name(path.stem + "-floats.safetensors")
