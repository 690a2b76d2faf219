"""What a search knows: the last record of each candidate, and a surrogate that is fitted once."""

from dataclasses import replace

import numpy as np
import pytest
from builders.records import GOOD, POOR, estimator, plan_of_three_rungs, record, state_of

from hwsearch.records.trials import latest
from hwsearch.search.decide import learned as module
from hwsearch.search.decide.learned import LEAST_KNOWN


@pytest.fixture
def plan(tmp_path, tiny_text):
    return plan_of_three_rungs(tmp_path, tiny_text)


def trainings(n):
    levels = np.linspace(0.1, 0.9, n)
    return [record(i, float(s), (float(0.9 - 0.1 * s),), 100.0) for i, s in enumerate(levels)]


def test_similarity_is_trusted_where_there_is_a_good_one(plan):
    assert state_of(plan, [], estimator(GOOD)).trusts_similarity
    assert not state_of(plan, [], estimator(POOR)).trusts_similarity
    assert not state_of(plan).trusts_similarity


def test_the_surrogate_of_a_state_is_fitted_once(plan, monkeypatch):
    fits, fit = [], module.fit
    monkeypatch.setattr(module, "fit", lambda *args: fits.append(args[-1]) or fit(*args))
    state = state_of(plan, trainings(LEAST_KNOWN))
    first = state.learned
    assert state.learned is first
    # with a batch under way its hyper-parameters are those of what was known before
    state.learned_with([record(90, 0.95, (0.7,), 50.0)])
    assert fits == [None, first.surrogate]


def test_hyper_parameters_are_those_of_the_state_that_was_fitted(plan, monkeypatch):
    before = state_of(plan, trainings(LEAST_KNOWN))
    first = before.learned
    fits, fit = [], module.fit
    monkeypatch.setattr(module, "fit", lambda *args: fits.append(args[-1]) or fit(*args))
    state = replace(state_of(plan, trainings(LEAST_KNOWN + 2)), fitted=before)
    state.learned_with([record(90, 0.95, (0.7,), 50.0)])
    assert fits == [first.surrogate]


def test_of_few_trainings_hyper_parameters_are_fitted_with_the_batch(plan, monkeypatch):
    fits, fit = [], module.fit
    monkeypatch.setattr(module, "fit", lambda *args: fits.append(args[-1]) or fit(*args))
    state_of(plan, trainings(LEAST_KNOWN - 1)).learned_with([record(90, 0.95, (0.7,), 50.0)])
    assert fits == [None]


@pytest.mark.parametrize("n", [0, 1, 2, LEAST_KNOWN - 1, LEAST_KNOWN])
def test_how_many_trainings_it_takes(plan, n):
    state = state_of(plan, trainings(n))
    assert (state.n_trainings, state.can_learn, state.can_rank) == (n, n >= 2, n >= LEAST_KNOWN)
    with_others = replace(plan, others=tuple(trainings(LEAST_KNOWN - n)))
    assert state_of(with_others, trainings(n)).can_rank


def test_the_last_record_of_a_candidate_counts(plan):
    stopped = record(0, 0.5, (0.8,), 100.0, "stopped")
    further = replace(stopped, trial=3, outcome="trained", curve=(0.8, 0.9, 0.91), began=0)
    repeat = replace(further, trial=4, outcome="repeat", twin_of=3)
    assert list(latest([stopped, further, repeat]).values()) == [further]


def test_the_box_is_wider_in_a_search_that_trains_in_part(plan):
    early = replace(
        plan,
        study=plan.study.model_copy(update={"search": plan.study.search.model_copy(update={"early": True})}),
    )
    state = state_of(early, dense_error=0.02)
    assert state.box().worst > state.box(in_full=True).worst == pytest.approx(0.17)
    assert state.box().most == pytest.approx(np.log([4e-6, 4000.0]))
