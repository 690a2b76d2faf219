"""What was deferred: likely ones are completed, the others get their chance, and a search goes on either way."""

from dataclasses import replace

import pandas as pd
import pytest
from builders.records import estimator, plan_of_three_rungs, record, state_of, with_search

import hwsearch
from hwsearch.records.trials import remember
from hwsearch.search.decide.completion import (
    audited_and_dropped,
    deferred,
    keep_likely,
    to_complete,
    with_chances,
)


@pytest.fixture
def plan(tmp_path, tiny_text):
    return with_search(plan_of_three_rungs(tmp_path, tiny_text), finish=0.3)


def knows(plan, records):
    return state_of(plan, records, estimator())


def known():
    """Finished trials, an accurate small one among what was stopped, and large poor ones."""
    done = [record(i, 0.1 * i, (0.80, 0.88, 0.92), 3000.0 - 100 * i) for i in range(6)]
    likely = record(6, 0.7, (0.91, 0.955), 600.0, "stopped")
    poor = [record(7 + i, 0.65 + 0.1 * i, (0.5, 0.55), 2900.0, "stopped") for i in range(3)]
    return [*done, likely, *poor]


def by_digest(records):
    return {r.candidate.digest: r for r in records}


def test_what_is_likely_is_taken_up_and_what_is_not_is_dropped(plan):
    assert [r.trial for r in to_complete(knows(plan, known()), 8)] == [6]


def test_the_study_says_what_is_likely_enough(plan):
    assert to_complete(knows(with_search(plan, finish=1.0), known()), 8) == []
    everything = to_complete(knows(with_search(plan, finish=0.0), known()), 8)
    assert everything[0].trial == 6
    assert len(everything) > 1
    assert len(to_complete(knows(with_search(plan, finish=0.0), known()), 1)) == 1


def test_one_training_tells_too_little_to_complete_anything(plan):
    state = knows(plan, [known()[6]])
    assert to_complete(state, 8) == []
    assert with_chances(state, [known()[6]]) == [known()[6]]


def test_after_a_rung_those_go_on_that_are_still_likely(plan):
    records = known()
    rung = [replace(r, trial=20 + r.trial, began=r.trial, outcome=None) for r in records[6:8]]
    likely, poor = keep_likely(knows(plan, records), rung)
    assert likely.outcome is None
    assert poor.outcome == "stopped"
    assert "the chance to be on the front is" in poor.reason
    over = replace(rung[0], feasible=False)
    assert keep_likely(knows(plan, records), [over])[0].outcome == "stopped"
    assert keep_likely(knows(plan, records), []) == []


def test_what_measured_over_budget_is_not_completed_either(plan):
    rung = [replace(r, trial=20 + r.trial, began=r.trial, outcome=None) for r in known()[6:8]]
    over = [replace(r, feasible=False, reason="over") for r in rung]
    judged = keep_likely(knows(with_search(plan, audit=1.0), known()), over)
    assert {r.outcome for r in judged} == {"stopped"}


def test_an_audited_trial_was_cut_only_if_it_would_have_been_dropped_in_the_end(plan):
    *others, likely, poor, _, _ = known()
    likely = replace(likely, outcome="trained", curve=(*likely.curve, 0.96), audited=True, audited_after=2)
    # trained on it surprised: what it was when it was stopped decides
    poor = replace(
        poor, outcome="trained", curve=(*poor.curve, 0.99), accuracy_val=0.99, audited=True, audited_after=2
    )
    records = [*others, likely, poor]
    assert [r.trial for r in audited_and_dropped(knows(plan, records))] == [poor.trial]
    nothing_completed = knows(with_search(plan, finish=1.0), records)
    assert [r.trial for r in audited_and_dropped(nothing_completed)] == [likely.trial, poor.trial]
    assert audited_and_dropped(knows(plan, others)) == []


@pytest.mark.parametrize("outcome", ["foreseen", "lookalike"])
def test_what_was_cut_before_training_is_taken_up_as_well(plan, outcome):
    *others, likely, _, _, _ = known()
    cut = replace(likely, outcome=outcome, curve=(), accuracy_val=None, measured=None, twin_of=0)
    records = [*others, cut]
    assert to_complete(knows(with_search(plan, finish=0.0), records), 8) == [cut]
    assert to_complete(knows(with_search(plan, finish=1.0), records), 8) == []
    records.append(replace(likely, trial=20, outcome="failed", curve=()))  # asked once, and never again
    assert to_complete(knows(with_search(plan, finish=0.0), records), 8) == []


