"""Trials read from the tables of Optuna's storage, row by row.

Optuna's own reading makes an object of every value, attribute and knob of a trial, and parses the text of every knob's
distribution twice; here each table is read once, and a text is parsed once. What is read is the same (a test compares
them). Not for writing: `trial_store`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from optuna.distributions import BaseDistribution, json_to_distribution
from optuna.storages._rdb import models
from optuna.trial import FrozenTrial
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session


def read_trials(session: Session, study_id: int, again: Sequence[int], after: int) -> list[FrozenTrial]:
    """Return trials of a study, by rising identity; of values that were reported on the way there are none.

    Args:
        session: Of the transaction.
        study_id: Of the study.
        again: Identities of those that are asked for by name.
        after: Identity behind which all are asked for.
    """
    models.StudyModel.find_or_raise_by_id(study_id, session)
    trial = models.TrialModel
    wanted = trial.trial_id > after
    these = (trial.study_id == study_id) & (or_(wanted, trial.trial_id.in_(again)) if again else wanted)
    rows: Sequence[Any] = session.scalars(select(trial).where(these).order_by(trial.trial_id)).all()
    knobs, values = _knobs(session, these), _values(session, these)
    users = _attributes(session, models.TrialUserAttributeModel, these)
    systems = _attributes(session, models.TrialSystemAttributeModel, these)
    return [
        FrozenTrial(
            number=row.number,
            state=row.state,
            value=None,
            values=values.get(row.trial_id),
            datetime_start=row.datetime_start,
            datetime_complete=row.datetime_complete,
            params={name: knob.to_external_repr(value) for name, knob, value in knobs[row.trial_id]},
            distributions={name: knob for name, knob, _ in knobs[row.trial_id]},
            user_attrs=users[row.trial_id],
            system_attrs=systems[row.trial_id],
            intermediate_values={},
            trial_id=row.trial_id,
        )
        for row in rows
    ]


def _knobs(
    session: Session, these: ColumnElement[bool]
) -> defaultdict[int, list[tuple[str, BaseDistribution, float]]]:
    """Return name, distribution and value of each knob, by trial."""
    table, found = models.TrialParamModel, defaultdict[int, list[tuple[str, BaseDistribution, float]]](list)
    columns = (table.param_name, table.distribution_json, table.param_value)
    for ident, name, text, value in _rows(session, table, these, table.param_id, columns):
        found[ident].append((name, _distribution(text), value))
    return found


def _values(session: Session, these: ColumnElement[bool]) -> dict[int, list[float]]:
    """Return the objectives in order, by trial."""
    table, found = models.TrialValueModel, dict[int, list[float]]()
    columns = (table.value, table.value_type)
    for ident, value, kind in _rows(session, table, these, table.objective, columns):
        found.setdefault(ident, []).append(table.stored_repr_to_value(value, kind))
    return found


def _attributes(session: Session, table: Any, these: ColumnElement[bool]) -> defaultdict[int, dict[str, Any]]:
    """Return attributes by name, by trial."""
    found = defaultdict[int, dict[str, Any]](dict)
    columns = (table.key, table.value_json)
    for ident, name, text in _rows(session, table, these, next(iter(table.__table__.primary_key)), columns):
        found[ident][name] = json.loads(text)
    return found


def _rows(
    session: Session, table: Any, these: ColumnElement[bool], order: Any, columns: Sequence[Any]
) -> Iterator[Any]:
    """Yield the trial and these columns of each row that belongs to these trials."""
    joined = select(table.trial_id, *columns).join(
        models.TrialModel, models.TrialModel.trial_id == table.trial_id
    )
    yield from session.execute(joined.where(these).order_by(order))


@lru_cache(maxsize=1024)  # a study has few
def _distribution(text: str) -> BaseDistribution:
    return json_to_distribution(text)
