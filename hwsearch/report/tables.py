"""A run folder's files as tables and typed values; every later module trusts what comes from here.

Not for judging candidates: what is on the front and what is picked was settled by the search.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd

from hwsearch.errors import RecordError
from hwsearch.hardware.arithmetic import Claim
from hwsearch.records.run_folder import damaged

Numbers = Mapping[str, float | None]
Row = Mapping[str, float | str | None]
"""One candidate, by column; None where something is not known."""

OUTCOMES = ("over_budget", "foreseen", "twin", "stopped", "failed", "trained")
_TEXT = ("outcome", "reason", "sparsity", "granularity", "weight_bits", "digest")
_FLAGS = ("feasible", "on_front")
_COSTS = ("memory_bytes", "weight_bytes", "state_bytes", "synaptic_ops", "energy_j", "latency_s")
_KNOBS = ("trial", "sparsity", "granularity", "weight_bits", "timesteps")
_TRIALS = (*_KNOBS, "outcome", "reason", "accuracy_val", "feasible", "on_front", *_COSTS)
_PREDICTED = ("memory_bytes_predicted", "synaptic_ops_predicted", "energy_j_predicted", "latency_s_predicted")
_FRONT = (*_KNOBS, "accuracy_val", "accuracy_test", "accuracy_test_low", "accuracy_test_high", *_COSTS)
_ABSOLUTE = re.compile(r"""^(\s*(?:[\w ]+: |- )['"]?)(?:/|[A-Za-z]:\\).*[/\\]""", re.MULTILINE)


@dataclass(frozen=True)
class Summary:
    """summary.json, checked.

    Attributes:
        study, profile, seed: What was asked, and of which device.
        versions: Of the libraries, by name.
        objectives: ``error`` and one or two costs.
        budgets: Upper limits by quantity, in its unit.
        dense: The dense reference by column (accuracies in 0 .. 1).
        counts: Candidates by outcome, and ``asked``.
        cost: Steps (samples times timesteps) and ``wall_s``.
        left: What was stopped or cut: how many were taken up again at the end (``finishing``), how many were not
            (``n``), how many of these are ``ruled_out``, and how many members the front is ``expected`` to lack.
        similarity, audit: How good foreseeing was; None where there was nothing to judge.
        front_size: Rows of front.csv.
        hypervolume: Share of the box up to ``reference_point`` that the front dominates.
        reference_point: By objective, in its unit.
        pick: The row of the front that the study's rule picks; None when there is none.
        nearest_miss: When nothing fits: what came closest; else empty.
        n_test: Test samples; None when not recorded.
        class_samples: Test samples of each class; empty when not recorded.
        largest_class_share: Share of the largest class on test: what always answering it reaches.
        dense_recalls: Recalls of the dense reference on test, class by class: ``0.98/0.95``.
        no_skill: Trained candidates that are no better than that (``trained``), and such networks of the final
            trainings (``final``).
        labels: How each number came about, by quantity.
        arithmetic: Whether the device computes as the integer model does; None when not recorded.
        notes: What the run has to say about itself.
    """

    study: str
    profile: str
    seed: int | None
    versions: Mapping[str, str]
    objectives: tuple[str, ...]
    budgets: Mapping[str, float]
    dense: Numbers
    counts: Mapping[str, int]
    cost: Numbers
    similarity: Numbers
    audit: Numbers
    left: Numbers
    front_size: int
    hypervolume: float | None
    reference_point: Numbers
    pick: Row | None
    nearest_miss: str
    n_test: int | None
    class_samples: tuple[int, ...]
    largest_class_share: float | None
    dense_recalls: str
    no_skill: Numbers
    labels: Mapping[str, str]
    arithmetic: Claim | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class RunTables:
    """What a run folder holds.

    Attributes:
        run_dir: The folder.
        trials: trials.csv, one row a candidate.
        front: front.csv; no rows when nothing fits.
        summary: summary.json.
        study_text, profile_text: study.yaml and profile.yaml; of a whole path on this machine its last part.
    """

    run_dir: Path
    trials: pd.DataFrame
    front: pd.DataFrame
    summary: Summary
    study_text: str
    profile_text: str


def read_run(run_dir: Path | str) -> RunTables:
    """Read a run folder.

    Raises:
        RecordError: A file is missing or damaged; the message says which, and what to do.
    """
    folder = Path(run_dir)
    if not folder.is_dir():
        raise RecordError(
            f"{folder}: a report needs a run's folder; got: no such folder (name the run's folder)"
        )
    summary = _summary(folder / "summary.json")
    return RunTables(
        run_dir=folder,
        trials=_table(folder / "trials.csv", (*_TRIALS, *_PREDICTED)),
        front=_front(folder / "front.csv", summary.front_size),
        summary=summary,
        study_text=_ABSOLUTE.sub(r"\1", _text(folder / "study.yaml")),
        profile_text=_text(folder / "profile.yaml"),
    )


def rows(frame: pd.DataFrame) -> list[dict[str, float | str | None]]:
    """Return a table's rows by column; what is empty is None."""
    names = [str(name) for name in frame.columns]
    return [
        {name: None if pd.isna(cell) else cell for name, cell in zip(names, cells, strict=True)}
        for cells in frame.itertuples(index=False, name=None)
    ]


def number(row: Mapping[str, Any], name: str) -> float | None:
    """Return a row's number; None where it is missing, empty or not finite."""
    value = row.get(name)
    if value is None or isinstance(value, str):
        return None
    return float(value) if math.isfinite(float(value)) else None


def _front(path: Path, size: int) -> pd.DataFrame:
    """Return front.csv; a run that found nothing may have left none."""
    if size == 0 and not path.exists():
        return pd.DataFrame({name: pd.Series(dtype=str if name in _TEXT else float) for name in _FRONT})
    front = _table(path, _FRONT)
    if len(front) != size:
        _damaged(path, f"must have as many rows as summary.json's front_size, {size}", str(len(front)))
    return front


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        _damaged(path, "a run's folder must have this file, in UTF-8", type(error).__name__)


def _table(path: Path, needed: Iterable[str]) -> pd.DataFrame:
    """Return a CSV with numbers as floats, flags as booleans and knobs as text."""
    _text(path)
    try:
        frame = pd.read_csv(path, dtype=dict.fromkeys(_TEXT, str))
    except ValueError as error:
        _damaged(path, "must be a table with a header", str(error))
    if missing := [name for name in needed if name not in frame.columns]:
        _damaged(path, f"must have the columns {', '.join(missing)}", "a table without them")
    for name in frame.columns:
        try:
            if name in _FLAGS:
                frame[name] = frame[name].fillna(False).astype(str).str.lower().isin(("true", "1", "1.0"))
            elif name in needed and name not in _TEXT:
                frame[name] = pd.to_numeric(frame[name]).astype(float)
        except (ValueError, TypeError) as error:
            _damaged(path, f"column {name} must hold numbers", str(error))
    if "outcome" in frame and not frame["outcome"].isin(OUTCOMES).all():
        _damaged(
            path,
            f"an outcome must be one of {', '.join(OUTCOMES)}",
            str(set(frame["outcome"]) - set(OUTCOMES)),
        )
    return frame


def _summary(path: Path) -> Summary:
    """Return summary.json."""
    try:
        data = json.loads(_text(path), parse_constant=lambda _: None)
    except json.JSONDecodeError as error:
        _damaged(path, "must be JSON", str(error))
    needed = ("study", "profile", "objectives", "dense", "counts", "front_size")
    if not isinstance(data, dict) or (missing := [name for name in needed if name not in data]):
        got = f"no {', '.join(missing)}" if isinstance(data, dict) else type(data).__name__
        _damaged(path, f"must be an object with {', '.join(needed)}", got)
    try:
        return _typed(data)
    except (TypeError, ValueError, AttributeError) as error:
        _damaged(path, "every value must have its documented type", str(error))


def _typed(data: Mapping[str, Any]) -> Summary:
    pick, n_test = data.get("pick"), (data.get("samples") or {}).get("test")
    classes = data.get("classes") or {}
    if pick is not None and number(pick, "trial") is None:
        raise ValueError("pick names no trial")
    return Summary(
        study=str(data["study"]),
        profile=str(data["profile"]),
        seed=None if data.get("seed") is None else int(data["seed"]),
        versions={str(k): str(v) for k, v in (data.get("versions") or {}).items()},
        objectives=tuple(str(name) for name in data["objectives"]),
        budgets={str(k): float(v) for k, v in (data.get("budgets") or {}).items()},
        dense=_numbers(data["dense"]),
        counts={str(k): int(v) for k, v in data["counts"].items()},
        cost=_numbers(data.get("cost")),
        similarity=_numbers(data.get("similarity")),
        audit=_numbers(data.get("audit")),
        left=_numbers(data.get("left")),
        front_size=int(data["front_size"]),
        hypervolume=None if data.get("hypervolume") is None else float(data["hypervolume"]),
        reference_point=_numbers(data.get("reference_point")),
        pick=None if pick is None else {str(k): v for k, v in pick.items()},
        nearest_miss=str(data.get("nearest_miss") or ""),
        n_test=None if n_test is None else int(n_test),
        class_samples=tuple(int(n) for n in classes.get("test") or ()),
        largest_class_share=number(classes, "largest_class_share_test"),
        dense_recalls=str(data["dense"].get("recalls_test") or ""),
        no_skill=_numbers(data.get("no_skill")),
        labels={str(k): str(v) for k, v in (data.get("labels") or {}).items()},
        arithmetic=_claim(data.get("arithmetic")),
        notes=tuple(str(note) for note in data.get("notes") or ()),
    )


def _claim(data: Mapping[str, Any] | None) -> Claim | None:
    if data is None:
        return None
    as_device = data.get("as_device")
    return Claim(None if as_device is None else bool(as_device), str(data.get("words")))


def _numbers(data: Mapping[str, Any] | None) -> dict[str, float | None]:
    return {
        str(k): None if v is None else float(v)
        for k, v in (data or {}).items()
        if not isinstance(v, str | list | dict)
    }


def _damaged(path: Path, law: str, got: str) -> NoReturn:
    raise RecordError(damaged(path, law, got))
