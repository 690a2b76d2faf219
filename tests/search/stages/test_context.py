"""The stopwatch of what a search thinks, and what it need not think twice."""

from dataclasses import replace

import numpy as np
import pytest

from hwsearch.plan.plan import make_plan
from hwsearch.records.trials import TrialRecord
from hwsearch.search.decide import learned as outlook
from hwsearch.search.decide.learned import learn
from hwsearch.search.stages import context as context
from hwsearch.search.stages.context import Stopwatch
from hwsearch.space.candidate import Candidate
from hwsearch.study.model import load_study


def test_a_lap_is_what_was_spent_inside_since_the_last(monkeypatch):
    clock = iter([1.0, 3.0, 10.0, 10.5, 20.0, 21.0])
    monkeypatch.setattr(context.time, "perf_counter", lambda: next(clock))
    watch = Stopwatch()
    assert watch.lap() == 0.0
    with watch:
        pass
    with watch:
        pass
    assert watch.lap() == pytest.approx(2.5)
    with pytest.raises(ValueError, match="counted all the same"), watch:
        raise ValueError("counted all the same")
    assert watch.lap() == pytest.approx(1.0)
    assert watch.lap() == 0.0


def test_the_same_lesson_is_learned_once(tiny, monkeypatch):
    plan = make_plan(load_study(tiny), tiny)
    costs = {"memory_bytes": 100.0, "energy_j": 1e-6, "weight_bytes": 100.0}
    records = [
        TrialRecord(
            trial=i, candidate=Candidate((float(s),), "weight", (4,), 3), outcome="trained", reason="",
            predicted=costs, measured=costs, accuracy_val=0.9, curve=(0.9 - 0.1 * s,), layer_sparsity=(s,) * 3,
        )
        for i, s in enumerate(np.linspace(0.1, 0.9, 5))
    ]  # fmt: skip
    fits, fit = [], outlook.fit
    monkeypatch.setattr(outlook, "fit", lambda *args: fits.append(1) or fit(*args))
    first = learn(plan, False, records)
    assert learn(plan, False, list(records)) is first
    assert len(fits) == 1
    # one training more, another record in a place, similarity in use, another plan: something else is learned
    others = [records[:-1], [*records[:-1], replace(records[-1], trial=9)]]
    assert all(learn(plan, False, own) is not first for own in others)
    assert learn(plan, True, records) is not first
    assert learn(replace(plan), False, records) is not first
    assert len(fits) == 5