def test_a_chance_is_given_to_what_stayed_deferred_and_to_nothing_else(plan):
    state = knows(plan, known())
    chances = {r.trial: r.chance for r in with_chances(state, known())}
    assert [r.trial for r in deferred(state)] == [6, 7, 8, 9]
    assert all(chances[trial] is None for trial in range(6))
    assert 1 >= chances[6] > 0.3 > max(chances[7], chances[8], chances[9]) >= 0


def test_what_went_on_takes_the_place_of_what_was_stopped_and_a_repeat_does_not(plan):
    stopped = known()[6]
    latest = {stopped.candidate.digest: stopped}
    remember(latest, replace(stopped, trial=20, outcome="repeat", twin_of=6))
    remember(latest, replace(stopped, trial=21))
    assert list(latest.values()) == [stopped]
    further = replace(stopped, trial=22, outcome="trained", curve=(*stopped.curve, 0.96), began=6)
    remember(latest, further)
    assert list(latest.values()) == [further]
    remember(latest, replace(further, trial=23, outcome="failed"))
    assert list(latest.values()) == [further]


STUDY = "candidates: 32, sampler: random, rank: false"


def run(tmp_path, text, **changes):
    study = tmp_path / "study.yaml"
    search = ", ".join([STUDY, *(f"{name}: {value}" for name, value in changes.items())])
    search = search.replace("candidates: 32, ", "") if "candidates" in changes else search
    study.write_text(text.replace(", epochs: 3", ", epochs: 8").replace("candidates: 24", search))
    result = hwsearch.run(study, out=tmp_path / "run")
    return pd.read_csv(tmp_path / "run/trials.csv").drop(columns="wall_s"), result.summary


@pytest.mark.slow
def test_a_run_finishes_and_goes_on_when_more_is_asked(tmp_path, tiny_text):
    asked, summary = run(tmp_path, tiny_text, finish=1)
    assert not asked["finishing"].any()
    assert summary["left"]["finishing"] == 0
    assert asked["chance"].max() > 0.02

    finished, summary = run(tmp_path, tiny_text, finish=0.02)
    late = finished[finished["finishing"]]
    assert summary["left"]["finishing"] == len(late) > 0
    assert (late.index >= len(asked)).all()
    anew = late[late["began"].isna()]["digest"]
    assert set(asked[asked["digest"].isin(anew)]["outcome"]) <= {"foreseen", "lookalike"}
    assert set(late["outcome"]) <= {"trained", "stopped", "failed"}
    changing = ["chance", "on_front"]
    before = finished[: len(asked)].drop(columns=changing)
    pd.testing.assert_frame_equal(before, asked.drop(columns=changing), check_dtype=False)
    left = finished[(finished["outcome"] == "stopped") & finished["chance"].notna()]
    assert not (left["chance"] > 0.02).any()

    more, _ = run(tmp_path, tiny_text, finish=0.02, candidates=40)
    assert (~more["finishing"]).sum() == 40
    same = more[: len(finished)].drop(columns=changing)
    pd.testing.assert_frame_equal(same, finished.drop(columns=changing), check_dtype=False)

    fewer, _ = run(tmp_path, tiny_text, finish=0.02, candidates=16)  # what was asked stays asked
    pd.testing.assert_frame_equal(fewer, more, check_dtype=False)


@pytest.mark.slow
def test_interrupted_while_it_finishes_it_goes_on(tmp_path, tiny_text):
    (tmp_path / "whole").mkdir()
    whole, _ = run(tmp_path / "whole", tiny_text, finish=0.02)
    study = tmp_path / "whole/study.yaml"

    def stop(event):
        if "that were left" in event.text:
            stop.heard = True
        if getattr(stop, "heard", False) and event.text.endswith("trained"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hwsearch.run(study, out=tmp_path / "cut", listen=stop)
    hwsearch.run(study, out=tmp_path / "cut")
    cut = pd.read_csv(tmp_path / "cut/trials.csv").drop(columns="wall_s")
    pd.testing.assert_frame_equal(cut, whole)
