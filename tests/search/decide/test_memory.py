"""What a long search learns from: of any order the same, of a resumed run the same, and bounded."""

from dataclasses import replace

import numpy as np
import pytest
from builders.records import plan_of_three_rungs, record, state_of
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.records.trials import latest
from hwsearch.search.decide import memory as module
from hwsearch.search.decide.memory import STEP, WHOLE, memory_of, standing_for
from hwsearch.space.candidate import Candidate


@pytest.fixture
def plan(tmp_path, tiny_text):
    return plan_of_three_rungs(tmp_path, tiny_text)


@pytest.fixture
def no_fit(monkeypatch):
    """Have hyper-parameters stand for the trials that they would be found from."""
    fitted = []

    class Fitted:
        def __init__(self, records):
            self.surrogate = tuple(r.trial for r in records)
            fitted.append(self.surrogate)

    monkeypatch.setattr(module, "fit_records", lambda plan, seen, records: Fitted(records))
    return fitted


def history(n, seed=0):
    """Return records of n trials: most stop after a rung or two, and some take up what had stopped."""
    rng = np.random.default_rng(seed)
    records = []
    for trial in range(n):
        rungs = int(rng.choice([0, 1, 2, 3], p=[0.1, 0.5, 0.3, 0.1]))
        curve = tuple(float(v) for v in np.sort(rng.uniform(0.5, 0.95, rungs)))
        outcome = ("over_budget", "stopped", "stopped", "trained")[rungs]
        sparsity = float(rng.uniform(0, 0.9))
        made = record(trial, sparsity, curve, float(rng.uniform(100, 4000)), outcome)
        went_on = [r for r in records[-40:] if r.outcome == "stopped" and r.began is None]
        if rungs == 3 and went_on:
            first = went_on[0]
            made = replace(made, candidate=first.candidate, began=first.trial)
        records.append(made)
    return records


def test_the_outer_layers_and_the_least_names_by_hand():
    values = np.array([[1.0, 4.0], [2.0, 2.0], [3.0, 3.0], [4.0, 1.0], [5.0, 5.0], [np.inf, np.inf]])
    # half of 4 by layers: of the front [0, 1, 3] the two least names; then the least names of all that is left
    assert standing_for(values, ["c", "a", "e", "b", "f", "d"], 4).tolist() == [0, 1, 3, 5]
    assert standing_for(values, ["c", "a", "e", "b", "f", "d"], 6).tolist() == [0, 1, 2, 3, 4, 5]


@given(st.integers(2, 60), st.integers(1, 40), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_nothing_depends_on_the_order(n, most, seed):
    rng = np.random.default_rng(seed)
    values, names = rng.integers(0, 6, (n, 2)).astype(float), [f"{i:03}" for i in rng.permutation(n)]
    values[rng.random(n) < 0.2] = np.inf
    order = rng.permutation(n)
    taken = {names[row] for row in standing_for(values, names, most)}
    again = standing_for(values[order], [names[i] for i in order], most)
    assert {names[order[row]] for row in again} == taken
    assert len(taken) == min(n, most)


def test_what_is_seen_part_by_part_is_what_is_seen_at_once(plan):
    records, parts = history(300), module.Seen({}, {})
    gone = next(r for r in latest(records).values() if r.outcome == "stopped" and r.measured)
    records.append(replace(gone, trial=300, outcome="failed", measured=None, curve=()))
    for i in range(0, len(records), 7):
        parts = parts.after(plan, records[i : i + 7])
    whole = module.Seen({}, {}).after(plan, records)
    assert (parts.known, dict(parts.rows)) == (whole.known, dict(whole.rows))
    assert gone.candidate.digest not in whole.rows
    trained = [r for r in latest(records).values() if r.curve and r.measured]
    assert {r.candidate.digest for r in trained} == set(whole.rows)
    one = trained[0]
    assert whole.rows[one.candidate.digest][:2] == (len(one.curve), 1.0 - one.curve[-1])


def test_a_short_search_remembers_everything(plan):
    assert memory_of(plan, state_of(plan).seen, history(WHOLE - 1), None) is None


def test_a_resumed_run_remembers_what_an_unbroken_one_does(plan, no_fit):
    records, seen, unbroken = history(WHOLE + 320), state_of(plan).seen, None
    for n in range(WHOLE - 8, len(records) + 1, 8):
        unbroken = memory_of(plan, seen, records[:n], unbroken)
    resumed = memory_of(plan, seen, records, None)
    assert resumed.records == unbroken.records
    assert (resumed.until, resumed.settled, resumed.settled_at) == (
        unbroken.until, unbroken.settled, 800,
    )  # fmt: skip
    # hyper-parameters are found at 512, 640 and 800 trials; a resumed run finds the last ones again
    assert len(no_fit) == 3 + 1
    assert all(r.trial < resumed.until for r in resumed.records)


def test_it_is_bounded_and_has_every_rung_and_its_front(plan, no_fit):
    records = history(3 * WHOLE)
    memory = memory_of(plan, state_of(plan).seen, records, None)
    assert len(memory.records) <= 128
    by_rung = [sum(len(r.curve) == rung for r in memory.records) for rung in (1, 2, 3)]
    assert min(by_rung) >= 40
    whole = [r for r in records[: memory.until] if len(r.curve) == 3]
    best = max(whole, key=lambda r: r.curve[-1])
    assert best in memory.records


def test_what_was_trained_since_is_learned_from_and_replaces_what_it_went_on_from(plan, no_fit):
    records = history(WHOLE)
    memory = memory_of(plan, state_of(plan).seen, records, None)
    stopped = next(r for r in memory.records if r.outcome == "stopped")
    later = [
        replace(record(WHOLE, 0.5, (0.5, 0.6, 0.7), 900.0), candidate=stopped.candidate, began=stopped.trial),
        replace(
            record(WHOLE + 1, 0.6, (), 900.0, "over_budget"), candidate=Candidate((0.6,), "weight", (2,), 3)
        ),
    ]
    known = {r.candidate.digest: r for r in [*records, *later]}
    learned = memory.since(list(known.values()))
    assert later[0] in learned
    assert stopped not in learned
    assert later[1] not in learned


def test_a_search_that_trained_nothing_has_nothing_to_remember(plan):
    records = [record(i, 0.5, (), 100.0, "over_budget") for i in range(WHOLE)]
    assert memory_of(plan, state_of(plan).seen, records, None) is None


def test_a_state_learns_from_what_is_remembered_with_its_hyper_parameters(plan):
    records = history(WHOLE + STEP)
    state = state_of(plan, records)
    memory = memory_of(plan, state.seen, records, None)
    long = replace(state, memory=memory)
    assert len(long.learned.trained) <= 128
    assert (long.learned.surrogate.hyper == memory.settled.hyper).all()
    assert long.n_trainings == state.n_trainings > 128
