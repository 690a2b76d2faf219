"""Trials of a search in Optuna's storage, added and finished a batch at a time.

Optuna's own calls write each attribute of a trial in a transaction of its own, with two look-ups before it: 80 SQL
statements a trial. Here a batch is one transaction of a few statements, so it is there as a whole or not at all; what
stands in the tables is the same (a test compares them). A study in memory is written by Optuna's calls. Not for what
is kept of a trial: `optuna_study`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.storages import RDBStorage
from optuna.storages._rdb import models
from optuna.storages._rdb.storage import _create_scoped_session
from optuna.trial import TrialState, create_trial
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session


@dataclass(frozen=True)
class FinishedTrial:
    """What a trial ends with.

    Attributes:
        number: Of the trial.
        state: A finished one.
        values: Objectives; None unless it is complete.
        user_attrs, system_attrs: By name; anything that is JSON.
    """

    number: int
    state: TrialState
    values: tuple[float, ...] | None = None
    user_attrs: Mapping[str, Any] = field(default_factory=dict)
    system_attrs: Mapping[str, Any] = field(default_factory=dict)


def add_trials(
    study: optuna.Study, params: Sequence[Mapping[str, Any]], knobs: Mapping[str, BaseDistribution]
) -> int:
    """Add running trials, each with all its knobs; return the number of the first.

    Args:
        study: To which.
        params: Of each trial, a value for every knob.
        knobs: What each can be.

    Raises:
        ValueError: A value is none that its knob can have.
    """
    storage = _tables_of(study)
    if storage is None or not params:
        trials = [
            create_trial(state=TrialState.RUNNING, params=dict(values), distributions=dict(knobs))
            for values in params
        ]
        first = len(study.get_trials(deepcopy=False))
        study.add_trials(trials)
        return first
    spelt = {name: optuna.distributions.distribution_to_json(knob) for name, knob in knobs.items()}
    rows = [
        [
            {
                "param_name": name,
                "param_value": _stored(name, knob, values[name]),
                "distribution_json": spelt[name],
            }
            for name, knob in knobs.items()
        ]
        for values in params
    ]
    with _create_scoped_session(storage.scoped_session) as session:
        return _add_rows(session, study._study_id, rows)


def _stored(name: str, knob: BaseDistribution, value: Any) -> float:
    """Return what a knob's value is stored as, if it is one that the knob can have."""
    stored = knob.to_internal_repr(value)
    if not knob._contains(stored):
        raise ValueError(f"{name} must be in {knob}; got {value}")
    return stored


def finish_trials(study: optuna.Study, finished: Sequence[FinishedTrial]) -> None:
    """Finish running trials; one that is finished stays as it is.

    Args:
        study: Of which.
        finished: What each ends with.

    Raises:
        ValueError: An objective is missing, or is not a number.
    """
    for trial in finished:
        wanted = len(study.directions) if trial.state == TrialState.COMPLETE else 0
        values = trial.values or ()
        if len(values) != wanted or any(math.isnan(value) for value in values):
            raise ValueError(f"trial {trial.number} must have {wanted} objectives, all numbers; got {values}")
    storage = _tables_of(study)
    if storage is None:
        for trial in finished:
            _finish_by_calls(study, trial)
        return
    with _create_scoped_session(storage.scoped_session) as session:
        _finish_rows(session, study._study_id, {trial.number: trial for trial in finished})


def _tables_of(study: optuna.Study) -> RDBStorage | None:
    """Return the storage with the tables of a study; None: it is in memory."""
    backend = getattr(study._storage, "_backend", None)
    return backend if isinstance(backend, RDBStorage) else None


def _add_rows(session: Session, study_id: int, params: Sequence[Sequence[Mapping[str, Any]]]) -> int:
    """Add running trials by the rows of their knobs; return the number of the first."""
    models.StudyModel.find_or_raise_by_id(study_id, session, for_update=True)
    now = datetime.now()
    trials = [
        models.TrialModel(study_id=study_id, state=TrialState.RUNNING, datetime_start=now) for _ in params
    ]
    session.add_all(trials)
    session.flush()  # from here on nobody else writes: numbers may be counted
    trials.sort(key=lambda trial: trial.trial_id)
    first = int(trials[0].count_past_trials(session))
    for number, trial in enumerate(trials, start=first):
        trial.number = number
    knobs = [
        {"trial_id": trial.trial_id, **row}
        for trial, rows in zip(trials, params, strict=True)
        for row in rows
    ]
    if knobs:
        session.execute(insert(models.TrialParamModel.__table__), knobs)
    return first


def _finish_rows(session: Session, study_id: int, by_number: Mapping[int, FinishedTrial]) -> None:
    """Finish trials by their numbers."""
    model = models.TrialModel
    these = (model.study_id == study_id) & model.number.in_(by_number)
    rows = session.scalars(select(model).where(these).with_for_update()).all()
    running: dict[int, Any] = {int(row.trial_id): row for row in rows if row.state == TrialState.RUNNING}
    by_id = {ident: by_number[row.number] for ident, row in running.items()}
    values, users, systems = list[dict[str, Any]](), list[dict[str, Any]](), list[dict[str, Any]]()
    for ident in running:
        trial = by_id[ident]
        for place, value in enumerate(trial.values or ()):
            stored, kind = models.TrialValueModel.value_to_stored_repr(value)
            values.append({"trial_id": ident, "objective": place, "value": stored, "value_type": kind})
        users += _attributes(ident, trial.user_attrs)
        systems += _attributes(ident, trial.system_attrs)
    _put(session, models.TrialValueModel, "objective", values)
    _put(session, models.TrialUserAttributeModel, "key", users)
    _put(session, models.TrialSystemAttributeModel, "key", systems)
    now = datetime.now()
    for ident, row in running.items():
        row.state, row.datetime_complete = by_id[ident].state, now


def _attributes(ident: int, attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a trial's attributes."""
    return [
        {"trial_id": ident, "key": key, "value_json": json.dumps(value)} for key, value in attributes.items()
    ]


def _put(session: Session, table: Any, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, in place of those that an earlier version wrote before it was killed.

    Args:
        session: Of the transaction.
        table: Where.
        name: Of the column that tells the rows of a trial apart.
        rows: Of any trials.
    """
    if rows:
        held = table.trial_id.in_({row["trial_id"] for row in rows})
        session.execute(delete(table).where(held, getattr(table, name).in_({row[name] for row in rows})))
        session.execute(insert(table.__table__), rows)


def _finish_by_calls(study: optuna.Study, trial: FinishedTrial) -> None:
    """Finish a trial by Optuna's own calls."""
    frozen = study.get_trials(deepcopy=False)[trial.number]
    if frozen.state.is_finished():
        return
    for name, value in trial.user_attrs.items():
        study._storage.set_trial_user_attr(frozen._trial_id, name, value)
    for name, value in trial.system_attrs.items():
        study._storage.set_trial_system_attr(frozen._trial_id, name, value)
    study.tell(trial.number, values=trial.values, state=trial.state)
