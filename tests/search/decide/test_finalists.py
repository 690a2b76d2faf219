"""Who is trained with fresh seeds: what promises to add to the front, and a few accurate reserves."""

from dataclasses import replace

import numpy as np
from builders.records import state_of

from hwsearch.plan.plan import make_plan
from hwsearch.records.trials import TrialRecord
from hwsearch.search.decide.finalists import contender, finalists
from hwsearch.search.decide.front import front_records
from hwsearch.space.candidate import Candidate
from hwsearch.study.model import load_study


def record(trial, accuracy, cost, outcome="trained", feasible=True):
    costs, candidate = (
        {"memory_bytes": cost, "energy_j": float(cost)},
        Candidate((0.01 * trial,), "weight", (4,), 3),
    )
    return TrialRecord(trial, candidate, outcome, "", costs, costs, accuracy_val=accuracy, feasible=feasible)


def test_finalists_are_the_front_and_the_most_accurate_of_the_others_that_fit(tiny):
    plan = make_plan(load_study(tiny), tiny)
    records = [
        record(0, 0.99, 100),
        record(1, 0.98, 200),
        record(2, 0.97, 300),
        record(3, 0.98, 150),
        record(4, 0.96, 400),
        record(5, 0.985, 500, feasible=False),
        record(6, None, 600, outcome="failed"),
    ]
    front = front_records(plan, records, dense_error=0.02)
    assert [r.trial for r in front] == [0]
    assert [r.trial for r in finalists(state_of(plan, records), records, front)] == [0, 3, 1, 2]


def test_members_are_chosen_by_what_is_expected_of_them_and_not_by_their_luck(tmp_path, tiny_text):
    path = tmp_path / "study.yaml"
    path.write_text(tiny_text.replace("energy_j, ", ""))
    plan = make_plan(load_study(path), path)

    def trained(trial, sparsity, accuracy):
        own = replace(record(trial, accuracy, 3000 * (1 - sparsity)), curve=(accuracy,))
        costs = {"memory_bytes": 3000.0 * (1 - sparsity), "weight_bytes": 3000.0 * (1 - sparsity)}
        candidate = Candidate((sparsity,), "weight", (4,), 3)
        return replace(
            own, candidate=candidate, predicted=costs, measured=costs, layer_sparsity=(sparsity,) * 3
        )

    rng = np.random.default_rng(0)
    levels = np.linspace(0.0, 0.9, 40)
    steady = 0.97 - 0.12 * levels**2 + rng.normal(0, 0.004, len(levels))
    steady[20] += 0.05  # luck: beyond all that its neighbours reach
    records = [trained(i, float(s), float(a)) for i, (s, a) in enumerate(zip(levels, steady, strict=True))]
    front = front_records(plan, records, 0.02)
    assert all(r.trial >= 20 for r in front)  # nothing larger is as accurate
    chosen = finalists(state_of(plan, records), records, front)
    assert sum(r.trial < 20 for r in chosen[:-3]) >= 2
    # the more each must add, the fewer there are
    asked = [_adding(plan, share) for share in (0.1, 0.01, 0.001, 0.0)]
    sizes = [len(finalists(state_of(changed, records), records, front)) for changed in asked]
    assert sizes == sorted(sizes)
    assert 3 < sizes[0] < sizes[2] == len(chosen) < sizes[3]
    few = [replace(r, curve=()) for r in records]  # nothing to learn from: the measured front
    front = front_records(plan, few[:5], 0.02)
    assert finalists(state_of(plan, few[:5]), few[:5], front)[0].trial == front[0].trial


def _adding(plan, share):
    study = plan.study.model_copy(update={"final": plan.study.final.model_copy(update={"adds": share})})
    return replace(plan, study=study)


def test_where_no_finalist_is_accurate_enough_the_middle_of_the_costlier_is_next(tiny):
    plan = make_plan(load_study(tiny), tiny)
    records = [record(trial, 0.99 if trial != 8 else 0.7, 100 * (1 + trial)) for trial in range(10)]
    state = state_of(plan, records)

    def next_after(**tried):
        found = contender(state, records, {int(name[1:]): enough for name, enough in tried.items()})
        return None if found is None else found.trial

    assert plan.study.pick.floor(1 - state.dense_error) > 0.7  # trial 8 did not seem to be enough either
    failed = {"t0": False, "t1": False}
    assert next_after(**failed) == 5  # of 2, 3, 4, 5, 6, 7, 9
    assert next_after(**failed, t5=False) == 7
    assert next_after(**failed, t5=False, t7=False) == 9
    assert next_after(**failed, t5=False, t7=False, t9=False) is None
    assert next_after(**failed, t5=True) == 3
    assert next_after(**failed, t5=True, t3=False) == 4
    assert next_after(**failed, t5=True, t3=False, t4=True) is None
