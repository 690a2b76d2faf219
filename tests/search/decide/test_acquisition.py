"""Acquisition: what gains most is proposed, what is finished is not, and some proposals are taken as they come."""

from dataclasses import replace

import numpy as np
import pytest
from builders.records import GOOD, POOR, estimator, plan_of_three_rungs, record, state_of

from hwsearch.search.decide.acquisition import can_rank, n_suggested, ranked
from hwsearch.search.decide.learned import LEAST_KNOWN
from hwsearch.search.decide.memory import Memory, Seen


@pytest.fixture
def plan(tmp_path, tiny_text):
    return plan_of_three_rungs(tmp_path, tiny_text)


def after_a_rung(n):
    """Trials after their first rung: the sparser, the smaller and the less accurate."""
    levels = np.linspace(0.1, 0.9, n)
    return [record(i, float(s), (float(0.96 - 0.1 * s**2),), 3000 - 2800 * s) for i, s in enumerate(levels)]


def price_all(candidates):
    """Price candidates: the sparser, the smaller."""
    rows = [(c, record(-1, c.sparsity[0], (), 3000 - 2800 * c.sparsity[0], None)) for c in candidates]
    return [replace(row, candidate=c) for c, row in rows]


def knows(plan, known):
    return state_of(plan, known.values(), dense_error=0.03)


def test_what_gains_most_is_proposed_and_what_is_finished_is_not(plan):
    known = {r.candidate.digest: r for r in after_a_rung(LEAST_KNOWN)}
    known = {k: replace(r, curve=(*r.curve, 0.97, 0.98)) for k, r in known.items()}
    rng = np.random.default_rng(0)
    suggested = [plan.space.draw(rng) for _ in range(8)]
    got = ranked(knows(plan, known), suggested, 16, price_all)
    assert len(got) == 8
    assert got[0] == suggested[0]  # one is taken as it comes
    digests = [plan.space.candidate(setting).digest for setting in got[1:]]
    assert len(set(digests)) == len(digests)
    assert not set(digests) & set(known)
    assert got == ranked(knows(plan, known), suggested, 16, price_all)


def test_what_is_taken_unranked_was_never_asked_before(plan):
    known = {r.candidate.digest: r for r in after_a_rung(LEAST_KNOWN)}
    rng = np.random.default_rng(0)
    suggested = [plan.space.draw(rng) for _ in range(8)]
    while plan.space.candidate(suggested[1]) == plan.space.candidate(suggested[0]):
        suggested[1] = plan.space.draw(rng)
    first = price_all([plan.space.candidate(suggested[0])])[0]
    for outcome in ("trained", "stopped", "over_budget"):
        asked = replace(
            first, trial=99, outcome=outcome, curve=(0.9,), measured=first.predicted, accuracy_val=0.9
        )
        known[first.candidate.digest] = asked
        got = ranked(knows(plan, known), suggested, 16, price_all)
        assert got[0] == suggested[1]
        digests = [plan.space.candidate(setting).digest for setting in got]
        assert len(set(digests)) == len(digests)


def test_where_little_is_gained_there_are_as_many_proposals_all_the_same(plan):
    known = {r.candidate.digest: r for r in after_a_rung(LEAST_KNOWN)}
    best = record(99, 0.99, (0.999, 0.999, 0.999), 1.0)  # nothing promises to beat it
    known[best.candidate.digest] = best
    suggested = [plan.space.draw(np.random.default_rng(0))] * 8
    assert len(ranked(knows(plan, known), suggested, 16, price_all)) == 8


def test_nothing_is_ranked_without_trainings_or_similarity(plan):
    known = {r.candidate.digest: r for r in after_a_rung(LEAST_KNOWN)}
    assert can_rank(knows(plan, known))
    assert can_rank(state_of(plan, [], estimator(GOOD)))
    assert not can_rank(state_of(plan, [], estimator(POOR)))
    assert not can_rank(state_of(plan))
    birds = plan.study.tickets.model_copy(update={"finder": "early_bird"})
    birds_plan = replace(plan, study=plan.study.model_copy(update={"tickets": birds}))
    assert not can_rank(state_of(birds_plan, known.values(), estimator(GOOD)))


def test_a_long_search_chooses_a_large_batch_from_few_suggestions(plan):
    known = {r.candidate.digest: r for r in after_a_rung(LEAST_KNOWN)}
    known = {k: replace(r, curve=(*r.curve, 0.97, 0.98)) for k, r in known.items()}
    state = knows(plan, known)
    long = replace(
        state, memory=Memory(tuple(known.values()), 512, state.learned.surrogate, 512, Seen({}, {}))
    )
    assert (n_suggested(state, 64), n_suggested(long, 64), n_suggested(long, 8)) == (64, 4, 1)
    rng, asked = np.random.default_rng(0), []
    suggested = [plan.space.draw(rng) for _ in range(4)]

    def price(candidates):
        asked.append(len(candidates))
        return price_all(candidates)

    got = ranked(long, suggested, 600, price, 64)
    assert len(got) == 64
    assert asked[0] < 3 * 64
    digests = [plan.space.candidate(setting).digest for setting in got]
    new = dict.fromkeys(plan.space.candidate(setting).digest for setting in suggested)
    unranked = [name for name in new if name not in known]
    assert digests[: len(unranked)] == unranked  # what is suggested is taken as it comes
    assert got == ranked(long, suggested, 600, price_all, 64)
